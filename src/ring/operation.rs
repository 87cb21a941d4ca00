use super::InstanceState;

/// What a look-up is for: which states count as healthy, and which make the replica set one larger.
///
/// Models dskit ring/ring.go:1549-1594: a 32-bit mask, healthy states in the lower half, extending
/// states in the upper, the bit of a state being its protobuf number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Operation(u32);

impl Operation {
    /// Healthy: ACTIVE; every other state extends the set by one more instance.
    pub const WRITE: Self = Self::new(
        &[InstanceState::Active],
        &[InstanceState::Leaving, InstanceState::Pending, InstanceState::Joining, InstanceState::Left],
    );
    /// Healthy: ACTIVE; nothing extends. What Loki's distributor writes with.
    pub const WRITE_NO_EXTEND: Self = Self::new(&[InstanceState::Active], &[]);
    /// Healthy: ACTIVE, LEAVING, PENDING; what Loki's querier reads with.
    pub const READ: Self = Self::new(
        &[InstanceState::Active, InstanceState::Leaving, InstanceState::Pending],
        &[InstanceState::Pending, InstanceState::Joining, InstanceState::Left],
    );
    /// Every state is healthy, so that only the heartbeat counts; what the ring page uses.
    pub const REPORTING: Self = Self(0xffff);

    /// An operation from its healthy states and the states that extend the replica set.
    pub const fn new(healthy: &[InstanceState], extending: &[InstanceState]) -> Self {
        let mut mask = 0;
        let mut i = 0;
        while i < healthy.len() {
            mask |= 1 << healthy[i] as u32;
            i += 1;
        }
        let mut i = 0;
        while i < extending.len() {
            mask |= 1 << (extending[i] as u32 + 16);
            i += 1;
        }
        Self(mask)
    }

    /// The mask as dskit has it.
    pub const fn mask(self) -> u32 {
        self.0
    }

    /// Whether an instance in `state` may take part.
    pub const fn is_healthy(self, state: InstanceState) -> bool {
        self.0 & (1 << state as u32) != 0
    }

    /// Whether an instance in `state` is looked past for one more.
    pub const fn extends_on(self, state: InstanceState) -> bool {
        self.0 & (1 << (state as u32 + 16)) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_dskits() {
        assert_eq!(Operation::WRITE.mask(), 0x1e_0001);
        assert_eq!(Operation::WRITE_NO_EXTEND.mask(), 1);
        assert_eq!(Operation::READ.mask(), 0x1c_0007);
        assert_eq!(Operation::REPORTING.mask(), 0xffff);
    }
}

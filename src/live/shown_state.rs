//! The state of an instance as a ring page prints it: what the instance says of itself, or UNHEALTHY.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use crate::ring::{HeartbeatHealth, InstanceDesc, InstanceState};

/// An instance's state as a reader's clock computes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ShownState {
    /// What the instance says of itself.
    Stated(InstanceState),
    /// Its heartbeat is too old, whatever it said.
    Unhealthy,
}

const UNHEALTHY: &str = "UNHEALTHY";

impl ShownState {
    /// ACTIVE, with a heartbeat that is recent.
    pub const ACTIVE: Self = Self::Stated(InstanceState::Active);

    /// The state of `instance`, as the ring page would print it.
    pub fn of(instance: &InstanceDesc, health: HeartbeatHealth) -> Self {
        match health.covers(instance.timestamp) {
            true => Self::Stated(instance.state),
            false => Self::Unhealthy,
        }
    }

    /// The word that the ring page prints.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stated(state) => state.name(),
            Self::Unhealthy => UNHEALTHY,
        }
    }

    /// What the instance said of itself in all likelihood: UNHEALTHY hides it.
    pub const fn assumed(self) -> InstanceState {
        match self {
            Self::Stated(state) => state,
            Self::Unhealthy => InstanceState::Active,
        }
    }
}

impl fmt::Display for ShownState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for ShownState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for ShownState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<str>::deserialize(deserializer)?;
        match (name.parse(), name.eq_ignore_ascii_case(UNHEALTHY)) {
            (Ok(state), _) => Ok(Self::Stated(state)),
            (Err(()), true) => Ok(Self::Unhealthy),
            (Err(()), false) => Err(D::Error::custom(format!(
                "{:?} is no state; there are ACTIVE, LEAVING, PENDING, JOINING, LEFT and UNHEALTHY",
                name.chars().take(40).collect::<String>()
            ))),
        }
    }
}

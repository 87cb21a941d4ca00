use crate::kv::KvMessage;
use crate::memberlist::{Head, PushPull};

/// Everything that was sent since the beginning, by kind, whether it arrived or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    sent: [Sent; PacketKind::ALL.len()],
}

/// How much was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// Messages: packets, and halves of full exchanges.
    pub messages: u64,
    /// Their sizes on the wire, about.
    pub bytes: u64,
}

/// What is sent between memberlists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PacketKind {
    /// Are you there?
    Ping,
    /// I am here.
    Ack,
    /// Ask another for me.
    IndirectPing,
    /// I asked and heard nothing.
    Nack,
    /// News alone.
    Gossip,
    /// One half of a full exchange, over a stream.
    PushPull,
}

impl Traffic {
    /// How much of one kind.
    pub fn of(&self, kind: PacketKind) -> Sent {
        self.sent[kind as usize]
    }

    /// How much in all.
    pub fn total(&self) -> Sent {
        self.sent.iter().fold(Sent::default(), |sum, sent| Sent {
            messages: sum.messages + sent.messages,
            bytes: sum.bytes + sent.bytes,
        })
    }

    /// Counts one more; gives its number, the first being 0.
    #[inline]
    pub(super) fn count(&mut self, kind: PacketKind, bytes: u32) -> u64 {
        let number = self.messages();
        let sent = &mut self.sent[kind as usize];
        sent.messages += 1;
        sent.bytes += u64::from(bytes);
        number
    }

    /// How many messages were sent: the number that the next one gets.
    #[inline]
    pub fn messages(&self) -> u64 {
        self.sent.iter().map(|sent| sent.messages).sum()
    }
}

impl PacketKind {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::Ping, Self::Ack, Self::IndirectPing, Self::Nack, Self::Gossip, Self::PushPull];

    /// What a packet with this head is.
    pub const fn of(head: Option<Head>) -> Self {
        match head {
            None => Self::Gossip,
            Some(Head::Ping { .. }) => Self::Ping,
            Some(Head::IndirectPing { .. }) => Self::IndirectPing,
            Some(Head::Ack { .. }) => Self::Ack,
            Some(Head::Nack { .. }) => Self::Nack,
        }
    }

    /// Its name in a word or two.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Ack => "ack",
            Self::IndirectPing => "indirect ping",
            Self::Nack => "nack",
            Self::Gossip => "gossip",
            Self::PushPull => "push/pull",
        }
    }
}

/// The size of one half of a full exchange on the wire, about.
pub(super) fn exchange_bytes(state: &PushPull<std::sync::Arc<[std::sync::Arc<KvMessage>]>>) -> u32 {
    /// A MessagePack map of seven fields, with a name as Loki makes them and an IPv4 address.
    const MEMBER: usize = 82;

    let values = state.user_state.iter().flat_map(|values| values.iter());
    let bytes = state.nodes.len() * MEMBER + values.map(|value| value.bytes).sum::<usize>();
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_all_kinds_are_numbered_together_and_counted_apart() {
        let mut traffic = Traffic::default();
        let kinds = [PacketKind::Ping, PacketKind::Gossip, PacketKind::Ping];
        assert_eq!(kinds.map(|kind| traffic.count(kind, 10)), [0, 1, 2]);
        assert_eq!(traffic.of(PacketKind::Ping), Sent { messages: 2, bytes: 20 });
        assert_eq!(traffic.total(), Sent { messages: 3, bytes: 30 });
    }
}

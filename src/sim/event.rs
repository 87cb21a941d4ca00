use std::sync::Arc;

use crate::kv::MemberlistKv;
use crate::lifecycle;
use crate::memberlist::{self, Address, Delegate, Packet, PushPull};
use crate::ring::Desc;

/// Something planned, and for whom.
#[derive(Debug, Clone)]
pub struct Event {
    /// The pod; [`WORLD`] for what concerns none.
    pub pod: u32,
    /// The process that it is meant for: one that has begun again takes no part in its predecessor's
    /// affairs. 0 is for the pod whatever runs in it.
    pub epoch: u32,
    /// What.
    pub what: What,
}

/// Not a pod.
pub(super) const WORLD: u32 = u32::MAX;

/// Kinds of events. Whatever is large stands behind a box, so that planning stays cheap.
#[derive(Debug, Clone)]
pub enum What {
    /// The process has read its configuration.
    Begin,
    /// The process has built its modules.
    Modules,
    /// SIGTERM is there.
    Terminate,
    /// A timer of memberlist.
    Swim(memberlist::Timer),
    /// A packet is there.
    Packet(Box<Arrival>),
    /// Somebody opened a stream.
    StreamIn(Box<StreamIn>),
    /// The answer over an own stream is there.
    StreamBack(Box<StreamBack>),
    /// An own stream came to nothing.
    StreamFailed {
        /// Which.
        exchange: u32,
        /// Why.
        error: StreamError,
    },
    /// A packet's connection came to nothing.
    WriteFailed {
        /// Where to.
        to: Address,
    },
    /// A lifecycler's timer.
    Lifecycler {
        /// Which of the process's rings.
        ring: u8,
        /// Which timer.
        timer: lifecycle::Timer,
    },
    /// The next try of a compare-and-swap.
    Cas {
        /// Which.
        run: u32,
    },
    /// A central store's answer to a read.
    CentralRead {
        /// Which compare-and-swap.
        run: u32,
        /// The version, and the ring; nothing if the store did not answer.
        answer: Option<Box<(u64, Option<Arc<Desc>>)>>,
    },
    /// A central store's answer to a write.
    CentralWritten {
        /// Which compare-and-swap.
        run: u32,
        /// Whether it was written; nothing if the store did not answer.
        written: Option<bool>,
    },
    /// A central store tells a watcher of a change.
    CentralNotice {
        /// Which of the process's rings.
        ring: u8,
        /// The ring.
        desc: Arc<Desc>,
    },
    /// A wait of the way into the cluster is over.
    Join {
        /// Which.
        token: u32,
    },
    /// Time to join once more.
    Rejoin,
    /// A flush is over.
    Flushed {
        /// Which of the process's rings.
        ring: u8,
    },
    /// A compactor looks who should compact.
    LeaderPoll,
    /// A module's own ending is over.
    ModuleStopped {
        /// Which.
        module: u8,
    },
    /// Look whether the own messages are out.
    LeavePoll,
    /// The goodbye took too long.
    LeaveTimeout,
    /// The write-ahead log is read.
    WalReplayed,
    /// A push is at an ingester.
    PushIn(Box<PushIn>),
    /// An ingester's answer to a push.
    PushBack {
        /// Which push.
        push: u32,
        /// Which of its ingesters.
        instance: u32,
        /// Its error, if any.
        error: Option<Arc<str>>,
    },
    /// A query is at an ingester.
    QueryIn {
        /// Which query.
        query: u32,
        /// Which of its ingesters.
        instance: u32,
        /// Who asks.
        from: u32,
        /// Its process.
        from_epoch: u32,
    },
    /// An ingester's answer to a query.
    QueryBack {
        /// Which query.
        query: u32,
        /// Which of its ingesters.
        instance: u32,
        /// Whether it answered.
        ok: bool,
    },
    /// The pod's container starts.
    Start,
    /// Its orchestrator asks whether it is ready.
    Probe,
    /// Its time to stop by itself is over.
    GraceOver,
    /// A command's time has come.
    Command(u32),
    /// The next push of the workload.
    Push,
    /// The next query of the workload.
    Query,
    /// A rollout looks whether it may go on.
    Rollout(u32),
}

/// A packet with its sender.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The message's number.
    pub id: u64,
    /// Which pod sent it.
    pub sender: u32,
    /// The address that it says it comes from.
    pub from: Address,
    /// The packet.
    pub packet: Packet<<MemberlistKv as Delegate>::Batch>,
}

/// A stream's first half.
#[derive(Debug, Clone)]
pub struct StreamIn {
    /// The message's number.
    pub id: u64,
    /// Which pod opened it.
    pub sender: u32,
    /// Its process.
    pub epoch: u32,
    /// Its number there.
    pub exchange: u32,
    /// Everything that it knows.
    pub state: PushPull<<MemberlistKv as Delegate>::State>,
}

/// A stream's second half.
#[derive(Debug, Clone)]
pub struct StreamBack {
    /// The message's number.
    pub id: u64,
    /// The number that it was opened with.
    pub exchange: u32,
    /// Everything that the other side knew before.
    pub state: PushPull<<MemberlistKv as Delegate>::State>,
}

/// Why a stream came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamError {
    /// Nobody listens there.
    Refused,
    /// Nobody answers the dialling.
    DialTimeout,
    /// It was opened, but nobody answers over it.
    ReadTimeout,
    /// The other side closed it: it belongs to another cluster.
    Closed,
}

/// A push on its way to one ingester.
#[derive(Debug, Clone)]
pub struct PushIn {
    /// Its number at the distributor.
    pub push: u32,
    /// Who pushes.
    pub from: u32,
    /// Its process.
    pub from_epoch: u32,
    /// Which of the push's ingesters this is.
    pub instance: u32,
    /// The records of what is pushed to it.
    pub records: Arc<[u32]>,
}

impl What {
    /// The number of the message that arrives, if one does.
    pub fn message(&self) -> Option<u64> {
        match self {
            Self::Packet(arrival) => Some(arrival.id),
            Self::StreamIn(stream) => Some(stream.id),
            Self::StreamBack(back) => Some(back.id),
            _ => None,
        }
    }
}

impl StreamError {
    /// The error as Go words it.
    pub fn text(self, to: Address) -> String {
        match self {
            Self::Refused => format!("dial tcp {to}: connect: connection refused"),
            Self::DialTimeout => format!("dial tcp {to}: i/o timeout"),
            Self::ReadTimeout => format!("read tcp {to}: i/o timeout"),
            Self::Closed => "EOF".into(),
        }
    }
}

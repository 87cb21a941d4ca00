//! Reads logs of Loki and says what of them is harmless, what is worth a wait, and what needs a deed.
//!
//! Bytes stream through: [`lines`] finds the few lines that may matter with one automaton ([`matcher`]), [`envelope`] and [`fields`] take
//! them apart, [`recognise`] says what they are, [`groups`] counts them, and at the end [`judge`] decides in the light of
//! what came before and after, and [`story`] tells it. Memory does not grow with the input. Loki has nothing like it.

mod case;
pub mod catalogue;
mod csv;
mod decoder;
mod envelope;
mod fields;
mod groups;
mod gunzip;
mod judge;
mod lines;
mod matcher;
mod pattern;
mod process;
pub mod reading;
mod recognise;
pub mod report;
mod stamp;
mod story;
mod stream;
mod unknown;
mod words;

pub use case::Seen;
pub use decoder::{Decoder, Verdicts};
pub use reading::{
    Evidence, Incident, Moment, MomentKind, Peer, Reading, Related, Totals, UnknownLine, Verdict,
};
pub use stamp::Stamp;

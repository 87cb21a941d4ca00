//! The doctor: reads what an operator has at hand and says whether it is harmless, worth a wait, or needs a deed.

pub mod log;

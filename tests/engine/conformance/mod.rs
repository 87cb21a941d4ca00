//! The answers of the real Go code, case by case.
//!
//! Reads `tests/fixtures/vectors`, or the folder that `RINGSIDE_VECTORS` names. Each test checks one
//! file and says how many of its cases ran and passed; none is skipped.

mod batches;
mod lookups;
mod memberlist;
mod merges;
mod shards;
mod streams;
mod support;
mod tokens;

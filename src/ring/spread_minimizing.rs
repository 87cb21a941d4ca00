//! Tokens that spread ownership as evenly as possible, without any chance in them.
//!
//! Models dskit ring/spread_minimizing_token_generator.go. In Loki only partition rings use it.

use std::cmp::Ordering;
use std::collections::{BTreeSet, BinaryHeap};

use crate::go::strconv;

use super::{Desc, Tokens, token_distance};

const TOTAL_TOKENS: u64 = 1 << 32;
const TOKENS_PER_INSTANCE: usize = 512;
const MAX_ZONES: u32 = 8;
/// The last token that leaves room for its copies in the other zones.
const MAX_TOKEN: u32 = ((TOTAL_TOKENS / MAX_ZONES as u64) - 1) as u32 * MAX_ZONES;

/// Generates an instance's tokens from its number and its zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpreadMinimizingTokenGenerator {
    prefix: String,
    instance: usize,
    zone: u32,
    can_join_enabled: bool,
}

/// Why there are no tokens; the text is dskit's. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpreadMinimizingError {
    /// No zones, or more than eight.
    #[error(
        "number of zones {0} is not correct: it must be greater than 0 and less or equal than {MAX_ZONES}"
    )]
    ZoneCount(usize),
    /// The zone is not in the list.
    #[error("zone {0} is not valid")]
    ZoneNotValid(String),
    /// The ID does not end in a dash and a number.
    #[error("unable to extract instance id from {}", strconv::quote(.0))]
    InstanceId(String),
    /// The number at the end of the ID is too large.
    #[error("strconv.Atoi: parsing {}: value out of range", strconv::quote(.0))]
    InstanceNumber(String),
    /// The instance before this one has to join first.
    #[error("the instance {} has not been registered to the ring or has no tokens yet", strconv::quote(.0))]
    MissingPreviousInstance(String),
    /// The instances before this one leave no room.
    #[error("it was impossible to add token {token} for instance with id {instance} in zone id {zone}")]
    NoRoom {
        /// Which of the 512 tokens, from 1.
        token: usize,
        /// The instance's number.
        instance: usize,
        /// The zone's index.
        zone: u32,
    },
}

impl SpreadMinimizingTokenGenerator {
    /// The generator of `instance`, which ends in `-<number>`, in `zone`, one of `zones`.
    pub fn new(
        instance: &str,
        zone: &str,
        zones: &[&str],
        can_join_enabled: bool,
    ) -> Result<Self, SpreadMinimizingError> {
        if zones.is_empty() || zones.len() > MAX_ZONES as usize {
            return Err(SpreadMinimizingError::ZoneCount(zones.len()));
        }
        if !zones.contains(&zone) {
            return Err(SpreadMinimizingError::ZoneNotValid(zone.to_owned()));
        }
        let before = zones.iter().filter(|&&other| other < zone).count() as u32;

        let prefix = instance.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = &instance[prefix.len()..];
        if !prefix.ends_with('-') || digits.is_empty() || prefix.contains('\n') {
            return Err(SpreadMinimizingError::InstanceId(instance.to_owned()));
        }
        let number = digits.parse::<i64>().ok().and_then(|number| usize::try_from(number).ok());
        let number = number.ok_or_else(|| SpreadMinimizingError::InstanceNumber(digits.to_owned()))?;
        Ok(Self { prefix: prefix.to_owned(), instance: number, zone: before, can_join_enabled })
    }

    /// The first `count` of the instance's 512 tokens that are not `taken`. The work grows with the
    /// square of the instance's number.
    pub fn generate_tokens(
        &self,
        count: usize,
        taken: &BTreeSet<u32>,
    ) -> Result<Tokens, SpreadMinimizingError> {
        let mut tokens = self.generate_all()?;
        tokens.sort_unstable();
        Ok(tokens.into_iter().filter(|token| !taken.contains(token)).take(count).collect())
    }

    /// Whether the instance may join: not before its predecessor has tokens.
    pub fn can_join(&self, ring: &Desc) -> Result<(), SpreadMinimizingError> {
        let Some(previous) = self.instance.checked_sub(1).filter(|_| self.can_join_enabled) else {
            return Ok(());
        };
        let id = format!("{}{previous}", self.prefix);
        match ring.ingesters.get(&id).is_some_and(|entry| !entry.tokens.is_empty()) {
            true => Ok(()),
            false => Err(SpreadMinimizingError::MissingPreviousInstance(id)),
        }
    }

    /// Replays how instances 0, 1, … up to this one split the space among them; unsorted.
    fn generate_all(&self) -> Result<Vec<u32>, SpreadMinimizingError> {
        let distance = (TOTAL_TOKENS / TOKENS_PER_INSTANCE as u64) as u32 / MAX_ZONES * MAX_ZONES;
        let first: Vec<u32> = (0..TOKENS_PER_INSTANCE as u32).map(|i| i * distance + self.zone).collect();
        if self.instance == 0 {
            return Ok(first);
        }
        let mut previous = first[first.len() - 1];
        let first_heap = first.iter().map(|&token| {
            let owned = Owned::new(token_distance(previous, token), Stretch { token, previous });
            previous = token;
            owned
        });
        let mut stretches: Vec<BinaryHeap<Owned<Stretch>>> = vec![first_heap.collect()];
        let mut instances = BinaryHeap::from([Owned::new(TOTAL_TOKENS, 0usize)]);

        for instance in 1.. {
            let optimal = TOTAL_TOKENS as f64 / (instance + 1) as f64;
            let mut owned = 0u64;
            let mut own_stretches = Vec::with_capacity(TOKENS_PER_INSTANCE);
            let mut set_aside = Vec::new();
            while own_stretches.len() < TOKENS_PER_INSTANCE {
                let remaining = (TOKENS_PER_INSTANCE - own_stretches.len()) as u32;
                let share = ((optimal - owned as f64) as u32 / remaining) / MAX_ZONES * MAX_ZONES;
                let no_room = || SpreadMinimizingError::NoRoom {
                    token: own_stretches.len() + 1,
                    instance,
                    zone: self.zone,
                };
                let mut richest = match instances.peek_mut() {
                    Some(richest) if richest.ownership > u64::from(share) => richest,
                    _ => return Err(no_room()),
                };
                let Some(mut widest) = stretches[richest.item].peek_mut() else { return Err(no_room()) };
                if widest.ownership <= u64::from(share) {
                    drop(widest);
                    set_aside.push(std::collections::binary_heap::PeekMut::pop(richest));
                    continue;
                }
                let Stretch { token, previous } = widest.item;
                let new = split(previous, share).ok_or_else(no_room)?;
                own_stretches
                    .push(Owned::new(token_distance(previous, new), Stretch { token: new, previous }));
                let left = token_distance(new, token);
                let given = widest.ownership - left;
                owned += given;
                *widest = Owned::new(left, Stretch { token, previous: new });
                richest.ownership -= given;
            }
            if instance == self.instance {
                return Ok(own_stretches.iter().map(|stretch| stretch.item.token).collect());
            }
            instances.extend(set_aside);
            instances.push(Owned::new(owned, instance));
            stretches.push(own_stretches.into());
        }
        unreachable!("the loop ends at the instance's own number")
    }
}

/// Where a new token goes that shall own `share` keys after `previous`. Near the top it has to leave
/// room for its copies in the other zones.
fn split(previous: u32, share: u32) -> Option<u32> {
    if share < MAX_ZONES {
        return None;
    }
    let room = MAX_TOKEN.wrapping_sub(previous);
    Some(if room < share { share - room } else { previous.wrapping_add(share) })
}

/// The keys from one token up to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Stretch {
    token: u32,
    previous: u32,
}

/// Something with the number of keys it owns; the larger comes first, then the larger item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Owned<T> {
    ownership: u64,
    item: T,
}

impl<T> Owned<T> {
    fn new(ownership: u64, item: T) -> Self {
        Self { ownership, item }
    }
}

impl<T: Ord> Ord for Owned<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.ownership.cmp(&other.ownership).then_with(|| self.item.cmp(&other.item))
    }
}

impl<T: Ord> PartialOrd for Owned<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

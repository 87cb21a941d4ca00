//! What the band shows where tokens are thinner than a pixel: for stretches of 2³² / 2ⁿ keys the foremost
//! hue, how much of the stretch it takes, and how much of it belongs to instances that are not well.
//!
//! The stretches are fixed to the ring, so that nothing shimmers while the picture moves. Every level is
//! made in the one pass over the tokens; a frame then reads one byte a stretch.

use super::palette::OWNER_HUES;

const HUES: usize = OWNER_HUES as usize;
const COARSEST: u32 = 8;
const FINEST: u32 = 20;

/// One stretch of the band: its hue, the hue's strength and the share of the unwell, in eight bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Cell(u8);

impl Cell {
    fn new(hue: usize, strength: u8, worry: u8) -> Self {
        Self(hue as u8 | strength << 3 | worry << 5)
    }

    /// The hue that most of the stretch has.
    pub(super) fn hue(self) -> u8 {
        self.0 & 7
    }

    /// How pure it is, below [`super::palette::STRENGTHS`].
    pub(super) fn strength(self) -> u8 {
        self.0 >> 3 & 3
    }

    /// How much of the stretch is owned by instances that are not well: 0 nothing or under a twentieth, 1
    /// some, 2 a third and more, 3 nearly all.
    pub(super) fn worry(self) -> u8 {
        self.0 >> 5 & 3
    }
}

/// The band at every level of detail down to about one token a stretch.
#[derive(Debug, Clone, Default)]
pub(super) struct Density {
    /// `levels[n]` has 2^(COARSEST + n) cells.
    levels: Vec<Vec<Cell>>,
}

#[derive(Clone, Copy, Default)]
struct Tally {
    keys: [f32; HUES],
    unwell: f32,
}

impl Density {
    /// Prepares the levels of a ring whose sorted `tokens` belong to `owners`.
    pub(super) fn new(
        tokens: &[u32],
        owners: &[u32],
        hue: impl Fn(u32) -> u8,
        unwell: impl Fn(u32) -> bool,
    ) -> Self {
        if tokens.is_empty() {
            return Self::default();
        }
        let finest = tokens.len().ilog2().clamp(COARSEST, FINEST);
        let mut levels: Vec<Vec<Cell>> =
            (COARSEST..=finest).map(|bits| Vec::with_capacity(1 << bits)).collect();
        let mut tallies = vec![Tally::default(); levels.len()];
        let width = (1_u64 << (32 - finest)) as f32;
        let (mut position, mut at) = (0, 0_u64);
        for stretch in 0..1_u64 << finest {
            let end = (stretch + 1) << (32 - finest);
            let mut tally = Tally::default();
            while at < end {
                // The keys from one token up to the next belong to the next, beyond the last to the first.
                let (upto, owner) = match tokens.get(position) {
                    Some(&token) => (u64::from(token), owners[position]),
                    None => (u64::MAX, owners[0]),
                };
                let length = upto.min(end).saturating_sub(at) as f32;
                tally.keys[usize::from(hue(owner)) % HUES] += length;
                if unwell(owner) {
                    tally.unwell += length;
                }
                at = upto.min(end).max(at);
                if upto <= end {
                    position += 1;
                }
            }
            Self::close(&mut levels, &mut tallies, stretch, tally, width);
        }
        Self { levels }
    }

    /// Writes a finest stretch, and every coarser one that it completes.
    fn close(levels: &mut [Vec<Cell>], tallies: &mut [Tally], stretch: u64, tally: Tally, width: f32) {
        let mut tally = tally;
        for (up, (level, sum)) in levels.iter_mut().zip(tallies).rev().enumerate() {
            for (to, keys) in sum.keys.iter_mut().zip(tally.keys) {
                *to += keys;
            }
            sum.unwell += tally.unwell;
            if !(stretch + 1).is_multiple_of(1 << up) {
                return;
            }
            // Every level adds up the stretches of the next finer one that are complete.
            level.push(sum.cell(width * (1_u64 << up) as f32));
            tally = std::mem::take(sum);
        }
    }

    /// The finest level that has at most `cells` stretches, as its number of bits and its cells.
    pub(super) fn level(&self, cells: f64) -> Option<(u32, &[Cell])> {
        let wanted = (cells.max(1.0) as u64).max(1).ilog2().clamp(COARSEST, FINEST);
        let last = self.levels.len().checked_sub(1)?;
        let index = ((wanted - COARSEST) as usize).min(last);
        Some((COARSEST + index as u32, &self.levels[index]))
    }
}

impl Tally {
    fn cell(&self, keys: f32) -> Cell {
        let mut hue = 0;
        for (candidate, &length) in self.keys.iter().enumerate() {
            if length > self.keys[hue] {
                hue = candidate;
            }
        }
        let share = self.keys[hue] / keys;
        let strength = match share {
            0.8.. => 3,
            0.5.. => 2,
            0.25.. => 1,
            _ => 0,
        };
        let worry = match self.unwell / keys {
            0.9.. => 3,
            0.33.. => 2,
            0.05.. => 1,
            _ => 0,
        };
        Cell::new(hue, strength, worry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_of_two_halves_shows_two_pure_halves() {
        let tokens = [0, 1 << 31];
        let density = Density::new(&tokens, &[0, 1], |owner| owner as u8, |owner| owner == 0);
        let (bits, cells) = density.level(1000.0).unwrap();
        assert_eq!((bits, cells.len()), (8, 256), "two tokens need no more detail");
        // The keys from token 0 up to 2³¹ belong to the owner of 2³¹.
        assert!(cells[..128].iter().all(|cell| cell.hue() == 1 && cell.strength() == 3 && cell.worry() == 0));
        assert!(cells[128..].iter().all(|cell| cell.hue() == 0 && cell.strength() == 3 && cell.worry() == 3));
    }

    #[test]
    fn every_level_is_complete_and_says_what_its_tokens_say() {
        let tokens: Vec<u32> = (0..4000_u32).map(|i| i * 1_073_741 + 7).collect();
        let owners: Vec<u32> = (0..4000_u32).map(|i| i * 7 % 16).collect();
        let density = Density::new(&tokens, &owners, |owner| (owner % 8) as u8, |owner| owner == 3);
        for bits in 8..=11 {
            let (found, cells) = density.level(f64::from(1 << bits)).unwrap();
            assert_eq!(found, bits);
            assert_eq!(cells.len(), 1 << bits);
        }
        let (_, coarse) = density.level(256.0).unwrap();
        assert!(
            coarse.iter().all(|cell| cell.strength() <= 1),
            "eight hues mixed evenly have no foremost one"
        );
        assert!(coarse.iter().filter(|cell| cell.worry() == 1).count() > 200);
    }

    #[test]
    fn a_few_unwell_of_a_thousand_do_not_look_like_all() {
        let tokens: Vec<u32> = (0..100_000_u32).map(|i| i * 42_949 + 7).collect();
        let owners: Vec<u32> = (0..100_000_u32).map(|i| i % 1000).collect();
        let density = Density::new(&tokens, &owners, |owner| (owner % 8) as u8, |owner| owner < 18);
        let (_, cells) = density.level(256.0).unwrap();
        assert!(cells.iter().all(|cell| cell.worry() == 0));
    }

    #[test]
    fn an_empty_ring_has_no_levels() {
        assert!(Density::new(&[], &[], |_| 0, |_| false).level(1000.0).is_none());
    }
}

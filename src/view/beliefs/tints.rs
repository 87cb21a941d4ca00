//! The colours of halves of cells, calm and loud, in one table for shapes and for pixels.

use crate::memberlist::State;
use crate::snapshot::{Belief, RingBelief};
use crate::view::palette::Role;
use crate::view::scene::Tint;

/// What is believed of the ring, from the least to the most worth seeing.
const RING: [RingBelief; 7] = [
    RingBelief::Absent,
    RingBelief::Left,
    RingBelief::Active,
    RingBelief::Pending,
    RingBelief::Joining,
    RingBelief::Leaving,
    RingBelief::Unhealthy,
];
/// The place of each belief in `RING`, by its number.
const PLACES: [u8; RING.len()] = {
    let mut places = [0; RING.len()];
    let mut place = 0;
    while place < RING.len() {
        places[RING[place] as usize] = place as u8;
        place += 1;
    }
    places
};
const AGES: u8 = 9;
const MEMBERS: u8 = 5;
/// The surface, between cells.
pub(super) const NOTHING: u8 = 0;
/// The strokes over the rows of those who know nothing.
pub(super) const HATCH: u8 = 1;
const CALM_RING: u8 = 2;
const CALM_MEMBER: u8 = CALM_RING + RING.len() as u8 * AGES;
const LOUD_RING: u8 = CALM_MEMBER + MEMBERS;
const LOUD_MEMBER: u8 = LOUD_RING + RING.len() as u8;
pub(super) const TINTS: usize = (LOUD_MEMBER + MEMBERS) as usize;

/// Whether a tint is of what is not the case. Of two tints the larger one is the one to be seen.
pub(super) const fn is_loud(tint: u8) -> bool {
    tint >= LOUD_RING
}

/// The tints of both halves of a cell.
pub(super) fn halves(one: Belief, truth: Belief) -> [u8; 2] {
    let place = PLACES[one.ring as usize];
    let ring = if one.ring_agrees_with(truth) {
        CALM_RING + place * AGES + one.age.min(AGES - 1)
    } else {
        LOUD_RING + place
    };
    let member = match one.member {
        None => 0,
        Some(State::Left) => 1,
        Some(State::Alive) => 2,
        Some(State::Suspect) => 3,
        Some(State::Dead) => 4,
    };
    [ring, member + if one.member_agrees_with(truth) { CALM_MEMBER } else { LOUD_MEMBER }]
}

/// The colour of a tint.
pub(super) fn tint(place: u8) -> Tint {
    let plain = |role: Role, opacity: f64| Tint([(role, opacity), (Role::Surface, 0.0)]);
    match place {
        NOTHING => plain(Role::Surface, 1.0),
        HATCH => plain(Role::LineStrong, 0.55),
        place if place < CALM_MEMBER => {
            let (ring, age) = ((place - CALM_RING) / AGES, (place - CALM_RING) % AGES);
            let (role, opacity) = calm(ring_role(RING[usize::from(ring)]));
            Tint([(role, opacity), (Role::LineStrong, f64::from(age) / 8.0 * 0.6)])
        }
        place if place < LOUD_RING => {
            let (role, opacity) = calm(member_role(place - CALM_MEMBER));
            plain(role, opacity)
        }
        place if place < LOUD_MEMBER => loud(ring_role(RING[usize::from(place - LOUD_RING)])),
        place => loud(member_role(place - LOUD_MEMBER)),
    }
}

fn ring_role(ring: RingBelief) -> Role {
    match ring {
        RingBelief::Absent => Role::Line,
        RingBelief::Left => Role::LineStrong,
        RingBelief::Active => Role::Good,
        RingBelief::Pending | RingBelief::Joining | RingBelief::Leaving => Role::Warn,
        RingBelief::Unhealthy => Role::Bad,
    }
}

fn member_role(member: u8) -> Role {
    [Role::Line, Role::LineStrong, Role::Good, Role::Warn, Role::Bad][usize::from(member.min(MEMBERS - 1))]
}

const fn calm(role: Role) -> (Role, f64) {
    match role {
        Role::Line => (Role::Line, 0.45),
        Role::LineStrong => (Role::LineStrong, 0.35),
        Role::Good => (Role::Good, 0.32),
        other => (other, 0.45),
    }
}

/// Full, with ink in it: it differs from all that is calm in lightness, not in hue alone.
const fn loud(role: Role) -> Tint {
    match role {
        Role::Line => Tint([(Role::Surface, 1.0), (Role::Ink, 0.7)]),
        other => Tint([(other, 1.0), (Role::Ink, 0.15)]),
    }
}

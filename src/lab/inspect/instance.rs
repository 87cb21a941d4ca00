use std::time::Duration;

use crate::go::duration;
use crate::live::ShownState;
use crate::live::judge::percent;
use crate::ring::{HeartbeatHealth, InstanceDesc, InstanceState, Ring, ownership_percent};
use crate::time::WallTime;

use super::{Section, Tone, ago, time_of_day};

/// An instance as a ring's reader sees it at `now`. Nothing if there is no such index.
pub fn instance(ring: &Ring, index: u32, now: WallTime) -> Vec<Section> {
    let Some((id, desc)) = ring.instances().get(index as usize) else { return Vec::new() };
    let mut section = Section::new(format!("Instance {id}"));
    entry(&mut section, desc, now, ring.config().heartbeat_timeout);
    owns(&mut section, ring, index);
    vec![section]
}

/// What an entry says.
pub(super) fn entry(section: &mut Section, desc: &InstanceDesc, now: WallTime, timeout: Duration) {
    let health = HeartbeatHealth::at(now, timeout);
    let shown = ShownState::of(desc, health);
    let says = match shown {
        ShownState::Unhealthy => format!("{shown}; it says {}", desc.state),
        ShownState::Stated(_) => shown.to_string(),
    };
    let tone = match shown {
        ShownState::Unhealthy => Tone::Bad,
        ShownState::Stated(InstanceState::Active) => Tone::Good,
        ShownState::Stated(_) => Tone::Warn,
    };
    section.fact("State", says).tone(tone).help(
        "What the instance says of itself. UNHEALTHY is never said: a reader concludes it from the heartbeat's age.",
    );
    let is_ahead = now.since(WallTime::from_unix_secs(desc.timestamp)).is_none();
    let tone = match (health.covers(desc.timestamp), is_ahead) {
        (false, _) => Tone::Bad,
        (true, true) => Tone::Warn,
        (true, false) => Tone::Good,
    };
    let heartbeat = format!(
        "{} ({}), limit {}",
        ago(desc.timestamp, now),
        time_of_day(desc.timestamp),
        duration::format(timeout)
    );
    section.fact("Heartbeat", heartbeat).tone(tone).help(
        "Whole seconds of the instance's own clock; of two entries the one with the newer heartbeat wins whole.",
    );
    section.fact("Address", &*desc.addr);
    let zone = if desc.zone.is_empty() { "none" } else { &desc.zone };
    section.fact("Zone", zone);
    if desc.registered_timestamp != 0 {
        let registered = desc.registered_timestamp;
        section.fact("Registered", format!("{} ({})", ago(registered, now), time_of_day(registered)));
    }
    if desc.read_only {
        section.fact("Read-only", "yes").tone(Tone::Warn);
    }
    let tokens = desc.tokens.len();
    section.fact("Tokens", tokens.to_string()).tone(if tokens == 0 { Tone::Warn } else { Tone::Plain });
}

/// How much of the token space it owns.
pub(super) fn owns(section: &mut Section, ring: &Ring, index: u32) {
    let topology = ring.topology();
    let owned = topology.owned_keys().get(index as usize).copied().unwrap_or(0);
    let in_zone = |other: &usize| topology.zone_of(*other as u32) == topology.zone_of(index);
    let tokens = |other: usize| ring.instances()[other].1.tokens.len();
    let all: usize = (0..ring.instances().len()).filter(in_zone).map(tokens).sum();
    let even = if all == 0 { 0.0 } else { tokens(index as usize) as f64 / all as f64 * 100.0 };
    section.fact("Owns", format!("{}; {} if tokens lay evenly", percent(ownership_percent(owned)), percent(even))).help(
        "Its share of the token space, each zone by itself, as the ring page counts it. Replicas come on top.",
    );
}

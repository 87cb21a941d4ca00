//! What is remembered on this machine between two visits: what was looked at and how fast. Nothing without a storage.

use leptos::prelude::*;

use crate::lab::Speed;
use crate::view::query;

use super::super::browser;
use super::session::{Kind, LabSession};

const STORED_AS: &str = "ringside-lab";
/// Longer texts are not kept.
const LONGEST: usize = 2_000;

/// Takes up what was remembered.
pub(super) fn recall(session: LabSession) {
    let stored = browser::read_stored(STORED_AS).filter(|stored| stored.len() <= LONGEST);
    for (name, value) in query::read(&stored.unwrap_or_default()) {
        if let Some(value) = value {
            put(session, name, &value);
        }
    }
}

/// Remembers from now on what the reader changes.
pub(super) fn keep(session: LabSession) {
    let text = Memo::new(move |_| {
        session.deeds.track();
        let (place, skips) = session
            .with(|bench| (bench.lab.clock.speed.place(), bench.lab.clock.skips_idle))
            .unwrap_or((Speed::REAL.place(), false));
        let (speed, skips) = (place.to_string(), skips.to_string());
        session.tenant.with(|tenant| {
            session.labels.with(|labels| {
                query::write([
                    ("picture", session.kind.get().key()),
                    ("beside", session.beside.get().map_or("", Kind::key)),
                    ("speed", &*speed),
                    ("skip", &*skips),
                    ("tenant", tenant),
                    ("labels", labels),
                ])
            })
        })
    });
    Effect::new(move |before: Option<String>| {
        let now = text.get();
        // What the page opened with is not what the reader chose.
        if before.is_some_and(|before| before != now) && now.len() <= LONGEST {
            browser::store(STORED_AS, &now);
        }
        now
    });
}

fn put(session: LabSession, name: &str, value: &str) {
    match name {
        "picture" => {
            if let Some(kind) = Kind::of(value) {
                session.kind.set(kind);
            }
        }
        "beside" => session.beside.set(Kind::of(value)),
        "speed" => {
            if let Ok(place) = value.parse() {
                session.pace.update_value(|pace| pace.0 = Speed::at(place));
            }
        }
        "skip" => session.pace.update_value(|pace| pace.1 = value == "true"),
        "tenant" => session.tenant.set(value.to_owned()),
        "labels" => session.labels.set(value.to_owned()),
        _ => {}
    }
}

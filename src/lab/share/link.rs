use crate::experiment::catalog;
use crate::go::duration;
use crate::sim::Scenario;
use crate::time::Instant;
use crate::view::query;

use super::packed::{pack, unpack};
use super::{LONGEST_LINK, LinkError, Shared, TooLong, minimal};

/// The most bytes of a link that are read; more than are written, since others may add to it.
const LONGEST_READ: usize = 200_000;

/// The most bytes of a name in a link.
const LONGEST_NAME: usize = 300;

impl Shared {
    /// The link's query: `scenario=NAME&seed=7&t=42.18s&view=mesh`, with `s=` and the packed scenario for one
    /// that is not as it comes with Ringside.
    pub fn to_link(&self) -> Result<String, TooLong> {
        let seed = self.scenario.seed.to_string();
        let at = instant_text(self.at);
        let fingerprint = self.fingerprint.map(|fingerprint| format!("{fingerprint:016x}"));
        let packed = (!self.is_built_in()).then(|| pack(&minimal(&self.scenario).to_string()));
        let which = match &packed {
            Some(packed) => [Some(("s", &**packed)), None],
            None => [Some(("scenario", &*self.scenario.name)), Some(("seed", &*seed))],
        };
        let look = [
            Some(("t", &*at)),
            Some(("view", &*self.picture)).filter(|(_, picture)| !picture.is_empty()),
            self.second.as_deref().map(|second| ("view2", second)),
            self.observer.as_deref().map(|observer| ("observer", observer)),
            self.selected.as_deref().map(|selected| ("selected", selected)),
            fingerprint.as_deref().map(|fingerprint| ("fp", fingerprint)),
        ];
        let link = query::write(which.into_iter().chain(look).flatten());
        if link.len() > LONGEST_LINK { Err(TooLong { length: link.len() }) } else { Ok(link) }
    }

    /// Reads a link's query; nothing when it names no scenario. Names that are not known are passed over.
    pub fn from_link(link: &str) -> Result<Option<Self>, LinkError> {
        if link.len() > LONGEST_READ {
            return Err(LinkError::TooLong { what: "the link", length: link.len(), most: LONGEST_READ });
        }
        let scenario = match (text(link, "s", LONGEST_READ)?, text(link, "scenario", LONGEST_NAME)?) {
            (Some(packed), _) => Scenario::parse(&unpack(&packed)?)?,
            (None, Some(name)) => {
                let mut scenario = built_in(&name)?;
                if let Some(seed) = parsed(link, "seed", "a whole number", |seed| seed.parse().ok())? {
                    scenario.seed = seed;
                }
                scenario
            }
            (None, None) => return Ok(None),
        };
        let name = |name| text(link, name, LONGEST_NAME);
        Ok(Some(Self {
            scenario,
            at: parsed(link, "t", "a duration such as 42.18s or 1m0s", parse_instant)?.unwrap_or_default(),
            picture: name("view")?.unwrap_or_default(),
            second: name("view2")?,
            observer: name("observer")?,
            selected: name("selected")?,
            fingerprint: parsed(link, "fp", "16 hexadecimal digits", parse_fingerprint)?,
        }))
    }

    /// Whether the scenario, but for its seed, is as it comes with Ringside.
    fn is_built_in(&self) -> bool {
        let known = catalog::find(&self.scenario.name);
        known.is_some_and(|known| Scenario { seed: self.scenario.seed, ..known } == self.scenario)
    }
}

/// An instant as a link or a file has it: the time since the beginning, in ASCII.
pub(super) fn instant_text(at: Instant) -> String {
    duration::format(at.since(Instant::START)).replace('\u{b5}', "u")
}

pub(super) fn parse_instant(text: &str) -> Option<Instant> {
    duration::parse(text).ok().map(|since| Instant::START + since)
}

pub(super) fn parse_fingerprint(text: &str) -> Option<u64> {
    let is_hex = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(text, 16).ok().filter(|_| is_hex)
}

fn built_in(name: &str) -> Result<Scenario, LinkError> {
    catalog::find(name).ok_or_else(|| LinkError::UnknownScenario {
        name: name.to_owned(),
        known: catalog::names().collect::<Vec<_>>().join(", "),
    })
}

/// The last value of this name.
fn text(link: &str, name: &'static str, most: usize) -> Result<Option<String>, LinkError> {
    let Some((_, value)) = query::read(link).filter(|(known, _)| *known == name).last() else {
        return Ok(None);
    };
    let value = value.ok_or(LinkError::Escape { name })?;
    if value.len() > most {
        return Err(LinkError::TooLong { what: name, length: value.len(), most });
    }
    Ok(Some(value))
}

fn parsed<T>(
    link: &str,
    name: &'static str,
    allowed: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, LinkError> {
    let Some(value) = text(link, name, LONGEST_NAME)? else { return Ok(None) };
    match parse(&value) {
        Some(parsed) => Ok(Some(parsed)),
        None => Err(LinkError::Value { name, value, allowed: allowed.to_owned() }),
    }
}

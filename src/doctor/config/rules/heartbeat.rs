//! Heartbeats, and how long a ring waits for them.

use std::time::Duration;

use crate::go::duration;

use super::super::Severity::{Act, Look, Note};
use super::super::keys::RINGS;
use super::super::{Finding, Origin};
use super::{Config, finding};

const PERIOD: &str = "ingester.lifecycler.heartbeat_period";

pub(super) fn find(config: &Config<'_>, findings: &mut Vec<Finding>) {
    findings.extend(slower(config));
    let mut told = Vec::new();
    for ring in config.rings() {
        let (period, timeout) = (ring.key("heartbeat_period"), ring.key("heartbeat_timeout"));
        // What comes from common.ring is said once.
        let cause = (config.line(&period), config.line(&timeout));
        if told.contains(&cause) {
            continue;
        }
        if let Some(found) = short(config, ring.name, &period, &timeout) {
            findings.push(found);
            told.push(cause);
        }
    }
    findings.extend(long(config));
}

/// `common.ring` brings its own period.
fn slower(config: &Config<'_>) -> Option<Finding> {
    let Origin::Derived { from, line } = &config.values.get(PERIOD)?.origin else { return None };
    let period = config.span(PERIOD)?;
    let is_common = from.starts_with("common.") && !config.is_given("common.ring.heartbeat_period");
    (is_common && period == Duration::from_secs(15)).then(|| {
        finding(
            ("HEARTBEAT-COMMON", Note),
            *line,
            format!("Ingesters send a heartbeat every 15s instead of 5s, because {from} is set."),
            "Once anything in common.ring is set, all of it holds for every ring, heartbeat_period 15s included. With a \
             time-out of a minute that is four heartbeats.",
            "It is fine as it is. To have 5s back, set common.ring.heartbeat_period.",
            "loki pkg/util/ring/ring_config.go:61-67; pkg/loki/config_wrapper.go:183-212",
        )
        .fixed_by(config.fix_by("common.ring.heartbeat_period", "5s"))
    })
}

fn short(config: &Config<'_>, name: &str, period_key: &str, timeout_key: &str) -> Option<Finding> {
    let (period, timeout) = (config.span(period_key)?, config.span(timeout_key)?);
    if period.is_zero() || timeout >= period * 3 {
        return None;
    }
    let wanted = duration::format((period * 4).max(Duration::from_secs(60)));
    let (period, is_worse) = (duration::format(period), timeout <= period);
    let why = match timeout.is_zero() {
        true => "0 does not switch the check off: an entry is unhealthy as soon as its second is over.".to_owned(),
        false if is_worse => "Every instance is UNHEALTHY before its next heartbeat comes.".to_owned(),
        false => "A single heartbeat that comes late, or travels a few seconds by gossip, makes an instance UNHEALTHY."
            .to_owned(),
    };
    Some(
        finding(
            ("HEARTBEAT-TIMEOUT", if is_worse { Act } else { Look }),
            config.line(timeout_key).or_else(|| config.line(period_key)),
            format!(
                "The {name} ring waits {} for a heartbeat that comes every {period}.",
                duration::format(timeout)
            ),
            why,
            format!("Set {timeout_key} to three or four periods at least, as {wanted}."),
            "dskit ring/model.go:186-188, ring/ring.go:216-231",
        )
        .fixed_by(config.fix_by(shared(config, timeout_key), &wanted)),
    )
}

/// Where a time-out that comes from `common.ring` is to be changed.
fn shared<'a>(config: &Config<'_>, key: &'a str) -> &'a str {
    let common = "common.ring.heartbeat_timeout";
    match config.values.get(key).map(|known| &known.origin) {
        Some(Origin::Derived { from, .. }) if from.starts_with("common.") => common,
        _ => key,
    }
}

fn long(config: &Config<'_>) -> Option<Finding> {
    let key = RINGS[0].key("heartbeat_timeout");
    let timeout = config.span(&key)?;
    (timeout >= Duration::from_secs(600)).then(|| {
        finding(
            ("HEARTBEAT-LONG", Note),
            config.line(&key),
            format!("A dead ingester counts as healthy for {}.", duration::format(timeout)),
            "For as long, pushes and queries go to it, and each is an error that the quorum has to bear; auto-forget \
             and readiness wait for it, too.",
            "A minute is the default.",
            "dskit ring/model.go:186-188",
        )
        .fixed_by(config.fix_by(shared(config, &key), "1m"))
    })
}

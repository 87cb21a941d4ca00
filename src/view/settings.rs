//! What the page's JSON does not say, and the link that carries it: `#/ring?rf=3&zones=1&timeout=1m0s`.

use std::fmt::Display;
use std::time::Duration;

use crate::go::duration;
use crate::ring::{ReplicationStrategy, RingConfig};
use crate::time::WallTime;

use super::{query, text};

/// The inputs beside the ring, as typed; the defaults are Loki's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `common.replication_factor`.
    pub replication_factor: String,
    /// `zone_awareness_enabled`.
    pub zone_awareness: bool,
    /// `heartbeat_timeout`, as Go writes durations.
    pub heartbeat_timeout: String,
    /// The reader's clock in RFC 3339; empty for the page's own `now`.
    pub now: String,
    /// The ring's kind is one that ignores unhealthy instances.
    pub ignore_unhealthy: bool,
    /// The tenant to trace.
    pub tenant: String,
    /// The label set to trace.
    pub labels: String,
    /// Add `service_name` as a push over HTTP does.
    pub service_name: bool,
    /// The built-in sample shown, if it is one.
    pub sample: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            replication_factor: "3".to_owned(),
            zone_awareness: false,
            heartbeat_timeout: "1m0s".to_owned(),
            now: String::new(),
            ignore_unhealthy: false,
            tenant: "fake".to_owned(),
            labels: "{app=\"checkout\", env=\"prod\"}".to_owned(),
            service_name: true,
            sample: String::new(),
        }
    }
}

/// What is wrong with the inputs, one text for each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SettingsError {
    /// With the replication factor.
    pub replication_factor: Option<String>,
    /// With the time-out.
    pub heartbeat_timeout: Option<String>,
    /// With the clock.
    pub now: Option<String>,
}

const MAX_REPLICATION_FACTOR: usize = 1000;

impl Settings {
    /// The ring's configuration, the clock when one is given, and what was wrong: the default stands in for
    /// what makes no sense, and the error says so.
    pub fn config(&self) -> (RingConfig, Option<WallTime>, SettingsError) {
        let default = RingConfig::default();
        let factor = match self.replication_factor.trim().parse::<usize>() {
            Ok(factor @ 1..=MAX_REPLICATION_FACTOR) => Ok(factor),
            _ => Err(format!("write a whole number from 1 to {MAX_REPLICATION_FACTOR}")),
        };
        let timeout = duration::parse(&self.heartbeat_timeout).map_err(|error| error.to_string());
        let now = match self.now.trim() {
            "" => Ok(None),
            text => WallTime::parse_rfc3339(text).map(Some).map_err(|error| error.to_string()),
        };
        let config = self.with(
            *factor.as_ref().unwrap_or(&default.replication_factor),
            *timeout.as_ref().unwrap_or(&default.heartbeat_timeout),
        );
        let clock = now.as_ref().ok().copied().flatten();
        let instead = duration::format(default.heartbeat_timeout);
        let error = SettingsError {
            replication_factor: factor
                .err()
                .map(|why| ignored(&self.replication_factor, default.replication_factor, &why)),
            heartbeat_timeout: timeout.err().map(|why| ignored(&self.heartbeat_timeout, instead, &why)),
            now: now.err().map(|why| ignored(&self.now, "the time in the data", &why)),
        };
        (config, clock, error)
    }

    fn with(&self, replication_factor: usize, heartbeat_timeout: Duration) -> RingConfig {
        RingConfig {
            replication_factor,
            zone_awareness_enabled: self.zone_awareness,
            heartbeat_timeout,
            strategy: match self.ignore_unhealthy {
                true => ReplicationStrategy::IgnoreUnhealthy,
                false => ReplicationStrategy::Default,
            },
            ..RingConfig::default()
        }
    }

    /// The link's query: only what differs from the defaults.
    pub fn to_query(&self) -> String {
        let default = Self::default();
        let flag = |on: bool| if on { "1" } else { "0" };
        let fields = [
            ("sample", &*self.sample, &*default.sample),
            ("rf", &self.replication_factor, &default.replication_factor),
            ("zones", flag(self.zone_awareness), flag(default.zone_awareness)),
            ("timeout", &self.heartbeat_timeout, &default.heartbeat_timeout),
            ("now", &self.now, &default.now),
            ("ignore-unhealthy", flag(self.ignore_unhealthy), flag(default.ignore_unhealthy)),
            ("tenant", &self.tenant, &default.tenant),
            ("labels", &self.labels, &default.labels),
            ("service-name", flag(self.service_name), flag(default.service_name)),
        ];
        let differing = fields.into_iter().filter(|(_, value, default)| value != default);
        query::write(differing.map(|(name, value, _)| (name, value)))
    }

    /// Reads a link's query; unknown names and broken escapes are passed over.
    pub fn from_query(query: &str) -> Self {
        let mut settings = Self::default();
        for (name, value) in query::read(query) {
            let Some(value) = value else { continue };
            match name {
                "sample" => settings.sample = value,
                "rf" => settings.replication_factor = value,
                "zones" => settings.zone_awareness = value == "1",
                "timeout" => settings.heartbeat_timeout = value,
                "now" => settings.now = value,
                "ignore-unhealthy" => settings.ignore_unhealthy = value == "1",
                "tenant" => settings.tenant = value,
                "labels" => settings.labels = value,
                "service-name" => settings.service_name = value == "1",
                _ => {}
            }
        }
        settings
    }
}

fn ignored(typed: &str, instead: impl Display, why: &str) -> String {
    format!("\u{201c}{}\u{201d} ignored, using {instead}: {why}", text::cut(typed, 24))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_reproduces_every_setting() {
        let settings = Settings {
            replication_factor: "5".to_owned(),
            zone_awareness: true,
            heartbeat_timeout: "2m30s".to_owned(),
            now: "2026-11-22T10:17:07.108637166+01:00".to_owned(),
            ignore_unhealthy: true,
            tenant: "team ü&a".to_owned(),
            labels: "{a=\"b+c%\", d=~\"e\"}".to_owned(),
            service_name: false,
            sample: "one-unhealthy".to_owned(),
        };
        let query = settings.to_query();
        assert!(query.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"'), "{query}");
        assert_eq!(Settings::from_query(&query), settings);
        assert_eq!(Settings::default().to_query(), "");
        assert_eq!(Settings::from_query(""), Settings::default());
    }

    #[test]
    fn a_broken_link_leaves_the_defaults() {
        let settings = Settings::from_query("rf&x=1&=&timeout=%zz&now=%e4&zones=1&&tenant=a%2");
        assert_eq!(settings, Settings { zone_awareness: true, ..Settings::default() });
    }

    #[test]
    fn every_bad_input_is_told_by_itself_and_the_default_stands_in_for_it() {
        let settings = Settings {
            replication_factor: "0".to_owned(),
            heartbeat_timeout: "1".to_owned(),
            now: "noon".to_owned(),
            ..Settings::default()
        };
        let (config, now, error) = settings.config();
        assert_eq!((config, now), (RingConfig::default(), None));
        assert!(
            error.replication_factor.as_ref().unwrap().starts_with("\u{201c}0\u{201d} ignored, using 3: ")
        );
        assert!(error.heartbeat_timeout.as_ref().unwrap().contains("ignored, using 1m0s: "));
        assert!(error.replication_factor.unwrap().contains("from 1"));
        assert!(error.heartbeat_timeout.unwrap().contains("15s, 1m"));
        assert!(error.now.unwrap().contains("RFC 3339"));
    }

    #[test]
    fn the_defaults_are_lokis() {
        let expected = (RingConfig::default(), None, SettingsError::default());
        assert_eq!(Settings::default().config(), expected);
    }
}

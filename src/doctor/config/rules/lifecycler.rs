//! How ingesters enter the ring and leave it.

use std::time::Duration;

use crate::go::duration;

use super::super::Finding;
use super::super::Severity::{Act, Look, Note};
use super::{Config, finding};

const FORGET: &str = "ingester.autoforget_unhealthy";
const OBSERVE: &str = "ingester.lifecycler.observe_period";
const SLEEP: &str = "ingester.lifecycler.final_sleep";
const UNREGISTER: &str = "ingester.lifecycler.unregister_on_shutdown";
const TOKENS: &str = "ingester.lifecycler.num_tokens";
const SKIPS: &str = "loki pkg/ingester/ingester.go:462-529; https://github.com/grafana/loki/issues/14847";

pub(super) fn find(config: &Config<'_>, findings: &mut Vec<Finding>) {
    findings.extend(forget(config));
    findings.extend(observe(config));
    findings.extend(sleep(config));
    findings.extend(stays(config));
    findings.extend(tokens(config));
    findings.extend(no_path(config));
}

fn forget(config: &Config<'_>) -> Option<Finding> {
    let ingesters = config.ingesters()?;
    if !config.is(FORGET) {
        return None;
    }
    let rule = "An ingester forgets nobody in a round in which all but one of the ring are unhealthy: the network might \
                be split.";
    match ingesters {
        1 | 2 => Some(
            finding(
                ("AUTOFORGET-TWO", Look),
                config.line(FORGET),
                format!("autoforget_unhealthy never forgets anybody with {ingesters} in the ring."),
                format!("{rule} With two, one dead is all but one; with one, none is, and it says so in the log at every \
                         heartbeat."),
                "Run three ingesters, or forget by hand: curl -X POST http://LOKI:3100/ring -d forget=ID.",
                SKIPS,
            )
            .fixed_by(config.fix([config.set_at(config.topology()?.ingesters_key, "3")])),
        ),
        3 => Some(finding(
            ("AUTOFORGET-THREE", Note),
            config.line(FORGET),
            "autoforget_unhealthy does nothing when two of three ingesters are lost.",
            format!("{rule} That is when it would be needed most: with two dead, reads and writes fail until somebody \
                     forgets one of them by hand."),
            "Know it: curl -X POST http://LOKI:3100/ring -d forget=ID.",
            SKIPS,
        )),
        _ => None,
    }
}

fn observe(config: &Config<'_>) -> Option<Finding> {
    let period = config.span(OBSERVE)?;
    (!period.is_zero() && config.uses_memberlist()).then(|| {
        finding(
            ("OBSERVE-PERIOD", Note),
            config.line(OBSERVE),
            format!("Ingesters stay JOINING for {}.", duration::format(period)),
            "An ingester that is killed while it is JOINING and comes back under its name does not start any more with \
             memberlist: its state cannot be changed, and after 9s Loki stops with \"no change detected\".",
            "Leave observe_period at 0s. If it happens, forget the entry first.",
            "dskit ring/lifecycler.go:681-802",
        )
        .fixed_by(config.fix_by(OBSERVE, "0s"))
    })
}

fn sleep(config: &Config<'_>) -> Option<Finding> {
    let sleep = config.span(SLEEP)?;
    (sleep >= Duration::from_secs(60)).then(|| {
        finding(
            ("FINAL-SLEEP", Look),
            config.line(SLEEP),
            format!("An ingester that stops stays LEAVING for {}.", duration::format(sleep)),
            "While it sleeps, no replica of its streams is written to it, no ingester that starts becomes ready, and a \
             grace period that ends first kills it with its entry left behind.",
            "0s is Loki's default. A few heartbeats are enough where something scrapes it a last time.",
            "dskit ring/lifecycler.go:1078-1102",
        )
        .fixed_by(config.fix_by(SLEEP, "0s"))
    })
}

/// Entries that nobody takes away.
fn stays(config: &Config<'_>) -> Option<Finding> {
    let stays = config.is_given(UNREGISTER) && config.value(UNREGISTER).as_bool() == Some(false);
    (stays && config.value(FORGET).as_bool() == Some(false)).then(|| {
        finding(
            ("UNREGISTER-OFF", Note),
            config.line(UNREGISTER),
            "Ingesters leave their entry in the ring when they stop, and nobody forgets it.",
            "That is good for restarts: the same pod takes its tokens back. But who does not come back, as after scaling \
             down or under another name, stays UNHEALTHY for ever, and no ingester that starts becomes ready.",
            "After scaling down, forget the entry by hand, or set ingester.autoforget_unhealthy.",
            "dskit ring/lifecycler.go:255-322, 1078-1102; https://github.com/grafana/loki/issues/6407",
        )
        .fixed_by(config.fix_by(FORGET, "true"))
    })
}

fn tokens(config: &Config<'_>) -> Option<Finding> {
    let tokens = config.int(TOKENS)?;
    let (severity, why) = match tokens {
        i64::MIN..=0 => (
            Act,
            "An ingester without tokens gets no stream and never becomes ready (\"this instance owns no \
                               tokens\").",
        ),
        1..=15 => (
            Look,
            "With few tokens the shares of ingesters differ a lot: some own several times what others do.",
        ),
        2049.. => (
            Look,
            "Every heartbeat carries all tokens, some five bytes each, to everybody: gossip grows with them, \
                          and shares hardly get more even.",
        ),
        _ => return None,
    };
    Some(
        finding(
            ("TOKENS", severity),
            config.line(TOKENS),
            format!("num_tokens is {tokens}."),
            why,
            "128 is the default; 512 is as many as anybody needs.",
            "dskit ring/lifecycler.go:74-106",
        )
        .fixed_by(match config.is_given(TOKENS) {
            true => config.fix_by(TOKENS, "128"),
            false => config.fix_by("common.ring.num_tokens", "128"),
        }),
    )
}

fn no_path(config: &Config<'_>) -> Option<Finding> {
    let is_missing = config.is("common.persist_tokens") && config.text("common.path_prefix")?.is_empty();
    is_missing.then(|| {
        finding(
            ("TOKENS-PATH", Act),
            config.line("common.persist_tokens"),
            "persist_tokens is on, but there is no path_prefix.",
            "Loki does not start: \"if persist_tokens is true, path_prefix MUST be defined\".",
            "Set common.path_prefix to a directory that outlives the process.",
            "loki pkg/loki/config_wrapper.go:391-471",
        )
        .fixed_by(config.fix_by("common.path_prefix", "/var/loki"))
    })
}

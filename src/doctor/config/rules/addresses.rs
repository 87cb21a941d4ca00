//! The addresses that others are told: of rings, and of memberlist.

use std::net::IpAddr;

use super::super::Severity::{Act, Look};
use super::super::keys::RINGS;
use super::super::value::shown;
use super::super::{Finding, Origin};
use super::{Config, Member, finding};

const BIND: &str = "memberlist.bind_addr";
const ADVERTISE: &str = "memberlist.advertise_addr";
const WRONG: &str =
    "https://github.com/grafana/loki/issues/6370; https://github.com/grafana/loki/issues/15639";

pub(super) fn find(config: &Config<'_>, findings: &mut Vec<Finding>) {
    findings.extend(any(config));
    findings.extend(loopback(config));
    findings.extend(loopback_interface(config));
    findings.extend(no_address(config));
    findings.extend(bind(config));
    findings.extend(two_addresses(config));
    findings.extend(ipv6(config));
}

/// The keys that give an address, or with another name of the field an interface, to be told to others.
fn told(config: &Config<'_>, field: &str, is_wrong: impl Fn(&Config<'_>, &str) -> bool) -> Vec<String> {
    let rings = RINGS.iter().map(|ring| ring.key(field));
    let common = [format!("common.{field}"), format!("common.ring.{field}")];
    let keys =
        common.into_iter().chain(rings).chain((field == "instance_addr").then(|| ADVERTISE.to_owned()));
    keys.filter(|key| config.is_given(key) && is_wrong(config, key)).collect()
}

/// One finding for all keys that say the same, the first of which is named; they are taken out.
fn all_of(
    config: &Config<'_>,
    keys: &[String],
    finding: impl Fn(&str, Option<usize>) -> Finding,
) -> Option<Finding> {
    let first = keys.first()?;
    let mut finding = finding(first, config.line(first));
    if let more @ 1.. = keys.len() - 1 {
        finding.what.push_str(&format!(" So {} {more} more.", if more == 1 { "is" } else { "are" }));
    }
    let edits = keys.iter().map(|key| config.delete(key)).collect::<Option<Vec<_>>>();
    Some(finding.fixed_by(edits.and_then(|edits| super::Fix::new(config.file.text, edits))))
}

fn any(config: &Config<'_>) -> Option<Finding> {
    let is_any = |config: &Config<'_>, key: &str| {
        let address = config.text(key).and_then(|text| text.parse::<IpAddr>().ok());
        address.is_some_and(|address| address.is_unspecified())
    };
    all_of(config, &told(config, "instance_addr", is_any), |key, line| {
        finding(
            ("ADDRESS-ANY", Act),
            line,
            format!("{key} is {}: that is what others are told to connect to.", config.value(key)),
            "It is an address to listen on. Whoever connects to it reaches itself: distributors then send every \
             replica to their own host, and pushes fail, while the ring shows 0.0.0.0:9095.",
            "Take it out, so that the address of the network interface is used, or give the pod's own address.",
            WRONG,
        )
    })
}

fn loopback(config: &Config<'_>) -> Option<Finding> {
    if !config.uses_memberlist() || !config.is_spread() {
        return None;
    }
    let is_loopback =
        |config: &Config<'_>, key: &str| config.text(key).is_some_and(|text| Member::of(text).is_loopback());
    all_of(config, &told(config, "instance_addr", is_loopback), |key, line| {
        finding(
            ("ADDRESS-LOOPBACK", Act),
            line,
            format!("{key} is {}, but the other nodes are on other machines.", config.value(key)),
            "Others are told to connect to this address, and reach themselves there.",
            "Take it out, so that the address of the network interface is used, or give the pod's own address.",
            WRONG,
        )
    })
}

fn loopback_interface(config: &Config<'_>) -> Option<Finding> {
    if !config.uses_memberlist() || !config.is_spread() {
        return None;
    }
    let is_loopback = |config: &Config<'_>, key: &str| {
        let names = config.list(key).unwrap_or_default();
        !names.is_empty() && names.iter().all(|name| matches!(name.as_str(), "lo" | "lo0" | "loopback"))
    };
    all_of(config, &told(config, "instance_interface_names", is_loopback), |key, line| {
        finding(
            ("INTERFACE-LOOPBACK", Act),
            line,
            format!("{key} has only the loopback interface, but the other nodes are on other machines."),
            "Others are told to connect to 127.0.0.1, and reach themselves there.",
            "Take it out: Loki finds the private interfaces itself, and takes the loopback one last.",
            "loki pkg/loki/config_wrapper.go:504-512; https://github.com/grafana/loki/issues/8634",
        )
    })
}

fn no_address(config: &Config<'_>) -> Option<Finding> {
    let text = config.text(ADVERTISE).filter(|text| !text.is_empty() && config.is_given(ADVERTISE))?;
    text.parse::<IpAddr>().is_err().then(|| {
        finding(
            ("ADDRESS-FORM", Act),
            config.line(ADVERTISE),
            format!("memberlist.advertise_addr is no IP address: {}.", shown(text)),
            "memberlist takes only an address here and does not start with a name.",
            "Give an address, or take it out.",
            "dskit kv/memberlist/tcp_transport.go:398-418",
        )
        .fixed_by(config.fix([config.delete(ADVERTISE)]))
    })
}

fn bind(config: &Config<'_>) -> Option<Finding> {
    let addresses = config.list(BIND).filter(|addresses| !addresses.is_empty())?;
    if let Some(wrong) = addresses.iter().find(|address| address.parse::<IpAddr>().is_err()) {
        return Some(
            finding(
                ("BIND-FORM", Act),
                config.line(BIND),
                format!("memberlist.bind_addr has no IP address: {}.", shown(wrong)),
                "memberlist listens only on addresses; Loki stops with \"could not parse bind addr\" or the like.",
                "Use [\"0.0.0.0\"], or leave it out.",
                "dskit kv/memberlist/tcp_transport.go:75-88; https://github.com/grafana/loki/issues/6370",
            )
            .fixed_by(config.fix([config.delete(BIND)])),
        );
    }
    let is_loopback = addresses.iter().all(|address| Member::of(address).is_loopback());
    (is_loopback && config.is_spread()).then(|| {
        finding(
            ("BIND-LOOPBACK", Act),
            config.line(BIND),
            "memberlist listens only on the loopback address, but the other nodes are on other machines.",
            "Nobody else can connect to its port: pings to it fail, and it is counted as dead over and over.",
            "Use [\"0.0.0.0\"], or leave it out.",
            WRONG,
        )
        .fixed_by(config.fix([config.delete(BIND)]))
    })
}

fn two_addresses(config: &Config<'_>) -> Option<Finding> {
    let (bound, told) = (config.list(BIND)?, config.text(ADVERTISE).filter(|told| !told.is_empty())?);
    let told_address = told.parse::<IpAddr>().ok().filter(|address| !address.is_unspecified())?;
    let [bound] = bound else { return None };
    let bound = bound.parse::<IpAddr>().ok()?;
    (!bound.is_unspecified() && bound != told_address).then(|| {
        finding(
            ("BIND-ADVERTISE", Look),
            config.line(BIND),
            format!("memberlist listens on {bound}, and tells others {told_address}."),
            "Others connect to what they are told. Unless something forwards one address to the other, nobody reaches \
             this node, while it reaches everybody.",
            "Listen on 0.0.0.0, or tell the address that it listens on.",
            "dskit kv/memberlist/tcp_transport.go:398-418; https://github.com/grafana/loki/issues/13416",
        )
        .fixed_by(config.fix([config.delete(BIND)]))
    })
}

fn ipv6(config: &Config<'_>) -> Option<Finding> {
    let is_v6 = |text: &String| Member::of(text).address().is_some_and(|address| address.is_ipv6());
    let listens = config.list(BIND)?.iter().any(is_v6);
    let members = config.list("memberlist.join_members")?;
    let joins = !members.is_empty() && members.iter().all(is_v6);
    let enabled = "common.ring.instance_enable_ipv6";
    let own = RINGS[0].key("instance_enable_ipv6");
    let is_off =
        config.value(&own).as_bool() == Some(false) && config.value(enabled).as_bool() == Some(false);
    let has_address = !config.text(&RINGS[0].key("instance_addr"))?.is_empty();
    if !(listens || joins) || !is_off || has_address {
        return None;
    }
    let key = if listens { BIND } else { "memberlist.join_members" };
    let store = "common.ring.kvstore.store";
    // Touching common.ring makes everything in it count, the store included.
    let needs_store = !config.is_given(store) && config.values.get(store)?.origin == Origin::Default;
    let edits = match needs_store {
        true => config.fix([Some(merged_ring(config)?)]),
        false => config.fix_by(enabled, "true"),
    };
    Some(
        finding(
            ("IPV6-OFF", Look),
            config.line(key),
            "memberlist is told to use IPv6, but the rings look only for IPv4 addresses.",
            "An instance takes its address from a network interface, and passes over IPv6 ones unless \
             instance_enable_ipv6 is on. In a network without IPv4 Loki stops with \"no useable address found\".",
            "Set common.ring.instance_enable_ipv6. Since that touches common.ring, its kvstore.store has to be there, \
             too.",
            "loki pkg/util/ring/ring_config.go:27-75; https://github.com/grafana/loki/issues/6251",
        )
        .fixed_by(edits),
    )
}

/// Both keys of `common.ring` in one edit: two would stand at one place.
fn merged_ring(config: &Config<'_>) -> Option<super::super::edit::Edit> {
    let first = config.set("common.ring.kvstore.store", "memberlist")?;
    let second = config.set("common.ring.instance_enable_ipv6", "true")?;
    if first.range != second.range {
        return None;
    }
    let line = second.with.lines().find(|line| line.trim_start().starts_with("instance_enable_ipv6"))?;
    let newline = if second.with.contains("\r\n") { "\r\n" } else { "\n" };
    Some(super::super::edit::Edit { range: first.range, with: format!("{}{line}{newline}", first.with) })
}

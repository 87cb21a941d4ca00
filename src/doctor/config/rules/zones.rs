//! Zones: of ingesters, and of memberlist's routing.

use super::super::Severity::{Act, Look, Note};
use super::super::{Finding, Origin};
use super::{Config, count, finding};

const AWARE: &str = "ingester.lifecycler.ring.zone_awareness_enabled";
const ZONE: &str = "ingester.lifecycler.availability_zone";
const FROM_ENVIRONMENT: &str = "${AVAILABILITY_ZONE}";

pub(super) fn find(config: &Config<'_>, findings: &mut Vec<Finding>) {
    findings.extend(without_name(config));
    findings.extend(too_few(config));
    findings.extend(unused(config));
    findings.extend(routing(config));
}

fn without_name(config: &Config<'_>) -> Option<Finding> {
    let is_nameless = config.is(AWARE) && config.text(ZONE) == Some("");
    if !is_nameless {
        return None;
    }
    // A flag of each pod may give the zone; what /config prints, and the chart, would show it.
    let is_sure = config.is_helm() || config.values.get(ZONE)?.origin != Origin::Default;
    Some(
        finding(
            ("ZONE-MISSING", if is_sure { Act } else { Look }),
            config.line(AWARE),
            "Zone awareness is on, but the ingesters have no zone.",
            "All ingesters without a zone count as one zone, and a key gets one replica from each zone: with \
             replication factor 3 there is only one, and pushes fail.",
            "Give each ingester its zone: availability_zone with -config.expand-env=true, or the flag \
             -ingester.availability-zone. Or switch zone awareness off.",
            "dskit ring/ring.go:512-669; https://github.com/grafana/loki/issues/6173",
        )
        .fixed_by(config.fix_by(ZONE, FROM_ENVIRONMENT)),
    )
}

fn too_few(config: &Config<'_>) -> Option<Finding> {
    let factor = config.replication_factor()?;
    let topology = config.topology()?;
    let zones = 3;
    if !config.is(AWARE) || !topology.has_zones || factor <= zones {
        return None;
    }
    let required = factor / 2 + 1;
    Some(
        finding(
            ("ZONES-FEW", if zones < required { Act } else { Look }),
            config.line("common.replication_factor").or_else(|| config.line(AWARE)),
            format!("{} for replication factor {factor}.", count(zones, "zone")),
            format!(
                "With zone awareness a key gets at most one replica a zone: {zones} instead of {factor}, of which \
                 {required} must answer."
            ),
            "Use replication factor 3 with three zones.",
            "dskit ring/ring.go:512-669",
        )
        .fixed_by(config.fix_by("common.replication_factor", "3")),
    )
}

fn unused(config: &Config<'_>) -> Option<Finding> {
    let zone = config.text(ZONE).filter(|zone| !zone.is_empty())?;
    (config.value(AWARE).as_bool() == Some(false)).then(|| {
        finding(
            ("ZONES-UNUSED", Note),
            config.line(ZONE).or_else(|| config.line(AWARE)),
            format!("Ingesters name their zone ({zone}), but zone awareness is off."),
            "The ring page shows zones; replicas are chosen without regard to them, so two of three may be in one \
             zone.",
            "If a zone may fail as a whole, set zone_awareness_enabled in the ring of the ingesters; all components \
             read it.",
            "dskit ring/ring.go:216-223; production/helm/loki/templates/ingester",
        )
        .fixed_by(config.fix_by(AWARE, "true"))
    })
}

fn routing(config: &Config<'_>) -> Option<Finding> {
    const ROUTING: &str = "memberlist.zone_aware_routing";
    let (zone_key, role_key) = (format!("{ROUTING}.instance_availability_zone"), format!("{ROUTING}.role"));
    if !config.is(&format!("{ROUTING}.enabled")) {
        return None;
    }
    let line = config.line(&format!("{ROUTING}.enabled"));
    let source = "dskit kv/memberlist/node_zone_aware_routing.go";
    let role = config.text(&role_key);
    if role.is_some_and(|role| !matches!(role, "member" | "bridge")) {
        return Some(
            finding(
                ("ROUTING-ROLE", Act),
                config.line(&role_key),
                "zone_aware_routing.role is neither member nor bridge.",
                "Loki does not start with any other.",
                "Set member, and bridge for one pod of each zone.",
                source,
            )
            .fixed_by(config.fix_by(&role_key, "member")),
        );
    }
    let zone = config.text(&zone_key)?;
    let what = match zone.len() {
        0 => "zone_aware_routing is on without instance_availability_zone.",
        17.. => "zone_aware_routing.instance_availability_zone is longer than 16 bytes.",
        _ => return None,
    };
    Some(
        finding(
            ("ROUTING-ZONE", Act),
            config.line(&zone_key).or(line),
            what,
            "Loki checks it when it starts, and stops.",
            "Give each pod the name of its zone, 16 bytes at most, for instance from an environment variable with \
             -config.expand-env=true.",
            source,
        )
        .fixed_by(config.fix_by(&zone_key, FROM_ENVIRONMENT)),
    )
}

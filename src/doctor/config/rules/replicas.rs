//! How many ingesters there are, and how many the replication factor wants.

use super::super::Severity::{Act, Look};
use super::super::{Finding, Mode};
use super::{Config, count, finding};

const QUORUM: &str = "dskit ring/replication_strategy.go:45-72; https://github.com/grafana/loki/issues/8899";

pub(super) fn find(config: &Config<'_>, findings: &mut Vec<Finding>) {
    findings.extend(no_ingesters(config));
    findings.extend(too_few(config));
    findings.extend(even(config));
    findings.extend(wrong_place(config));
    findings.extend(different(config));
}

fn line(config: &Config<'_>) -> Option<usize> {
    config
        .line("common.replication_factor")
        .or_else(|| config.line("ingester.lifecycler.ring.replication_factor"))
        .or_else(|| config.topology().and_then(|topology| config.line(topology.ingesters_key)))
}

/// Sets the replication factor where it is given, or for all.
fn set_factor(config: &Config<'_>, factor: usize) -> Option<super::super::Fix> {
    let own = "ingester.lifecycler.ring.replication_factor";
    let key = if config.is_given(own) { own } else { "common.replication_factor" };
    config.fix_by(key, &factor.to_string())
}

fn no_ingesters(config: &Config<'_>) -> Option<Finding> {
    let topology = config.topology()?;
    let is_none = topology.ingesters == Some(0) && topology.mode != Mode::Between;
    is_none.then(|| {
        let key = topology.ingesters_key;
        let wanted = config.replication_factor().unwrap_or(3).max(1).to_string();
        finding(
            ("INGESTERS-NONE", Act),
            config.line("deploymentMode"),
            format!("There is no ingester: {key} is 0 in this deploymentMode."),
            "The chart's default of this key is 0. Without ingesters the ring stays empty, and every push fails.",
            format!("Set {key} to the number of ingesters that you want, {wanted} or more."),
            "production/helm/loki/values.yaml; https://github.com/grafana/loki/issues/4985",
        )
        .fixed_by(config.fix([config.set_at(key, &wanted)]))
    })
}

fn too_few(config: &Config<'_>) -> Option<Finding> {
    let (ingesters, factor) = (config.ingesters()?, config.replication_factor()?);
    if ingesters == 0 || ingesters >= factor {
        return None;
    }
    let required = factor / 2 + 1;
    let key = config.topology()?.ingesters_key;
    if ingesters < required {
        let fitting = ingesters - usize::from(ingesters % 2 == 0);
        return Some(
            finding(
                ("RF-REPLICAS", Act),
                line(config),
                format!("{} cannot serve replication factor {factor}.", count(ingesters, "ingester")),
                format!(
                    "A push waits for {required} of {factor} replicas, and replicas that do not exist count as \
                     failed: every push is answered with \"at least {required} live replicas required, could \
                     only find {ingesters}\", and every query fails as well, though the ingester is ready."
                ),
                format!("Set the replication factor to {fitting}, or run {factor} ingesters ({key})."),
                QUORUM,
            )
            .fixed_by(set_factor(config, fitting)),
        );
    }
    Some(
        finding(
            ("RF-SLACK", Look),
            line(config),
            format!("{} with replication factor {factor}: none may fail.", count(ingesters, "ingester")),
            format!(
                "Writes need {required} of {factor} replicas and there are only {ingesters}. With the first \
                 restart pushes and queries fail."
            ),
            format!("Run at least {factor} ingesters ({key}), or set the replication factor to 1."),
            "dskit ring/replication_strategy.go:45-72; https://github.com/grafana/loki/issues/14606",
        )
        .fixed_by(config.fix([config.set_at(key, &factor.to_string())])),
    )
}

fn even(config: &Config<'_>) -> Option<Finding> {
    let factor = config.replication_factor()?;
    if factor == 0 || factor % 2 == 1 {
        return None;
    }
    let more = config.ingesters().is_none_or(|ingesters| ingesters > factor);
    let better = if more { factor + 1 } else { factor - 1 };
    Some(
        finding(
            ("RF-EVEN", Look),
            line(config),
            format!("Replication factor {factor} is even."),
            format!(
                "Writes need {} of {factor}: as many may fail as with {}, at the price of one more copy of every \
                 line.",
                factor / 2 + 1,
                factor - 1
            ),
            format!("Set it to {better}."),
            "dskit ring/replication_strategy.go:45-72",
        )
        .fixed_by(set_factor(config, better)),
    )
}

/// `common.ring.replication_factor` looks like it, and is not.
fn wrong_place(config: &Config<'_>) -> Option<Finding> {
    let key = "common.ring.replication_factor";
    let (meant, factor) = (config.int(key)?, config.replication_factor()?);
    let wanted = usize::try_from(meant).ok().filter(|wanted| *wanted > 0 && *wanted != factor)?;
    (config.is_given(key) && meant != 3).then(|| {
        finding(
            ("RF-PLACE", Act),
            config.line(key),
            format!("common.ring.replication_factor is {meant}, but the ingesters' replication factor is {factor}."),
            "Ingesters take theirs from common.replication_factor, one level further up; the one in common.ring \
             changes nothing for them.",
            "Set common.replication_factor.",
            "loki pkg/loki/config_wrapper.go:787-789",
        )
        .fixed_by(set_factor(config, wanted))
    })
}

fn different(config: &Config<'_>) -> Option<Finding> {
    let (own, common) = ("ingester.lifecycler.ring.replication_factor", "common.replication_factor");
    let (own_factor, factor) = (config.int(own)?, config.int(common)?);
    let differ = config.is_given(own) && config.is_given(common) && own_factor != factor;
    differ.then(|| {
        finding(
            ("RF-TWO", Look),
            config.line(own),
            format!("Two replication factors: {own_factor} for ingesters, {factor} in common."),
            "The ingesters' own wins for their ring; index gateways follow common.",
            "Keep one of them: common.replication_factor is enough.",
            "loki pkg/loki/config_wrapper.go:183-212",
        )
        .fixed_by(config.fix([config.delete(own)]))
    })
}

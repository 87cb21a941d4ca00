use std::time::Duration;

use crate::go::duration;
use crate::ring::{InstanceState, Ring, RingError};
use crate::time::{WallTime, age_text};

use super::ShownState;
use super::judge::{ALL_KEYS, Finding, InstanceReport, Judgement, Severity, Writes, percent};
use super::margin::tolerance;

/// How far a heartbeat may lie ahead of the reader's clock before it is worth a word.
const FUTURE_SLACK: Duration = Duration::from_secs(10);

/// The reasons for a verdict, heaviest first; among equals in the order in which they matter.
pub(super) fn find(ring: &Ring, now: WallTime, judgement: &Judgement) -> Vec<Finding> {
    let mut findings = Vec::new();
    if ring.instances().is_empty() {
        findings.push(empty_ring());
        return findings;
    }
    match too_few_instances(ring) {
        // Neither reads nor writes can succeed, and there is nothing else to say about them.
        Some(finding) => findings.push(finding),
        None => {
            findings.extend(reads(ring, judgement));
            findings.extend(writes(&judgement.writes));
        }
    }
    findings.extend(no_slack(ring));
    findings.extend(unhealthy(ring, judgement));
    for state in [InstanceState::Leaving, InstanceState::Joining, InstanceState::Pending] {
        findings.extend(in_state(ring, judgement, state));
    }
    findings.extend(readiness(judgement));
    findings.extend(future_heartbeats(ring, now));
    findings.extend(without_tokens(ring));
    findings.extend(zones(ring));
    findings.extend(foreign(ring));
    findings.extend(shared_addresses(ring));
    findings.extend(contested_tokens(ring));
    findings.extend(uneven_ownership(ring, judgement));
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

fn finding(
    key: &'static str,
    severity: Severity,
    what: impl Into<String>,
    why: impl Into<String>,
    advice: impl Into<String>,
) -> Finding {
    Finding {
        key,
        severity,
        what: what.into(),
        why: why.into(),
        advice: advice.into(),
        check: None,
        command: None,
    }
}

impl Finding {
    fn checked_by(self, check: impl Into<String>) -> Self {
        Self { check: Some(check.into()), ..self }
    }
}

/// Names of pods for a shell: those that need no quotes.
fn pods<'a>(ring: &Ring, reports: impl Iterator<Item = &'a InstanceReport>) -> Vec<String> {
    const SHOWN: usize = 3;
    let is_plain = |id: &&str| id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    let ids = reports.map(|report| &**ring.id(report.index)).filter(is_plain).take(SHOWN);
    let pods = Vec::from_iter(ids.map(str::to_owned));
    if pods.is_empty() { vec!["POD".to_owned()] } else { pods }
}

/// Whether these pods run, and what they last said.
fn look_at_pods(pods: &[String]) -> String {
    let logs = pods.iter().map(|pod| format!("kubectl logs {pod} --tail=50"));
    let first = format!("kubectl get pods -o wide {}", pods.join(" "));
    std::iter::once(first).chain(logs).collect::<Vec<_>>().join("\n")
}

fn empty_ring() -> Finding {
    finding(
        "empty-ring",
        Severity::Critical,
        "The ring is empty.",
        "Nobody has registered yet, or this process has not heard of anybody: it may have failed to join the \
         memberlist cluster, or the ingesters are still replaying their WAL, which comes before they register.",
        "Look at /memberlist of the same process: does it list the other pods? Then at the logs of the ingesters.",
    )
    .checked_by(
        "curl -s -H 'Accept: application/json' http://LOKI:3100/memberlist | jq '.SortedMembers[].Name'\n\
         kubectl get pods -l app.kubernetes.io/component=ingester\nkubectl logs POD | grep -iE 'memberlist|ring|replay'",
    )
}

fn too_few_instances(ring: &Ring) -> Option<Finding> {
    let (count, factor) = (ring.instances().len(), ring.config().replication_factor);
    let required = ring.config().strategy.required(factor, 0);
    (count < required).then(|| {
        finding(
            "too-few-instances",
            Severity::Critical,
            format!("Replication factor {factor} needs at least {required} instances; there {} {count}.", are(count)),
            "Reads and writes wait for a majority of the replication factor, not of the instances that exist: all fail.",
            "Set common.replication_factor to 1 for a single instance, or start more instances.",
        )
        .checked_by("curl -s http://LOKI:3100/config | grep -n 'replication_factor:'\nkubectl get pods")
    })
}

fn no_slack(ring: &Ring) -> Option<Finding> {
    let (count, factor) = (ring.instances().len(), ring.config().replication_factor);
    let required = ring.config().strategy.required(factor, 0);
    (count >= required && count < factor).then(|| {
        finding(
            "no-slack",
            Severity::Warning,
            format!("{count} instances with replication factor {factor}: none may fail."),
            format!("Writes need {required} of {factor} replicas, and there are only {count} to answer."),
            "Run at least as many ingesters as the replication factor.",
        )
    })
}

fn reads(ring: &Ring, judgement: &Judgement) -> Option<Finding> {
    let reads = judgement.reads.as_ref()?;
    let error = reads.outcome.as_ref().err()?;
    let unnamed = ring.topology().zones().iter().any(|zone| zone.is_empty());
    let (why, advice) = match (error, ring.config().zone_awareness_enabled) {
        (RingError::EmptyRing, _) => (
            "Instances are registered, but none has tokens yet.".to_owned(),
            "Look at the logs of the ingesters: they take tokens about a second after they register.".to_owned(),
        ),
        (_, true) if unnamed => (
            "Zone awareness is on, but some instances have no zone; all of those count as one zone.".to_owned(),
            "Set instance_availability_zone on every ingester, or switch zone awareness off here if your configuration \
             has it off."
                .to_owned(),
        ),
        (_, true) => (
            format!(
                "One bad instance fails its zone, and these zones have one: {}. The ring bears {}.",
                reads.failing_zones.join(", "),
                tolerance(ring)
            ),
            "Bring the unhealthy instances of all zones but one back, or forget those that are gone for good.".to_owned(),
        ),
        (_, false) => (
            format!(
                "A read asks the whole ring and needs max(instances, RF) - \u{230a}RF/2\u{230b} = {} healthy instances; {} {} healthy.",
                ring.required_for_read_of_all(),
                reads.healthy,
                are(reads.healthy),
            ),
            format!(
                "Bring the unhealthy instances back, or forget those that are gone for good: the ring bears {}.",
                tolerance(ring)
            ),
        ),
    };
    Some(finding("reads", Severity::Critical, format!("Every query fails: {error}."), why, advice))
}

fn writes(writes: &Writes) -> Option<Finding> {
    let (key, error) = writes.example.as_ref()?;
    let share = writes.failing_keys as f64 / ALL_KEYS as f64 * 100.0;
    Some(finding(
        "writes",
        Severity::Critical,
        format!("Writes fail for {} of the keys.", percent(share)),
        format!("For instance, key {key}: {error}."),
        "Streams whose replicas lose their majority are refused; the others are written as usual. Bring the replicas back.",
    ))
}

fn unhealthy(ring: &Ring, judgement: &Judgement) -> Option<Finding> {
    let unhealthy: Vec<&InstanceReport> =
        judgement.instances.iter().filter(|report| report.shown_state == ShownState::Unhealthy).collect();
    let oldest = unhealthy.iter().filter_map(|report| report.heartbeat_age).max()?;
    let timeout = duration::format(ring.config().heartbeat_timeout);
    if unhealthy.len() == ring.instances().len() {
        return Some(all_unhealthy(ring, &unhealthy, &timeout));
    }
    Some(Finding {
        check: Some(look_at_pods(&pods(ring, unhealthy.iter().copied()))),
        command: Some(forget_commands(ring, &unhealthy)),
        ..finding(
            "unhealthy",
            Severity::Critical,
            format!("UNHEALTHY: {}.", names(ring, unhealthy.iter().copied())),
            format!(
                "The last heartbeat is older than {timeout} (the oldest: {}). The entry stays, and keeps its tokens, \
                 until the instance comes back or somebody forgets it.",
                age_text(oldest),
            ),
            "Is the pod running? A pod that replays its WAL sends no heartbeats yet: wait for it. Forget it only if it \
             is gone for good:",
        )
    })
}

/// More likely than a ring without a single live instance is a page that was kept for a while.
fn all_unhealthy(ring: &Ring, unhealthy: &[&InstanceReport], timeout: &str) -> Finding {
    let newest = unhealthy.iter().min_by_key(|report| report.heartbeat_age);
    let (age, time) = newest.map_or_else(Default::default, |report| {
        let timestamp = ring.instance(report.index).timestamp;
        (report.heartbeat_age.unwrap_or_default(), WallTime::from_unix_secs(timestamp).to_rfc3339())
    });
    finding(
        "all-unhealthy",
        Severity::Critical,
        format!("Every heartbeat is older than {timeout}: the newest is {} old.", age_text(age)),
        "Either nothing is running, or this is an old copy of the ring and the clock it is judged with is not.",
        format!(
            "If it is an old copy, judge it at the time it was taken: set now to {time}, its newest heartbeat."
        ),
    )
}

/// The lines that forget these instances, one each.
fn forget_commands(ring: &Ring, reports: &[&InstanceReport]) -> String {
    let quoted = |id: &str| id.replace('\'', r"'\''");
    let line = |report: &&InstanceReport| {
        format!(
            "curl -X POST http://LOKI:3100/ring --data-urlencode 'forget={}'",
            quoted(ring.id(report.index))
        )
    };
    reports.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn in_state(ring: &Ring, judgement: &Judgement, state: InstanceState) -> Option<Finding> {
    let these =
        || judgement.instances.iter().filter(|report| report.shown_state == ShownState::Stated(state));
    these().next()?;
    let (why, advice) = match state {
        InstanceState::Leaving => (
            "A LEAVING instance is still read from, but no longer written to, and whoever starts now does not become ready.",
            "Normal for as long as it flushes. If it lasts, see whether the pod hangs in its shutdown.",
        ),
        InstanceState::Joining => (
            "A JOINING instance has tokens, but counts as unhealthy for reads and for writes.",
            "Normal for a few seconds. If it lasts, look at the log of that pod.",
        ),
        _ => (
            "A PENDING instance owns nothing yet; it counts as healthy for reads, not for writes.",
            "Normal for about a second after the start. If it lasts, look at the log of that pod.",
        ),
    };
    let what = format!("{state}: {}.", names(ring, these()));
    Some(
        finding(in_state_key(state), Severity::Warning, what, why, advice)
            .checked_by(look_at_pods(&pods(ring, these()))),
    )
}

fn in_state_key(state: InstanceState) -> &'static str {
    match state {
        InstanceState::Leaving => "leaving",
        InstanceState::Joining => "joining",
        _ => "pending",
    }
}

fn readiness(judgement: &Judgement) -> Option<Finding> {
    let error = judgement.readiness.as_ref()?.as_ref().err()?;
    Some(
        finding(
            "readiness",
            Severity::Warning,
            format!("An ingester that starts now would not become ready: {error}."),
            "Before its first success /ready looks at every entry of the ring, not only at its own.",
            "Rollouts stall until every entry is ACTIVE and healthy. Pods that are ready already stay ready.",
        )
        .checked_by("curl -s http://NEW-POD:3100/ready"),
    )
}

fn future_heartbeats(ring: &Ring, now: WallTime) -> Option<Finding> {
    let ahead = |timestamp| WallTime::from_unix_secs(timestamp).since(now).unwrap_or(Duration::ZERO);
    let (id, furthest) = ring
        .instances()
        .iter()
        .map(|(id, instance)| (id, ahead(instance.timestamp)))
        .filter(|(_, ahead)| *ahead > FUTURE_SLACK)
        .max_by_key(|(_, ahead)| *ahead)?;
    Some(finding(
        "future-heartbeats",
        Severity::Warning,
        format!(
            "The heartbeat of {id} lies {} in the future.",
            duration::format(Duration::from_secs(furthest.as_secs()))
        ),
        "Its clock is ahead of the one this ring is read with. It counts as healthy for that much longer after a crash, \
         and an entry from the future cannot be forgotten: the newer timestamp wins every merge.",
        "Compare the clocks (chronyc tracking). If \"now\" was set by hand, set it to when the page was taken.",
    )
    .checked_by("date -u; kubectl exec POD -- date -u"))
}

fn without_tokens(ring: &Ring) -> Option<Finding> {
    let (id, _) = ring
        .instances()
        .iter()
        .find(|(_, instance)| instance.tokens.is_empty() && instance.state == InstanceState::Active)?;
    Some(finding(
        "without-tokens",
        Severity::Warning,
        format!("{id} is ACTIVE without tokens."),
        "It gets no writes, but counts as an instance in the quorum of reads.",
        "Restart it, and look at its log for token conflicts.",
    ))
}

fn zones(ring: &Ring) -> Option<Finding> {
    let zones = ring.topology().zones();
    let factor = ring.config().replication_factor;
    let unnamed = zones.iter().any(|zone| zone.is_empty());
    if !ring.config().zone_awareness_enabled {
        let several = zones.len() > 1;
        return several.then(|| {
            finding(
                "zones",
                Severity::Warning,
                format!("The instances name {} zones, but zone awareness is off here.", zones.len()),
                "Loki ignores zones unless ring.zone_awareness_enabled is set; the page cannot know whether it is.",
                "Switch zone awareness on above if your configuration does.",
            )
        });
    }
    if unnamed {
        return Some(finding(
            "zones",
            Severity::Warning,
            "Zone awareness is on, but some instances have no zone.",
            "An instance without a zone is not counted towards any, so replicas may share a place.",
            "Set instance_availability_zone on every ingester.",
        ));
    }
    (zones.len() < factor).then(|| {
        finding(
            "zones",
            Severity::Warning,
            match zones.len() {
                1 => format!("A single zone for replication factor {factor}."),
                count => format!("{count} zones for replication factor {factor}."),
            },
            "With zone awareness a key gets at most one replica a zone, so it gets fewer replicas than configured.",
            "Use at least as many zones as the replication factor.",
        )
    })
}

/// Products that share the ring's code, by the first word of their instances' names.
const PRODUCTS: [&str; 6] = ["loki", "mimir", "tempo", "cortex", "pyroscope", "enterprise-logs"];

/// Instances that are called like another product's than most.
fn foreign(ring: &Ring) -> Option<Finding> {
    let product = |id: &str| PRODUCTS.into_iter().find(|product| id.to_ascii_lowercase().contains(product));
    let count = |wanted: &str| ring.instances().iter().filter(|(id, _)| product(id) == Some(wanted)).count();
    let home =
        PRODUCTS.into_iter().max_by_key(|product| count(product)).filter(|product| count(product) > 0)?;
    let strangers = ring.instances().iter().map(|(id, _)| id);
    let strangers = Vec::from_iter(strangers.filter(|id| product(id).is_some_and(|other| other != home)));
    let first = strangers.first()?;
    Some(
        finding(
            "foreign",
            Severity::Critical,
            format!("{first} is called like another product\u{2019}s, among {} of {home}\u{2019}s.", count(home)),
            "Two clusters have merged by gossip, as happens when an IP address is used again by a pod of another \
             product and neither has a cluster label. Streams whose replicas are strangers fail.",
            "Set memberlist.cluster_label in both, with cluster_label_verification_disabled true while it rolls out; \
             then forget the strangers here.",
        )
        .checked_by(
            "curl -s -H 'Accept: application/json' http://LOKI:3100/memberlist | jq -r '.SortedMembers[] | .Name, .Addr'",
        ),
    )
}

/// Two living entries at one address: one pod under two names, or an address that was used again.
fn shared_addresses(ring: &Ring) -> Option<Finding> {
    let mut addresses: Vec<(&str, &str)> =
        ring.instances().iter().map(|(id, instance)| (&*instance.addr, &**id)).collect();
    addresses.retain(|(address, _)| !address.is_empty());
    addresses.sort_unstable();
    let pair = addresses.windows(2).find(|pair| pair[0].0 == pair[1].0)?;
    let ((address, one), (_, other)) = (pair[0], pair[1]);
    Some(finding(
        "shared-addresses",
        Severity::Warning,
        format!("{one} and {other} have one address, {address}."),
        "A pod came back under another name, or its address went to another one. Both entries count: one of them is \
         a ghost that others keep asking.",
        "Forget the one that is gone, and give the pods names that stay (a StatefulSet, or instance_id).",
    ))
}

fn contested_tokens(ring: &Ring) -> Option<Finding> {
    let claimed: usize = ring.instances().iter().map(|(_, instance)| instance.tokens.len()).sum();
    let lost = claimed - ring.topology().tokens().len();
    (lost > 0).then(|| {
        finding(
            "contested-tokens",
            Severity::Warning,
            format!("{lost} tokens are claimed by two instances."),
            "The next merge gives each to one of them: not to one that is LEAVING, else to the smaller ID.",
            "Normal for seconds after instances started at once. If it lasts, look for copied tokens files.",
        )
    })
}

fn uneven_ownership(ring: &Ring, judgement: &Judgement) -> Option<Finding> {
    let ratio = |report: &InstanceReport| report.percent / report.expected_percent;
    let fair = judgement.instances.iter().filter(|report| report.expected_percent > 0.0);
    let most = fair.max_by(|a, b| ratio(a).total_cmp(&ratio(b)))?;
    (ratio(most) > 1.5).then(|| {
        finding(
            "uneven-ownership",
            Severity::Info,
            format!(
                "{} owns {}, {:.1} times its fair share.",
                ring.id(most.index),
                percent(most.percent),
                ratio(most)
            ),
            "Random tokens do not lie evenly; the fewer an instance has, the more its share strays.",
            "More tokens an instance (ingester.lifecycler.num_tokens) even it out; the streams' sizes matter more.",
        )
    })
}

/// The first few IDs, and how many more there are.
fn names<'a>(ring: &Ring, reports: impl Iterator<Item = &'a InstanceReport>) -> String {
    const SHOWN: usize = 5;
    let ids: Vec<&str> = reports.map(|report| &**ring.id(report.index)).collect();
    match ids.len() {
        0..=SHOWN => ids.join(", "),
        count => format!("{} and {} more", ids[..SHOWN].join(", "), count - SHOWN),
    }
}

fn are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

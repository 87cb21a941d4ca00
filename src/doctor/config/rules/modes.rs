//! What is deployed, in which version, and what the chart does besides.

use super::super::Severity::{Act, Look, Note};
use super::super::keys::{MEMBERLIST, since};
use super::super::yaml::NodeId;
use super::super::{Finding, Mode};
use super::{Config, finding};

pub(super) fn find(config: &Config<'_>, findings: &mut Vec<Finding>) {
    findings.extend(scalable(config));
    findings.extend(too_new(config));
    findings.extend(policy(config));
    findings.extend(udp(config));
    findings.extend(own_text(config));
    findings.extend(other_documents(config));
}

fn scalable(config: &Config<'_>) -> Option<Finding> {
    let why = "The targets read, write and backend are in Loki 3.7 and before, and gone from the main branch after 3.8: it \
               stops with \"unrecognised module name\".";
    let advice = "Stay with Loki 3.7, or plan the way to single binaries (up to some tens of GB a day) or to \
                  microservices.";
    let source = "https://grafana.com/docs/loki/latest/setup/upgrade/";
    if let Some(topology) = config.topology() {
        let line = topology.mode_line?;
        let severity = match topology.version {
            Some(version) if version >= (4, 0) => Act,
            Some(version) if version >= (3, 8) => Look,
            _ => Note,
        };
        return (topology.mode == Mode::SimpleScalable).then(|| {
            let what = "deploymentMode SimpleScalable has no future.";
            finding(("SCALABLE-GONE", severity), Some(line), what, why, advice, source)
        });
    }
    let target = config.text("target")?;
    let target = target.split(',').find(|target| matches!(target.trim(), "read" | "write" | "backend"))?;
    let what = format!("The target {target} has no future.");
    Some(finding(("SCALABLE-GONE", Note), config.line("target"), what, why, advice, source))
}

fn too_new(config: &Config<'_>) -> Option<Finding> {
    let version = config.topology()?.version?;
    let keys = MEMBERLIST.iter().map(|known| format!("memberlist.{}", known.0));
    let (key, first) = keys
        .filter(|key| config.is_given(key))
        .find_map(|key| Some((since(&key).filter(|first| version < *first)?, key)))
        .map(|(first, key)| (key, first))?;
    Some(
        finding(
            ("KEY-TOO-NEW", Act),
            config.line(&key),
            format!("Loki {}.{} does not know {key}; {}.{} does.", version.0, version.1, first.0, first.1),
            "Loki stops when its configuration has a key that it does not know.",
            "Take it out, or use a later version (loki.image.tag).",
            "dskit kv/memberlist/memberlist_client.go:216-263",
        )
        .fixed_by(config.fix([config.delete(&key)])),
    )
}

fn policy(config: &Config<'_>) -> Option<Finding> {
    let entry = config.file.at("networkPolicy.enabled")?;
    let is_on = config.is_helm() && config.file.tree.node(entry.value.node).text() == Some("true");
    is_on.then(|| {
        finding(
            ("NETWORK-POLICY", Note),
            Some(entry.line),
            "The chart's network policies let pods talk to each other only within their namespace.",
            "Gossip is TCP on 7946, nothing by UDP. Pods that join from another namespace need a policy of their own, in \
             both directions.",
            "Nothing, if all of Loki is in one namespace.",
            "production/helm/loki/templates/networkpolicy.yaml; https://github.com/grafana/loki/issues/9657",
        )
    })
}

/// A policy among the extra objects that opens the port for the wrong protocol.
fn udp(config: &Config<'_>) -> Option<Finding> {
    let tree = &config.file.tree;
    let objects = config.file.at("extraObjects")?.value.node;
    let policies = tree.node(objects).items().iter().map(|item| item.node).filter(|object| {
        let kind = tree.own(*object, "kind").and_then(|entry| tree.node(entry.value.node).text());
        kind == Some("NetworkPolicy")
    });
    let mut ports = Vec::new();
    for policy in policies {
        for direction in ["ingress", "egress"] {
            let Some(rules) = tree.find(policy, &["spec", direction]) else { continue };
            for rule in tree.node(rules.value.node).items() {
                let Some(list) = tree.own(rule.node, "ports") else { continue };
                ports.extend(tree.node(list.value.node).items().iter().map(|item| item.node));
            }
        }
    }
    let text =
        |port: NodeId, key: &str| tree.own(port, key).and_then(|entry| tree.node(entry.value.node).text());
    let gossip = Vec::from_iter(ports.into_iter().filter(|port| text(*port, "port") == Some("7946")));
    let udp = gossip.iter().copied().find(|port| text(*port, "protocol") == Some("UDP"))?;
    let has_tcp = gossip.iter().any(|port| matches!(text(*port, "protocol"), None | Some("TCP")));
    if has_tcp {
        return None;
    }
    let entry = tree.own(udp, "protocol")?;
    let edits = gossip
        .iter()
        .map(|port| config.editor().replace(tree.node(tree.own(*port, "protocol")?.value.node), "TCP"));
    let edits = edits.collect::<Option<Vec<_>>>();
    Some(
        finding(
            ("POLICY-UDP", Act),
            Some(entry.line),
            "A network policy opens 7946 for UDP, but gossip is TCP.",
            "Grafana's memberlist sends everything over TCP; with this policy no pod reaches another.",
            "Make it TCP.",
            "dskit kv/memberlist/tcp_transport.go; https://github.com/grafana/loki/issues/9657",
        )
        .fixed_by(edits.and_then(|edits| super::Fix::new(config.file.text, edits))),
    )
}

fn own_text(config: &Config<'_>) -> Option<Finding> {
    config.file.has_own_text.then(|| {
        finding(
            ("CONFIG-TEXT", Note),
            config.file.at("loki.config").map(|entry| entry.line),
            "loki.config is a template of its own, so what Loki reads is not known here.",
            "It takes the place of what the chart would write. Only what the chart itself decides was examined: replicas \
             and the memberlist service.",
            "Examine what comes out: curl -s http://LOKI:3100/config.",
            "production/helm/loki/values.yaml",
        )
    })
}

fn other_documents(config: &Config<'_>) -> Option<Finding> {
    let others = config.file.other_documents;
    (others > 0).then(|| {
        finding(
            ("DOCUMENTS", Note),
            None,
            format!(
                "There {} more in the text; one was examined.",
                if others == 1 { "is one document".into() } else { format!("are {others} documents") }
            ),
            "Loki and Helm read one document of a file.",
            "Examine each by itself.",
            "loki pkg/util/cfg/files.go",
        )
    })
}

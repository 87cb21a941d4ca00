//! Whom a starting node asks for the cluster: `memberlist.join_members`.

use super::super::Severity::{Act, Look, Note};
use super::super::diff::Fix;
use super::super::edit::Edit;
use super::super::value::shown;
use super::super::yaml::Node;
use super::super::{Finding, Flavour};
use super::{Config, Member, finding, quoted};

const KEY: &str = "memberlist.join_members";
const DISCOVERY: &str = "dskit dns/provider.go:129-177, kv/memberlist/memberlist_client.go:932-960";
const NOWHERE: [&str; 8] =
    ["example.com", "example.org", "changeme", "change-me", "todo", "<", "your-", "xxx"];
const OTHER_PRODUCTS: [&str; 5] = ["mimir", "tempo", "cortex", "pyroscope", "thanos"];
/// Ports that something else of Loki's listens on.
const OTHER_PORTS: [&str; 6] = ["80", "443", "3100", "9095", "9096", "8500"];

pub(super) fn find(config: &Config<'_>, findings: &mut Vec<Finding>) {
    findings.extend(chart_list_lost(config));
    findings.extend(nobody(config));
    let Some(members) = config.list(KEY).filter(|_| config.is_given(KEY)) else { return };
    let mut found: Vec<(Finding, Vec<Option<Edit>>)> = Vec::new();
    for (index, text) in members.iter().enumerate().take(MOST) {
        let member = Member::of(text);
        let place = Place { config, index, is_only: members.len() < 2 };
        let first = form(&place, &member)
            .or_else(|| nowhere(&place, &member))
            .or_else(|| without_port(&place, &member))
            .or_else(|| unlikely_port(&place, &member))
            .or_else(|| loopback(&place, &member))
            .or_else(|| other_product(&place, &member))
            .or_else(|| plain_name(&place, &member));
        let Some((finding, edit)) = first else { continue };
        match found.iter_mut().find(|(known, _)| known.rule == finding.rule) {
            Some((_, edits)) => edits.push(edit),
            None => found.push((finding, vec![edit])),
        }
    }
    findings.extend(found.into_iter().map(|(mut finding, edits)| {
        let (more, takes_out) = (edits.len() - 1, edits.iter().flatten().any(|edit| edit.with.is_empty()));
        if more > 0 {
            finding.what.push_str(&format!(" The same with {more} more."));
        }
        // A list from which everything is taken is another mistake.
        let edits =
            edits.into_iter().collect::<Option<Vec<_>>>().filter(|_| !takes_out || more + 1 < members.len());
        let fix = edits.and_then(|edits| Fix::new(config.file.text, edits));
        finding.fixed_by(fix)
    }));
    findings.extend(moved_port(config, members));
}

/// How many members are looked at; a cluster names a handful.
const MOST: usize = 100;

type Found = (Finding, Option<Edit>);

/// An item of the list in the text.
struct Place<'a, 'b> {
    config: &'b Config<'a>,
    index: usize,
    is_only: bool,
}

impl<'a> Place<'a, '_> {
    fn list(&self) -> Option<&'a Node> {
        let file = self.config.file;
        Some(file.tree.node(file.given(KEY)?.value.node))
    }

    fn item(&self) -> Option<&'a Node> {
        Some(self.config.file.tree.node(self.list()?.items().get(self.index)?.node))
    }

    fn line(&self) -> Option<usize> {
        self.item().map(|item| item.line).or_else(|| self.config.line(KEY))
    }

    fn edit(&self, text: &str) -> Option<Edit> {
        self.config.editor().replace(self.item()?, &quoted(text))
    }

    fn removed(&self) -> Option<Edit> {
        self.config.editor().remove(self.list()?, self.index)
    }
}

fn chart_list_lost(config: &Config<'_>) -> Option<Finding> {
    if config.file.flavour != Flavour::Helm || config.list(KEY).is_none_or(|members| !members.is_empty()) {
        return None;
    }
    let entry = config.file.at("loki.memberlistConfig")?;
    Some(
        finding(
            ("CHART-MEMBERLIST", Act),
            Some(entry.line),
            "loki.memberlistConfig has no join_members, and takes the place of the chart's own.",
            "The chart writes its join_members only where memberlistConfig is empty. Without them the pods know \
             nobody, and the rings go to Consul at localhost:8500, which is Loki's default.",
            "Use loki.extraMemberlistConfig, which adds to what the chart writes.",
            "production/helm/loki/values.yaml; https://github.com/grafana/loki/pull/8446",
        )
        .fixed_by(config.fix([config.editor().rename(entry, "extraMemberlistConfig")])),
    )
}

fn nobody(config: &Config<'_>) -> Option<Finding> {
    let members = config.list(KEY)?;
    if config.is_helm() || !members.is_empty() || !config.uses_memberlist() {
        return None;
    }
    // One process that keeps a ring for itself is fine.
    let factor = config.replication_factor().filter(|factor| *factor > 1)?;
    // A flag may give them; what /config prints, and an empty list, would show.
    let severity = if config.is_given(KEY) { Act } else { Look };
    Some(finding(
        ("JOIN-NONE", severity),
        config.line(KEY).or_else(|| config.line("ingester.lifecycler.ring.kvstore.store")),
        "The rings are in memberlist, but join_members is empty.",
        format!(
            "Every process then has a ring of its own with only itself in it; with replication factor {factor} no \
             push succeeds. It also means that nobody's failure to join is ever logged."
        ),
        "Set memberlist.join_members to a name that resolves to all pods, such as \
         dns+loki-memberlist.NAMESPACE.svc.cluster.local:7946.",
        "dskit kv/memberlist/memberlist_client.go:659-736",
    ))
}

fn form(place: &Place<'_, '_>, member: &Member<'_>) -> Option<Found> {
    let text = member.whole;
    if let Some((_, rest)) = text.split_once("://") {
        let host = rest.split(['/', '?']).next().unwrap_or(rest);
        let lookup = member.lookup.map_or_else(String::new, |lookup| format!("{lookup}+"));
        return Some((
            finding(
                ("JOIN-FORM", Act),
                place.line(),
                format!("join_members has a URL: {}.", shown(text)),
                "memberlist takes names and addresses; a URL resolves to nothing.",
                "Leave the scheme and the path out.",
                DISCOVERY,
            ),
            place.edit(&format!("{lookup}{}", memberlist_port(host))),
        ));
    }
    if text.contains(',') || text.trim() != text || text.split_whitespace().count() > 1 {
        let parts = Vec::from_iter(text.split([',', ' ']).filter(|part| !part.is_empty()));
        let item = place.item();
        let list = parts.iter().map(|part| quoted(part)).collect::<Vec<_>>().join(", ");
        let fix = item.filter(|_| place.is_only && !parts.is_empty());
        return Some((
            finding(
                ("JOIN-FORM", Act),
                place.line(),
                format!("join_members has several names in one: {}.", shown(text)),
                "Only the flag -memberlist.join takes names with commas between them; in YAML each is an item.",
                "Make each name an item of the list.",
                "dskit flagext/stringslice.go",
            ),
            fix.and_then(|_| place.config.set(KEY, &format!("[{list}]"))),
        ));
    }
    let lookup = member.lookup?;
    if matches!(lookup, "dns" | "dnssrv" | "dnssrvnoa") {
        return None;
    }
    let meant = match lookup {
        "srv" | "dnssrv+" | "dns+srv" => "dnssrv",
        _ => "dns",
    };
    let rest = &text[lookup.len()..];
    Some((
        finding(
            ("JOIN-FORM", Act),
            place.line(),
            format!("join_members asks for a look-up that there is not: {}+.", shown(lookup)),
            "There are dns+, dnssrv+ and dnssrvnoa+; with any other the member is never found.",
            format!("Use {meant}+."),
            DISCOVERY,
        ),
        place.edit(&format!("{meant}{rest}")),
    ))
}

fn memberlist_port(host: &str) -> String {
    match host.rsplit_once(':') {
        Some((host, port)) if OTHER_PORTS.contains(&port) => format!("{host}:7946"),
        Some(_) => host.to_owned(),
        None => format!("{host}:7946"),
    }
}

fn nowhere(place: &Place<'_, '_>, member: &Member<'_>) -> Option<Found> {
    let lower = member.host.to_ascii_lowercase();
    let is_any = member.address().is_some_and(|address| address.is_unspecified());
    let is_nowhere = is_any
        || member.host.is_empty()
        || NOWHERE.iter().any(|part| lower.contains(part))
        || lower.ends_with(".svc") && lower.matches('.').count() < 2
        || lower.contains(".svc.cluster.local") && lower.split('.').nth(1) == Some("svc");
    is_nowhere.then(|| {
        let why = match (is_any, lower.contains(".svc")) {
            (true, _) => "0.0.0.0 is what a server listens on; nobody can be reached there.",
            (_, true) => "A service's name is NAME.NAMESPACE.svc.cluster.local; the namespace is missing.",
            _ => "It looks like a name that was to be replaced.",
        };
        (
            finding(
                ("JOIN-NOWHERE", Act),
                place.line(),
                format!("join_members has {}, which leads nowhere.", shown(member.whole)),
                why,
                "Put the name of the headless service in front of all pods, or take it out.",
                DISCOVERY,
            ),
            place.removed(),
        )
    })
}

fn without_port(place: &Place<'_, '_>, member: &Member<'_>) -> Option<Found> {
    (member.lookup == Some("dns") && member.port.is_none_or(str::is_empty)).then(|| {
        (finding(
            ("JOIN-PORT-MISSING", Act),
            place.line(),
            format!("{} has no port.", shown(member.whole)),
            "With dns+ the port is mandatory: every look-up fails with \"missing port in address given for dns \
             lookup\", and nobody is found.",
            "Add the port of memberlist, 7946.",
            "dskit dns/resolver.go:54-138",
        ), place.edit(&format!("{}:7946", member.whole.trim_end_matches(':'))))
    })
}

fn unlikely_port(place: &Place<'_, '_>, member: &Member<'_>) -> Option<Found> {
    let port = member.port?;
    let own = [place.config.int("memberlist.bind_port")?, place.config.int("memberlist.advertise_port")?];
    let is_own = port.parse().is_ok_and(|port| own.contains(&port));
    if !OTHER_PORTS.contains(&port) || is_own || member.lookup.is_some_and(|lookup| lookup != "dns") {
        return None;
    }
    let usual = own[0].to_string();
    let start = member.whole.strip_suffix(port)?;
    Some((
        finding(
            ("JOIN-PORT", Act),
            place.line(),
            format!("{} is not the port of memberlist.", shown(member.whole)),
            format!("Others listen for gossip on {usual} (bind_port); on {port} something else answers."),
            format!("Use port {usual}."),
            "dskit kv/memberlist/tcp_transport.go:75-88",
        ),
        place.edit(&format!("{start}{usual}")),
    ))
}

/// Where one's own port was moved, a member without a port still means 7946.
fn moved_port(config: &Config<'_>, members: &[String]) -> Option<Finding> {
    let port = config.int("memberlist.bind_port")?;
    if !config.is_given("memberlist.bind_port") || port == 7946 {
        return None;
    }
    let (index, text) = members.iter().enumerate().find(|(_, text)| {
        let member = Member::of(text);
        member.port.is_none() && member.lookup.is_none() && !text.contains("://")
    })?;
    let place = Place { config, index, is_only: members.len() < 2 };
    let edits = members.iter().enumerate().filter(|(_, text)| Member::of(text).port.is_none());
    let edits =
        edits.map(|(index, text)| Place { config, index, is_only: false }.edit(&format!("{text}:{port}")));
    let edits = edits.collect::<Option<Vec<_>>>();
    Some(
        finding(
            ("JOIN-PORT-MOVED", Act),
            place.line(),
            format!("{} means port 7946, but bind_port is {port}.", shown(text)),
            "A member without a port is asked on 7946, whatever bind_port says. If the others listen on the same \
             port as this one, nobody is found.",
            format!("Write the port: {}:{port}.", shown(text)),
            "dskit kv/memberlist/memberlist_client.go:500-560",
        )
        .fixed_by(edits.and_then(|edits| Fix::new(config.file.text, edits))),
    )
}

fn loopback(place: &Place<'_, '_>, member: &Member<'_>) -> Option<Found> {
    let bound = place.config.list("memberlist.bind_addr")?;
    let told = place.config.text("memberlist.advertise_addr")?;
    // Several processes on one machine find each other so.
    let is_local =
        Member::of(told).is_loopback() || bound.iter().any(|bound| Member::of(bound).is_loopback());
    if !member.is_loopback() || is_local {
        return None;
    }
    let severity = match place.config.ingesters() {
        Some(1) => return None,
        _ if place.is_only && place.config.replication_factor().is_some_and(|factor| factor > 1) => Act,
        _ => Look,
    };
    Some((
        finding(
            ("JOIN-LOOPBACK", severity),
            place.line(),
            format!("join_members has this very machine: {}.", shown(member.whole)),
            "A node that asks itself always succeeds, so a failure to find the others is never seen.",
            "Name the others: the headless service in front of all pods.",
            "dskit kv/memberlist/memberlist_client.go:760-798",
        ),
        place.removed(),
    ))
}

fn other_product(place: &Place<'_, '_>, member: &Member<'_>) -> Option<Found> {
    let lower = member.host.to_ascii_lowercase();
    let product = OTHER_PRODUCTS.iter().find(|product| lower.contains(*product))?;
    (!lower.contains("loki")).then(|| {
        (finding(
            ("JOIN-OTHER", Look),
            place.line(),
            format!("join_members has a {product}: {}.", shown(member.whole)),
            "Without different cluster labels the two clusters become one: each then sees the other's members, and \
             entries of one may appear in, or be forgotten from, the rings of the other.",
            "Name Loki's own service, and give each cluster its cluster_label.",
            "https://github.com/grafana/loki/issues/10172; https://github.com/grafana/tempo/issues/2766",
        ), place.removed())
    })
}

fn plain_name(place: &Place<'_, '_>, member: &Member<'_>) -> Option<Found> {
    if member.lookup.is_some() || member.address().is_some() || !member.host.contains('.') {
        return None;
    }
    let port = member.port.unwrap_or("7946");
    Some((
        finding(
            ("JOIN-PLAIN", Note),
            place.line(),
            format!("{} has no dns+ before it.", shown(member.whole)),
            "It counts as one member, whatever it resolves to, and it is not looked up again while a node starts: if \
             it does not resolve yet, the node logs \"failed to fast-join\" and goes on alone until it joins later. \
             That line is harmless.",
            format!("dns+{}:{port} is looked up again and again while a node starts.", member.host),
            "https://github.com/grafana/loki/issues/7907",
        ),
        place.edit(&format!("dns+{}:{port}", member.host)),
    ))
}

use std::collections::BTreeSet;

use super::*;
use crate::sim::{Group, Target};

/// Options that are no setting of the panel, and why.
const EXCEPTIONS: [(&str, &str); 4] = [
    ("groups", "each group has its own settings"),
    ("epoch", "the date only shows in texts of time"),
    ("journal", "how much of a run is kept, not what happens in it"),
    ("journal_packets", "how much of a run is kept, not what happens in it"),
];

#[test]
fn every_option_is_a_setting_or_an_exception_with_a_reason() {
    let options = serde_json::to_value(Options::default()).unwrap();
    let mut paths = BTreeSet::new();
    for (name, value) in options.as_object().unwrap() {
        match value.as_object() {
            Some(fields) => paths.extend(fields.keys().map(|field| format!("{name}.{field}"))),
            None => drop(paths.insert(name.clone())),
        }
    }
    paths.extend(["seed", "until"].map(String::from));
    let known = all().map(|setting| setting.path).chain(EXCEPTIONS.map(|(path, _)| path));
    assert_eq!(
        Vec::from_iter(known.clone().map(String::from).collect::<BTreeSet<_>>()),
        Vec::from_iter(paths)
    );
    assert_eq!(known.clone().count(), known.collect::<BTreeSet<_>>().len(), "each is there once");

    let group = serde_json::to_value(Group::default()).unwrap();
    let fields = BTreeSet::from_iter(group.as_object().unwrap().keys().map(String::as_str));
    assert_eq!(BTreeSet::from_iter(of_group().iter().map(|setting| setting.path)), fields);
}

#[test]
fn every_default_is_the_one_that_options_have() {
    let defaults = Values::defaults();
    for (path, setting) in everything() {
        assert_eq!(defaults.text(&path), setting.default, "{path}");
        assert!(defaults.is_default(&path));
    }
    assert_eq!(defaults.changed(), []);
}

#[test]
fn every_setting_takes_another_value_and_says_it_again() {
    let scenario = plain();
    for (path, setting) in everything() {
        let other = another(setting);
        assert_ne!(other, setting.default, "{path}");
        let changed = set(&scenario, &path, &other).unwrap_or_else(|error| panic!("{path}: {error}"));
        let values = Values::of(&changed);
        assert_eq!(values.text(&path), other, "{path}");
        let changes = values.changed();
        assert_eq!(changes.len(), 1, "{path}: {changes:?}");
        assert_eq!(
            (&*changes[0].path, &*changes[0].value, &*changes[0].before),
            (&*path, &*other, setting.default)
        );
        let back = set(&changed, &path, setting.default).unwrap();
        assert_eq!(back, scenario, "{path}");
    }
}

#[test]
fn the_bounds_of_a_setting_are_those_of_the_engine() {
    for (path, setting) in everything() {
        let scenario = plain();
        let (least, most) = match setting.kind {
            Kind::Count { min, max } => (min.to_string(), max.to_string()),
            Kind::Duration { min } => (min.to_string(), "24h0m0s".into()),
            Kind::Percent => ("0%".into(), "100%".into()),
            _ => continue,
        };
        let is_bound_to_another = ["groups.0.count", "central.latency_max", "network.latency_max"];
        let is_bound_below = ["central.latency_min", "network.latency_min", "memberlist.min_join_backoff"];
        if !is_bound_to_another.contains(&&*path) && path != "memberlist.max_join_backoff" {
            set(&scenario, &path, &least).unwrap_or_else(|error| panic!("{path}: {error}"));
        }
        if !is_bound_below.contains(&&*path) {
            set(&scenario, &path, &most).unwrap_or_else(|error| panic!("{path}: {error}"));
        }
        // The engine takes nothing that the panel would not.
        let raw = |text: &str| scenario.with_settings(&[(path.clone(), text.into())]);
        if let Kind::Count { min: 1.., max } = setting.kind {
            assert!(raw("0").is_err(), "{path}");
            assert!(raw(&(max + 1).to_string()).is_err(), "{path}");
        }
    }
}

#[test]
fn what_may_not_stand_there_is_refused_with_what_may() {
    let error = |path: &str, text: &str| set(&plain(), path, text).unwrap_err().to_string();
    assert_eq!(
        error("replication_factor", "101"),
        "replication_factor: 101 is not possible; allowed: a whole number from 1 to 100"
    );
    assert_eq!(
        error("memberlist.gossip_interval", "0s"),
        "memberlist.gossip_interval: 0s is not possible; allowed: a number with a unit, such as 200ms, 15s, 1m \
         or 1h30m; at least 1ms"
    );
    assert!(error("network.loss", "120%").ends_with("0% to 100%, with at most four decimals"));
    assert!(error("store", "redis").ends_with("memberlist, consul, etcd, inmemory"));
    assert!(error("lifecycler.rings", "distributor, partition").contains("any of distributor"));
    assert!(error("memberlist.gosip", "1s").starts_with("memberlist.gosip: no such setting"));
    assert!(error("groups.1.count", "1").starts_with("groups.1.count: no such setting"));
    assert!(error("memberlist.min_join_backoff", "2m").contains("at least the minimum, 2m0s"));
}

#[test]
fn a_group_says_nothing_where_everybodys_value_holds() {
    let labelled = set(&plain(), "groups.0.cluster_label", "5").unwrap();
    assert_eq!(labelled.options.groups[0].cluster_label.as_deref(), Some("5"));
    let again = set(&labelled, "groups.0.cluster_label", " ").unwrap();
    assert_eq!(again.options.groups[0].cluster_label, None);
}

#[test]
fn settings_are_found_by_lokis_names_and_by_words() {
    let paths = |words: &str| Vec::from_iter(search(words).iter().map(|setting| setting.path));
    assert_eq!(paths("ingester_client.remote_timeout"), ["workload.push_timeout"]);
    assert_eq!(paths("pull push interval"), ["memberlist.pull_push_interval"]);
    assert!(paths("HEARTBEAT age").contains(&"lifecycler.heartbeat_timeout"));
    assert_eq!(paths("no such words"), [""; 0]);
    assert_eq!(paths("").len(), all().count());
}

#[test]
fn one_group_of_ingesters_is_two_numbers() {
    let scenario = plain();
    assert_eq!(front(&scenario), Some(Front { group: 0, ingesters: 3, zones: 1 }));
    let wider = with_zones(&with_ingesters(&scenario, 6).unwrap(), 3).unwrap();
    assert_eq!(front(&wider), Some(Front { group: 0, ingesters: 6, zones: 3 }));
    assert_eq!(wider.options.groups[0].zones, ["zone-a", "zone-b", "zone-c"]);
    assert_eq!(with_ingesters(&with_zones(&wider, 1).unwrap(), 3).unwrap(), scenario);
    assert!(with_zones(&scenario, 0).is_err() && with_zones(&scenario, 27).is_err());
    assert!(with_ingesters(&scenario, 0).is_err());

    let queried = add_group(&wider, Target::Querier).unwrap();
    assert_eq!(front(&queried), front(&wider));
    let mixed = add_group(&add_group(&queried, Target::All).unwrap(), Target::Querier).unwrap();
    let names = Vec::from_iter(mixed.options.groups.iter().map(|group| &*group.name));
    assert_eq!(names, ["loki", "querier", "loki-2", "querier-2"]);
    assert_eq!(front(&mixed), None);
    assert_eq!(with_ingesters(&mixed, 9).unwrap(), mixed);
    assert_eq!(remove_group(&queried, 1).unwrap(), wider);
    assert!(remove_group(&scenario, 0).is_err() && remove_group(&scenario, 1).is_err());
}

#[test]
fn what_a_running_cluster_takes_is_a_command() {
    let command = |path: &str, text: &str| live_command(&set(&plain(), path, text).unwrap(), path);
    assert_eq!(command("network.loss", "2%"), Some(Command::Loss { millionths: 20_000 }));
    assert_eq!(command("groups.0.count", "5"), Some(Command::Scale { group: "loki".into(), count: 5 }));
    assert_eq!(command("groups.0.count", "1001"), None);
    assert_eq!(command("memberlist.gossip_interval", "1s"), None);
    for (path, setting) in everything() {
        let command = command(&path, &another(setting));
        assert_eq!(command.is_some(), is_live(&path), "{path}");
        if let Some(command) = command {
            crate::sim::Simulation::of(&plain()).unwrap().check(&command).unwrap();
        }
    }
}

fn everything() -> impl Iterator<Item = (String, &'static Setting)> {
    let of_groups = of_group().iter().map(|setting| (format!("groups.0.{}", setting.path), setting));
    all().map(|setting| (setting.path.to_owned(), setting)).chain(of_groups)
}

/// A value that is allowed and not the default.
fn another(setting: &Setting) -> String {
    match setting.kind {
        Kind::Bool => (setting.default == "false").to_string(),
        Kind::Count { min, max } => {
            let default = setting.default.parse().unwrap_or(max);
            if default < max { (default + 1).to_string() } else { min.max(2).to_string() }
        }
        Kind::Duration { .. } if setting.path.ends_with("_min") => "200\u{b5}s".into(),
        Kind::Duration { .. } if setting.path.contains(".min_") => "1.5s".into(),
        Kind::Duration { .. } => "2m0.5s".into(),
        Kind::Percent => "2.5%".into(),
        Kind::Choice(choices) => (*choices.iter().find(|choice| **choice != setting.default).unwrap()).into(),
        Kind::Subset(choices) => choices[choices.len() - 1].into(),
        Kind::List => "zone-a, 7".into(),
        Kind::Text if setting.path == "address" => "10.1.2.3".into(),
        Kind::Text => "true".into(),
    }
}

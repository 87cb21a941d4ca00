//! A cluster's options as Loki would read them: the part of its configuration that decides about rings.
//!
//! Loki derives much of its configuration (loki pkg/loki/config_wrapper.go:71-125): `memberlist.join_members`
//! alone puts all rings into memberlist, and whatever is set in `common.ring` sets the whole of it for every
//! ring, heartbeats of 15 s included. What is written here comes out of that as the options are.

use serde_json::Value;

use crate::sim::{Options, Span, StoreKind};

use super::settings::{self, Setting};

/// The configuration: what differs from Loki's own defaults, or with `all` every setting that Ringside models.
/// Each value that differs has a comment; what only some pods have stands in the comment on top.
pub fn to_loki_yaml(options: &Options, all: bool) -> String {
    let mut configuration = Block::default();
    let values = serde_json::to_value(options).unwrap_or_default();
    for setting in settings::all() {
        let Some(path) = setting.loki.filter(|_| !is_written_apart(setting, options)) else { continue };
        let value = values.pointer(&format!("/{}", setting.path.replace('.', "/"))).unwrap_or(&Value::Null);
        configuration.say(all, path, value.clone(), &default_of(setting));
    }
    join_members(options, all, &mut configuration);
    tokens_files(options, &mut configuration);
    rings(options, all, &mut configuration);
    heartbeats(options, all, &mut configuration);
    configuration.sort();
    let mut text = head(options);
    match configuration.0.is_empty() {
        true => text.push_str("# Nothing: Loki's defaults are just so.\n"),
        false => configuration.write(0, &mut text),
    }
    text
}

/// A mapping, in the order in which it is written.
#[derive(Default)]
struct Block(Vec<(String, Node)>);

enum Node {
    Block(Block),
    Value { value: Value, comment: String },
}

/// A ring's place in the configuration.
struct Place {
    /// The ring, as `lifecycler.rings` calls it; the ingesters' is always one.
    name: &'static str,
    period: &'static str,
    timeout: &'static str,
    /// The period when `common.ring` is left alone.
    seconds: u64,
}

const PLACES: [Place; 7] = [
    Place {
        name: "ingester",
        period: "ingester.lifecycler.heartbeat_period",
        timeout: "ingester.lifecycler.ring.heartbeat_timeout",
        seconds: 5,
    },
    Place {
        name: "distributor",
        period: "distributor.ring.heartbeat_period",
        timeout: "distributor.ring.heartbeat_timeout",
        seconds: 5,
    },
    Place {
        name: "compactor",
        period: "compactor.compactor_ring.heartbeat_period",
        timeout: "compactor.compactor_ring.heartbeat_timeout",
        seconds: 15,
    },
    Place {
        name: "scheduler",
        period: "query_scheduler.scheduler_ring.heartbeat_period",
        timeout: "query_scheduler.scheduler_ring.heartbeat_timeout",
        seconds: 15,
    },
    Place {
        name: "index-gateway",
        period: "index_gateway.ring.heartbeat_period",
        timeout: "index_gateway.ring.heartbeat_timeout",
        seconds: 15,
    },
    Place {
        name: "ruler",
        period: "ruler.ring.heartbeat_period",
        timeout: "ruler.ring.heartbeat_timeout",
        seconds: 5,
    },
    Place {
        name: "pattern-ingester",
        period: "pattern_ingester.lifecycler.heartbeat_period",
        timeout: "pattern_ingester.lifecycler.ring.heartbeat_timeout",
        seconds: 5,
    },
];

/// Which setting of Loki's switches a ring on: what it is set to, what it is set to without the ring, and
/// which of them is the default.
const SWITCHES: [(&str, &str, [&str; 2], usize); 5] = [
    ("distributor", "limits_config.ingestion_rate_strategy", ["global", "local"], 0),
    ("scheduler", "query_scheduler.use_scheduler_ring", ["true", "false"], 0),
    ("index-gateway", "index_gateway.mode", ["ring", "simple"], 1),
    ("ruler", "ruler.enable_sharding", ["true", "false"], 1),
    ("pattern-ingester", "pattern_ingester.enabled", ["true", "false"], 1),
];

fn is_written_apart(setting: &Setting, options: &Options) -> bool {
    let is_apart = ["memberlist.join_members", "store", "lifecycler.persist_tokens"].contains(&setting.path)
        || setting.path.starts_with("lifecycler.heartbeat_");
    is_apart || setting.path.starts_with("memberlist.") && options.store != StoreKind::Memberlist
}

fn default_of(setting: &Setting) -> Value {
    let is_text = matches!(setting.kind, settings::Kind::Duration { .. } | settings::Kind::Text);
    let parsed = serde_json::from_str(setting.default).ok().filter(|_| !is_text);
    parsed.unwrap_or_else(|| setting.default.into())
}

/// Loki knows nobody by default, so whoever is asked is always written.
fn join_members(options: &Options, all: bool, configuration: &mut Block) {
    if options.store == StoreKind::Memberlist {
        let members = Value::from(options.memberlist.join_members.clone());
        configuration.say(all, "memberlist.join_members", members, &Value::Array(Vec::new()));
    }
}

fn tokens_files(options: &Options, configuration: &mut Block) {
    if options.lifecycler.persist_tokens {
        configuration.put("common.path_prefix", "/var/loki".into(), "persist_tokens needs it".into());
        configuration.say(false, "common.persist_tokens", true.into(), &false.into());
    }
}

fn rings(options: &Options, all: bool, configuration: &mut Block) {
    for (name, path, words, default) in SWITCHES {
        let is_on = options.lifecycler.rings.iter().any(|ring| ring == name);
        let [value, default] = [words[usize::from(!is_on)], words[default]]
            .map(|word| word.parse().map_or_else(|_| Value::from(word), Value::Bool));
        configuration.say(all, path, value, &default);
    }
}

/// The store and the heartbeats, which are bound together by `common.ring`: once anything is set in it, all of
/// it holds for all rings.
fn heartbeats(options: &Options, all: bool, configuration: &mut Block) {
    const PERIOD: Span = Span::secs(5);
    const TIMEOUT: Span = Span::secs(60);

    let (period, timeout) = (options.lifecycler.heartbeat_period, options.lifecycler.heartbeat_timeout);
    let is_on = |place: &&Place| {
        place.name == "ingester" || options.lifecycler.rings.iter().any(|ring| ring == place.name)
    };
    let places = || PLACES.iter().filter(is_on);
    let text = |span: Span| Value::from(span.to_string());
    let is_implied = options.store == StoreKind::Memberlist && !options.memberlist.join_members.is_empty();
    if is_implied && period == PERIOD {
        for place in places() {
            let usual = text(Span::secs(place.seconds));
            configuration.say(all, place.period, usual.clone(), &usual);
            configuration.say(all, place.timeout, text(timeout), &text(TIMEOUT));
        }
        return;
    }
    let store = serde_json::to_value(options.store).unwrap_or_default();
    configuration.say(true, "common.ring.kvstore.store", store, &"consul".into());
    configuration.say(true, "common.ring.heartbeat_period", text(period), &text(Span::secs(15)));
    configuration.say(all, "common.ring.heartbeat_timeout", text(timeout), &text(TIMEOUT));
    for place in places().filter(|place| period == PERIOD && Span::secs(place.seconds) != PERIOD) {
        let comment = "its default, which common.ring would change".to_owned();
        configuration.put(place.period, text(Span::secs(place.seconds)), comment);
    }
}

/// What the file is, and what it cannot say since it differs between pods.
fn head(options: &Options) -> String {
    let mut head = "# A part of Loki's configuration: the rings of this cluster. What is not here is Loki's \
                    default.\n# Of single pods:\n"
        .to_owned();
    let values = serde_json::to_value(&options.groups).unwrap_or_default();
    for (number, group) in options.groups.iter().enumerate() {
        let fields = settings::of_group().iter().filter_map(|setting| {
            let value = values.get(number)?.get(setting.path)?;
            let items = value.as_array().map_or_else(|| vec![value], |items| items.iter().collect());
            let items = Vec::from_iter(items.into_iter().filter_map(Value::as_str).map(plain));
            (!items.is_empty()).then(|| Some(format!("{}: {}", setting.loki?, items.join(", "))))?
        });
        let foreign = if group.foreign { ", another cluster" } else { "" };
        let fields = fields.collect::<Vec<_>>().join("; ");
        head.push_str(&format!("#   {} ({} pods{foreign}): {fields}\n", plain(&group.name), group.count));
    }
    if options.memberlist.zone_aware_routing {
        head.push_str(
            "#   memberlist.zone_aware_routing.instance_availability_zone: each pod's zone; role: bridge for \
             the first pod of each zone\n",
        );
    }
    head
}

/// A text that stays within its line.
fn plain(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._:+/".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) { text.to_owned() } else { format!("{text:?}") }
}

impl Block {
    /// Puts a value unless it is Loki's default and only differences are asked for.
    fn say(&mut self, all: bool, path: &str, value: Value, default: &Value) {
        let is_default = value == *default;
        let comment = match default {
            _ if is_default => String::new(),
            Value::String(text) if text.is_empty() => "default: none".to_owned(),
            Value::Array(items) if items.is_empty() => "default: none".to_owned(),
            Value::String(text) => format!("default: {text}"),
            other => format!("default: {other}"),
        };
        if all || !is_default {
            self.put(path, value, comment);
        }
    }

    fn put(&mut self, path: &str, value: Value, comment: String) {
        let Some((name, rest)) = path.split_once('.') else {
            self.0.push((path.to_owned(), Node::Value { value, comment }));
            return;
        };
        let known = self.0.iter().position(|(known, node)| known == name && matches!(node, Node::Block(_)));
        let at = known.unwrap_or_else(|| {
            self.0.push((name.to_owned(), Node::Block(Self::default())));
            self.0.len() - 1
        });
        if let Node::Block(block) = &mut self.0[at].1 {
            block.put(rest, value, comment);
        }
    }

    fn write(&self, depth: usize, text: &mut String) {
        for (name, node) in &self.0 {
            let indent = "  ".repeat(depth);
            match node {
                Node::Block(block) => {
                    text.push_str(&format!("{indent}{name}:\n"));
                    block.write(depth + 1, text);
                }
                Node::Value { value, comment } => {
                    let comment = if comment.is_empty() { String::new() } else { format!("  # {comment}") };
                    match value.as_array().filter(|items| !items.is_empty()) {
                        Some(items) => {
                            text.push_str(&format!("{indent}{name}:{comment}\n"));
                            items
                                .iter()
                                .for_each(|item| text.push_str(&format!("{indent}  - {}\n", scalar(item))));
                        }
                        None => text.push_str(&format!("{indent}{name}: {}{comment}\n", scalar(value))),
                    }
                }
            }
        }
    }

    /// First what holds for all of Loki; values before blocks.
    fn sort(&mut self) {
        const FIRST: [&str; 3] = ["common", "memberlist", "ingester"];

        self.0.sort_by_key(|(name, node)| {
            let rank = FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len());
            (matches!(node, Node::Block(_)), rank)
        });
        for (_, node) in &mut self.0 {
            if let Node::Block(block) = node {
                block.sort();
            }
        }
    }
}

/// A value as YAML has it in one line: JSON, but that plain words go without quotes.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if is_word(text) => text.clone(),
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

/// Whether no reader of YAML takes a text for anything else: it is a name or a path, and none of the
/// words that are truths in YAML 1.1, which Loki's reader knows; or it is a duration.
fn is_word(text: &str) -> bool {
    const OTHER: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_+/.".contains(c);
    let is_name = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text.split(':').all(|part| !part.is_empty() && part.chars().all(is_plain))
        && !OTHER.contains(&&*text.to_ascii_lowercase());
    is_name
        || crate::go::duration::parse(text)
            .is_ok_and(|span| Span(span).to_string() == text && text.is_ascii())
}

/// A text in quotes. What YAML would fold or refuse is escaped beyond what JSON does.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            c if c.is_alphanumeric() => quoted.push(c),
            c => quoted.push_str(&format!("\\U{:08X}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::swarm;
    use crate::sim::Group;

    /// Texts that some reader of YAML takes for something else.
    const WORDS: [&str; 22] = [
        "yes",
        "a: b",
        "1_0",
        "\u{2028}x",
        "#",
        "x\ny",
        "",
        "~",
        "1:20",
        "0x1f",
        "1e3",
        ".inf",
        "<<",
        "=",
        "a:",
        "- a",
        "2026-01-01",
        "null",
        "\u{85}\u{feff}\t\u{1f600}",
        "\"\\",
        "N",
        "[a",
    ];

    fn without_head(text: &str) -> &str {
        let head = text.lines().take_while(|line| line.starts_with('#')).map(|line| line.len() + 1).sum();
        text.get(head..).unwrap_or_default()
    }

    #[test]
    fn what_might_be_something_else_is_quoted_and_a_plain_word_is_not() {
        for text in WORDS {
            let read: Value = serde_saphyr::from_str(&format!("x: {}", scalar(&text.into()))).unwrap();
            assert_eq!(read["x"], text);
            assert!(scalar(&text.into()).starts_with('"'), "{text}");
        }
        for text in ["dns+gossip-ring:7946", "1m0s", "200ms", "memberlist", "ring", "/var/loki"] {
            assert_eq!(scalar(&text.into()), text);
        }
    }

    #[test]
    fn nothing_but_what_differs_from_lokis_defaults_is_written() {
        let mut options = Options::default();
        let text = to_loki_yaml(&options, false);
        let short = "memberlist:\n  join_members:  # default: none\n    - dns+gossip-ring:7946\n\
                     index_gateway:\n  mode: ring  # default: simple\n";
        assert_eq!(without_head(&text), short, "{text}");
        assert!(text.starts_with("# A part of Loki's configuration"), "{text}");
        assert!(text.contains("\n#   loki (3 pods): target: all\n"), "{text}");
        options.replication_factor = 1;
        options.memberlist.gossip_interval = Span::secs(1);
        options.memberlist.cluster_label = "on".into();
        options.lifecycler.heartbeat_timeout = Span::secs(120);
        options.lifecycler.persist_tokens = true;
        options.lifecycler.rings = vec!["ruler".into()];
        let long = "common:
  path_prefix: /var/loki  # persist_tokens needs it
  persist_tokens: true  # default: false
  replication_factor: 1  # default: 3
memberlist:
  gossip_interval: 1s  # default: 200ms
  cluster_label: \"on\"  # default: none
  join_members:  # default: none
    - dns+gossip-ring:7946
ingester:
  lifecycler:
    ring:
      heartbeat_timeout: 2m0s  # default: 1m0s
query_scheduler:
  use_scheduler_ring: false  # default: true
limits_config:
  ingestion_rate_strategy: local  # default: global
ruler:
  enable_sharding: true  # default: false
  ring:
    heartbeat_timeout: 2m0s  # default: 1m0s
";
        let lines = |text: &str| Vec::from_iter(text.lines().map(String::from));
        let (said, everything) = (to_loki_yaml(&options, false), to_loki_yaml(&options, true));
        let mut said = lines(without_head(&said));
        let everything = lines(&everything);
        assert!(said.iter().all(|line| everything.contains(line)), "{said:#?}\n{everything:#?}");
        assert!(everything.contains(&"  max_join_retries: 10".to_owned()), "{everything:#?}");
        said.sort();
        let mut expected = lines(long);
        expected.sort();
        assert_eq!(said, expected);
    }

    #[test]
    fn common_ring_is_written_whole_once_it_is_needed() {
        let mut options = Options { store: StoreKind::Etcd, ..Options::default() };
        let text = to_loki_yaml(&options, false);
        let common = "common:
  ring:
    heartbeat_period: 5s  # default: 15s
    kvstore:
      store: etcd  # default: consul
index_gateway:
  mode: ring  # default: simple
  ring:
    heartbeat_period: 15s  # its default, which common.ring would change
compactor:
  compactor_ring:
    heartbeat_period: 15s  # its default, which common.ring would change
query_scheduler:
  scheduler_ring:
    heartbeat_period: 15s  # its default, which common.ring would change
";
        assert_eq!(without_head(&text), common, "{text}");
        options.store = StoreKind::Memberlist;
        options.lifecycler.heartbeat_period = Span::secs(60);
        let text = to_loki_yaml(&options, false);
        let common = "common:
  ring:
    heartbeat_period: 1m0s  # default: 15s
    kvstore:
      store: memberlist  # default: consul
memberlist:
  join_members:  # default: none
    - dns+gossip-ring:7946
index_gateway:
  mode: ring  # default: simple
";
        assert_eq!(without_head(&text), common, "{text}");
    }

    #[test]
    fn what_is_written_reads_back_as_the_same_values() {
        for seed in 0..200 {
            let mut options = swarm::scenario(seed).options;
            options.memberlist.cluster_label = WORDS[seed as usize % WORDS.len()].into();
            for all in [false, true] {
                let text = to_loki_yaml(&options, all);
                let read: Value =
                    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
                for setting in settings::all() {
                    let Some(loki) = setting.loki.filter(|_| !is_written_apart(setting, &options)) else {
                        continue;
                    };
                    let values = serde_json::to_value(&options).unwrap();
                    let value = values.pointer(&format!("/{}", setting.path.replace('.', "/"))).unwrap();
                    match read.pointer(&format!("/{}", loki.replace('.', "/"))) {
                        Some(written) => assert_eq!(written, value, "{loki}"),
                        None => assert!(!all && *value == default_of(setting), "{loki}"),
                    }
                }
            }
        }
    }

    #[test]
    fn no_name_leaves_its_comment() {
        let name = "a\nb: c\u{85}d\u{2028}e".to_owned();
        let group = Group { zones: vec![name.clone()], name, ..Group::default() };
        let text = to_loki_yaml(&Options { groups: vec![group], ..Options::default() }, false);
        assert!(text.contains(r#"#   "a\nb: c\u{85}d\u{2028}e" (3 pods): "#), "{text}");
    }
}

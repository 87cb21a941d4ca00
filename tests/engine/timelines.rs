//! What was seen of real processes, second by second, and is seen of simulated ones.
//!
//! The numbers are those of runs of the real libraries with their defaults.

use std::time::Duration;

use ringside::memberlist::State;
use ringside::ring::InstanceState::{Active, Joining, Leaving, Left, Pending};
use ringside::sim::{Command, Happening, Span, Target};
use serde_json::Value;

use super::cluster::{Cluster, each_seed, median_and_worst, ms, secs};

#[test]
fn a_fresh_instance_is_pending_for_a_second_and_then_active_with_all_its_tokens() {
    for seed in 0..5 {
        let cluster = Cluster::of(1).seed(seed).settled();
        let [(first, Pending), (then, Active)] = cluster.ring_states("loki-0", "loki-0")[..] else {
            panic!("{:?}", cluster.ring_states("loki-0", "loki-0"));
        };
        assert_eq!(then - first, secs(1));
        let entry = cluster.entry("loki-0", "loki-0").unwrap();
        assert_eq!(entry.tokens.len(), 128);
    }
}

#[test]
fn it_writes_one_second_after_it_registered_and_its_first_heartbeat_after_five() {
    let mut cluster = Cluster::of(1);
    let registered = cluster
        .until(secs(5), "registered", |it| it.is_up("loki-0") && it.entry("loki-0", "loki-0").is_some());
    cluster.run(ms(1001));
    let entry = cluster.entry("loki-0", "loki-0").unwrap();
    assert_eq!((entry.state, entry.timestamp), (Active, entry.registered_timestamp + 1));
    let again = cluster
        .until(secs(9), "heartbeat", |it| it.entry("loki-0", "loki-0").unwrap().timestamp > entry.timestamp);
    assert!(registered < secs(4));
    assert_eq!(ms(1001) + again, secs(5));
    let entry = cluster.entry("loki-0", "loki-0").unwrap();
    assert_eq!(entry.timestamp, entry.registered_timestamp + 5);
}

#[test]
fn an_instance_that_comes_back_to_its_joining_entry_gives_up_after_nine_seconds() {
    let mut cluster = Cluster::of(3).with(|options| options.lifecycler.observe_period = Span::secs(30));
    cluster.run(secs(20));
    assert_eq!(cluster.entry("loki-0", "loki-2").unwrap().state, Joining);
    cluster.kill("loki-2").start("loki-2").run(secs(20));
    let warned = cluster.logged("loki-2", "warn instance found in ring as JOINING, setting to PENDING");
    assert_eq!(warned.len(), 10);
    let failed = cluster.logged(
        "loki-2",
        "failed to join the ring ingester: failed to CAS-update key collectors/ring: no change detected",
    );
    assert_eq!(failed[0] - warned[0], secs(9));
    assert!(!cluster.is_up("loki-2"));
    cluster.forget("loki-0", "loki-2").run(secs(1)).start("loki-2").run(secs(60));
    assert_eq!(cluster.shown("loki-0", "loki-2"), "ACTIVE");
}

#[test]
fn a_forgotten_live_instance_is_back_at_its_next_heartbeat_with_its_tokens_and_a_new_registration() {
    for seed in 0..10 {
        let mut cluster = Cluster::of(3).seed(seed).settled();
        cluster.run(ms(seed * 511));
        let before = cluster.entry("loki-0", "loki-2").unwrap();
        cluster.forget("loki-0", "loki-2");
        assert_eq!(cluster.entry("loki-0", "loki-2"), None);
        assert_eq!(cluster.raw("loki-0", "loki-2").unwrap().state, Left);
        // A heartbeat in the tombstone's own second has to be tried once more.
        let took = cluster.until(ms(6600), "back", |it| it.entry("loki-0", "loki-2").is_some());
        let after = cluster.entry("loki-0", "loki-2").unwrap();
        assert_eq!(after.tokens, before.tokens);
        assert_eq!(after.state, Active);
        assert!(after.registered_timestamp > before.registered_timestamp, "{took:?}");
        assert!((after.timestamp - after.registered_timestamp).abs() <= 1);
        let text = "info instance is missing in the ring (e.g. the ring backend storage has been reset), \
                    registering the instance with an updated registration timestamp";
        assert!((1..=2).contains(&cluster.logged("loki-2", text).len()));
    }
}

#[test]
fn a_graceful_stop_writes_leaving_and_left_at_once_and_others_only_see_it_vanish() {
    for seed in 0..10 {
        let mut cluster = Cluster::of(3).seed(seed).settled();
        cluster.terminate("loki-2");
        let told = cluster.now();
        cluster.run(secs(10));
        let own = cluster.ring_states("loki-2", "loki-2");
        let [.., (leaving, Leaving), (left, Left)] = own[..] else { panic!("{own:?}") };
        assert!(left - leaving < ms(1), "{own:?}");
        for peer in ["loki-0", "loki-1"] {
            let seen = cluster.ring_states(peer, "loki-2");
            let [.., (_, Active), (gone, Left)] = seen[..] else { panic!("{seen:?}") };
            assert!(gone - left <= secs(1), "{seen:?}");
            assert!(gone > told);
            assert_eq!(cluster.state_at(peer, "loki-2"), Some(State::Left));
            assert_eq!(cluster.members_of(peer), 2);
        }
        let began = cluster.logged("loki-2", "info leaving memberlist cluster")[0];
        let over = cluster.logged("loki-2", "info Loki stopped")[0];
        assert!((ms(150)..=ms(900)).contains(&(over - began)), "{:?}", over - began);
        assert!(!cluster.is_up("loki-2"));
    }
}

#[test]
fn one_killed_of_three_is_suspect_after_a_probe_and_dead_twenty_seconds_later() {
    let mut first = Vec::new();
    for seed in 0..20 {
        let mut cluster = Cluster::of(3).seed(seed).settled();
        cluster.run(ms(seed * 251)).kill("loki-2");
        let killed = cluster.now();
        let suspected = cluster.until(secs(25), "suspect", |it| {
            ["loki-0", "loki-1"].iter().any(|via| it.state_at(via, "loki-2") == Some(State::Suspect))
        });
        first.push(suspected);
        let dead = cluster.until(secs(25), "dead", |it| {
            ["loki-0", "loki-1"].iter().any(|via| it.state_at(via, "loki-2") == Some(State::Dead))
        });
        assert!((secs(20)..ms(20_001)).contains(&dead), "{dead:?}");
        cluster.run(secs(5));
        for peer in ["loki-0", "loki-1"] {
            let marked = cluster.logged_lines(peer, "Marking loki-2-");
            let text = "as failed, suspect timeout reached (0 peer confirmations)";
            assert!(marked.iter().all(|(_, line)| line.contains(text)), "{marked:?}");
            assert_eq!(cluster.process(peer).swim.as_ref().unwrap().health_score(), 0);
            assert_eq!(cluster.members_of(peer), 2);
            // The ring does not care.
            assert_eq!(cluster.shown(peer, "loki-2"), "ACTIVE", "at {:?}", cluster.now() - killed);
        }
    }
    let (median, worst) = median_and_worst(first);
    assert!((secs(5)..secs(10)).contains(&median), "{median:?}");
    assert!(worst < secs(21), "{worst:?}");
}

#[test]
fn with_more_survivors_two_confirmations_end_the_suspicion_after_twenty_seconds_all_the_same() {
    for (count, latest) in [(5, secs(20)), (10, secs(30))] {
        let trials = each_seed(0..15, |seed| {
            let mut cluster = Cluster::of(count).seed(seed).settled();
            cluster.run(ms(seed * 333)).kill("loki-1");
            let killed = cluster.now();
            cluster.run(secs(150));
            let survivors = Vec::from_iter(cluster.names().into_iter().filter(|name| **name != *"loki-1"));
            let earliest = |wanted: State| {
                let states = survivors.iter().flat_map(|via| cluster.member_states(via, "loki-1-"));
                states.filter(|(at, state)| *at > killed && *state == wanted).map(|(at, _)| at).min().unwrap()
            };
            let (suspect, dead) = (earliest(State::Suspect), earliest(State::Dead));
            let confirmed = survivors
                .iter()
                .any(|via| !cluster.logged(via, "suspect timeout reached (2 peer confirmations)").is_empty());
            (suspect - killed, dead - suspect, confirmed)
        });
        let exact = trials.iter().filter(|(_, took, confirmed)| *took < ms(20_200) && *confirmed).count();
        assert!(exact >= 14, "{count}: {trials:?}");
        assert!(trials.iter().all(|(_, took, _)| *took >= secs(20)), "{count}: {trials:?}");
        let (median, worst) = median_and_worst(trials.iter().map(|(suspect, ..)| *suspect).collect());
        assert!(median >= secs(5) && median < secs(13) && worst < latest, "{count}: {median:?} {worst:?}");
    }
}

#[test]
fn news_spread_as_fast_as_they_were_seen_to() {
    // Nodes, then milliseconds: the median node's middle value, and the last node's. What was seen is 105 and
    // 105, 135 and 135, 110 and 152, 155 and 288, 239 and 441; the more nodes, the more it counts that those
    // were started within milliseconds, so that their ticks followed each other closely.
    for (count, node, last) in [
        (2, 70..140, 70..140),
        (3, 90..180, 90..180),
        (5, 80..190, 120..250),
        (10, 120..240, 230..400),
        (20, 200..330, 370..560),
    ] {
        let (mut of_nodes, mut of_last) = (Vec::new(), Vec::new());
        for seed in 0..5 {
            let mut cluster = Cluster::of(count).seed(seed).settled();
            for trial in 0..8 {
                cluster.run(secs(12) + ms(trial * 137)).forget("loki-0", "loki-1");
                let asked = cluster.now();
                cluster.run(secs(12));
                let heard = |via: &str| {
                    let states = cluster.ring_states(via, "loki-1");
                    let left = states.into_iter().find(|(at, state)| *at >= asked && *state == Left);
                    // Now and then the instance's next heartbeat is there first.
                    left.map(|(at, _)| at - asked)
                };
                let others = cluster.names().into_iter().filter(|name| **name != *"loki-0");
                let (median, worst) = median_and_worst(others.filter_map(|name| heard(&name)).collect());
                of_nodes.push(median);
                of_last.push(worst);
            }
        }
        let in_ms = |time: Duration| time.as_millis() as u64;
        let (node_median, _) = median_and_worst(of_nodes);
        let (last_median, worst) = median_and_worst(of_last);
        assert!(node.contains(&in_ms(node_median)), "{count}: median node {node_median:?}");
        assert!(last.contains(&in_ms(last_median)), "{count}: last node {last_median:?}");
        assert!(worst < ms(1500), "{count}: {worst:?}");
    }
}

#[test]
fn forgetting_whom_nobody_knows_takes_nine_seconds_and_fails() {
    let mut cluster = Cluster::of(3).settled();
    cluster.forget("loki-0", "nobody");
    let asked = cluster.now();
    cluster.run(secs(15));
    let answers = cluster.happened("loki-0", |what| match what {
        Happening::Fault { text } if text.starts_with("forget nobody: ") => Some(text.clone()),
        _ => None,
    });
    let text = "forget nobody: 500 error forgetting instance 'nobody': failed to CAS-update key collectors/ring: \
                no change detected";
    assert_eq!(answers, [(asked + secs(9), text.to_owned())]);
}

#[test]
fn a_clock_that_is_set_back_makes_every_heartbeat_fail_after_nine_seconds() {
    let mut cluster = Cluster::of(3).settled();
    cluster.clock("loki-2", -40_000);
    let set = cluster.now();
    let stuck = cluster.entry("loki-0", "loki-2").unwrap().timestamp;
    cluster.run(secs(30));
    let failures = cluster.logged("loki-2", "error failed to write to the KV store, sleeping");
    assert!(failures.len() >= 2);
    let text = "failed to CAS-update key collectors/ring: no change detected";
    assert!(cluster.logged_lines("loki-2", "sleeping").iter().all(|(_, line)| line.contains(text)));
    assert!((secs(9)..=secs(14)).contains(&(failures[0] - set)));
    // The next heartbeat has been due while this one was tried, so it follows at once.
    assert_eq!(failures[1] - failures[0], secs(9));
    assert_eq!(cluster.entry("loki-0", "loki-2").unwrap().timestamp, stuck);
    cluster.run(secs(30));
    assert!(cluster.entry("loki-0", "loki-2").unwrap().timestamp > stuck);
    assert_eq!(cluster.shown("loki-0", "loki-2"), "ACTIVE");
}

#[test]
fn who_missed_the_whole_life_of_a_tombstone_brings_the_dead_back() {
    let mut cluster = Cluster::of(4).with(|options| {
        options.memberlist.left_ingesters_timeout = Span::secs(10);
        options.memberlist.rejoin_interval = Span::secs(20);
    });
    cluster.run(secs(60)).kill("loki-3").run(secs(70));
    let old = cluster.entry("loki-2", "loki-3").unwrap();
    cluster.partition(&[&["loki-0", "loki-1"], &["loki-2"]]).forget("loki-0", "loki-3").run(secs(5));
    assert_eq!(cluster.raw("loki-1", "loki-3").unwrap().state, Left);
    cluster.run(secs(15));
    assert_eq!(cluster.raw("loki-0", "loki-3"), None);
    cluster.heal().run(secs(60));
    for via in ["loki-0", "loki-1", "loki-2"] {
        assert_eq!(cluster.raw(via, "loki-3").unwrap(), old, "{via}");
        assert_eq!(cluster.shown(via, "loki-3"), "UNHEALTHY");
    }
}

#[test]
fn while_the_tombstone_lives_the_same_old_news_change_nothing() {
    let mut cluster = Cluster::of(4).with(|options| options.memberlist.rejoin_interval = Span::secs(20));
    cluster.run(secs(60)).kill("loki-3").run(secs(70));
    cluster.partition(&[&["loki-0", "loki-1"], &["loki-2"]]).forget("loki-0", "loki-3").run(secs(20));
    assert_eq!(cluster.shown("loki-2", "loki-3"), "UNHEALTHY");
    cluster.heal().run(secs(60));
    for via in ["loki-0", "loki-1", "loki-2"] {
        assert_eq!(cluster.raw(via, "loki-3").unwrap().state, Left, "{via}");
    }
}

#[test]
fn a_tombstone_goes_five_minutes_later_with_the_next_heartbeat_of_anybody() {
    let mut cluster = Cluster::of(3).settled();
    cluster.kill("loki-2").forget("loki-0", "loki-2");
    cluster.run(secs(299));
    assert_eq!(cluster.raw("loki-1", "loki-2").unwrap().state, Left);
    cluster.run(secs(8));
    assert_eq!(cluster.raw("loki-1", "loki-2"), None);
    assert_eq!(cluster.raw("loki-0", "loki-2"), None);
}

#[test]
fn a_suspect_member_stands_on_the_memberlist_page_like_any_other() {
    let mut cluster = Cluster::of(3).settled();
    cluster.kill("loki-2");
    cluster.until(secs(25), "suspect", |it| it.state_at("loki-0", "loki-2") == Some(State::Suspect));
    let listed = |cluster: &mut Cluster| {
        let page: Value = serde_json::from_str(&cluster.page("loki-0", "/memberlist").body).unwrap();
        let members = page["SortedMembers"].as_array().unwrap();
        let is_it = |member: &&Value| member["Name"].as_str().unwrap().starts_with("loki-2-");
        assert!(members.iter().all(|member| member["State"] == 0));
        members.iter().filter(is_it).count()
    };
    assert_eq!(listed(&mut cluster), 1);
    cluster.run(secs(21));
    assert_eq!(listed(&mut cluster), 0);
}

#[test]
fn a_single_node_keeps_its_own_heartbeat_in_its_queue() {
    let cluster = Cluster::of(1).settled();
    let kv = &cluster.process("loki-0").kv;
    assert_eq!((kv.queued_local(), kv.queued_gossip()), (1, 0));
    assert!(kv.queued_bytes() > 700, "a heartbeat carries all tokens: {} bytes", kv.queued_bytes());
    let pair = Cluster::of(2).settled();
    assert_eq!(pair.process("loki-0").kv.queued_gossip(), 0);
}

#[test]
fn a_clock_ahead_keeps_a_dead_instance_healthy_that_much_longer() {
    let mut cluster = Cluster::of(3).settled();
    cluster.clock("loki-2", 40_000).run(secs(10)).kill("loki-2").run(secs(90));
    assert_eq!(cluster.shown("loki-0", "loki-2"), "ACTIVE");
    cluster.run(secs(15));
    assert_eq!(cluster.shown("loki-0", "loki-2"), "UNHEALTHY");
}

#[test]
fn a_tombstone_by_a_right_clock_loses_against_an_entry_from_the_future() {
    let mut cluster = Cluster::of(3).settled();
    cluster.clock("loki-2", 50_000).run(secs(10)).kill("loki-2").run(secs(1));
    let future = cluster.entry("loki-1", "loki-2").unwrap().timestamp;
    cluster.forget("loki-0", "loki-2");
    let left = cluster.raw("loki-0", "loki-2").unwrap();
    assert_eq!(left.state, Left);
    assert!(left.timestamp < future, "LEFT takes the forgetting node's present");
    cluster.run(secs(3));
    assert_eq!(cluster.entry("loki-1", "loki-2").unwrap().timestamp, future, "no peer believes it");
    cluster.run(secs(70));
    assert_eq!(
        cluster.raw("loki-0", "loki-2").unwrap().timestamp,
        future,
        "and the next full exchange undoes it"
    );
}

#[test]
fn a_clock_behind_by_less_than_the_timeout_only_narrows_the_margin_and_by_more_ends_in_unhealthy_for_others()
{
    for (behind, others) in [(-30_000, "ACTIVE"), (-65_000, "UNHEALTHY")] {
        let mut cluster = Cluster::of(3);
        cluster.clock("loki-2", behind).run(secs(60));
        assert_eq!(cluster.shown("loki-0", "loki-2"), others, "{behind}");
        assert_eq!(cluster.shown("loki-2", "loki-2"), "ACTIVE", "{behind}");
        if others == "ACTIVE" {
            cluster.kill("loki-2").run(secs(40));
            assert_eq!(cluster.shown("loki-0", "loki-2"), "UNHEALTHY");
        }
    }
}

#[test]
fn two_clocks_call_the_same_instance_unhealthy_at_different_moments() {
    let mut cluster = Cluster::of(3).settled();
    cluster.clock("loki-1", 20_000).kill("loki-2").run(secs(45));
    assert_eq!(
        (cluster.shown("loki-0", "loki-2"), cluster.shown("loki-1", "loki-2")),
        ("ACTIVE", "UNHEALTHY")
    );
    cluster.run(secs(20));
    assert_eq!(cluster.shown("loki-0", "loki-2"), "UNHEALTHY");
}

#[test]
fn a_paused_process_reads_afterwards_what_it_missed_so_nothing_is_resurrected() {
    let mut cluster = Cluster::of(4).settled();
    cluster.kill("loki-3").run(secs(65)).pause("loki-2").forget("loki-0", "loki-3").run(secs(9));
    assert_eq!(cluster.raw("loki-2", "loki-3").unwrap().state, Active);
    cluster.resume("loki-2");
    assert_eq!(cluster.raw("loki-2", "loki-3").unwrap().state, Left);
    cluster.run(secs(60));
    assert_eq!(cluster.raw("loki-0", "loki-3").unwrap().state, Left);
    assert_eq!(cluster.shown("loki-0", "loki-2"), "ACTIVE");
}

#[test]
fn a_paused_process_is_suspected_and_refutes_it_when_it_wakes() {
    let mut cluster = Cluster::of(3).settled();
    cluster.pause("loki-2");
    cluster.until(secs(25), "suspect", |it| it.state_at("loki-0", "loki-2") == Some(State::Suspect));
    cluster.resume("loki-2").run(secs(2));
    assert_eq!(cluster.state_at("loki-0", "loki-2"), Some(State::Alive));
    assert!(!cluster.logged("loki-2", "warn Refuting a suspect message (from: loki-").is_empty());
    assert!(cluster.logged("loki-0", "Marking").is_empty());
}

#[test]
fn a_restart_with_a_new_name_makes_one_member_too_many_until_the_old_one_is_found_dead() {
    let mut cluster = Cluster::of(3).settled();
    cluster.kill("loki-2").start("loki-2").run(secs(4));
    assert_eq!(cluster.members_of("loki-0"), 4);
    cluster.run(secs(56));
    assert_eq!(cluster.members_of("loki-0"), 3);
}

#[test]
fn a_restart_with_the_same_name_refutes_its_own_death() {
    let mut cluster = Cluster::of(3).with(|options| options.memberlist.randomize_node_name = false).settled();
    // Each time it is accused of a later incarnation, of which it does not know.
    for _ in 0..3 {
        cluster.kill("loki-2").run(secs(50));
        assert_eq!(cluster.state_at("loki-0", "loki-2"), Some(State::Dead));
        cluster.start("loki-2").run(secs(5));
        for via in ["loki-0", "loki-1", "loki-2"] {
            assert_eq!(cluster.state_at(via, "loki-2"), Some(State::Alive), "{via}");
            assert_eq!(cluster.members_of(via), 3);
        }
    }
}

#[test]
fn a_restart_with_the_same_name_elsewhere_is_a_conflict_until_the_old_entry_is_gone() {
    let mut cluster = Cluster::of(3).with(|options| options.memberlist.randomize_node_name = false).settled();
    cluster.kill("loki-2");
    let address = Some("10.244.0.99".into());
    cluster.apply(Command::Start { pod: "loki-2".into(), rename: None, address }).run(secs(5));
    assert!(
        !cluster
            .logged(
                "loki-0",
                "error Conflicting address for loki-2. Mine: 10.244.0.12:7946 Theirs: 10.244.0.99:7946"
            )
            .is_empty()
    );
    assert_eq!(cluster.members_of("loki-2"), 3);
}

#[test]
fn a_dead_member_is_dropped_from_the_table_half_a_minute_after_its_death_at_the_next_shuffle() {
    let mut cluster = Cluster::of(3).settled();
    cluster.kill("loki-2");
    cluster.until(secs(50), "dead", |it| it.state_at("loki-0", "loki-2") == Some(State::Dead));
    cluster.run(secs(29));
    assert_eq!(cluster.state_at("loki-0", "loki-2"), Some(State::Dead));
    cluster.run(secs(20));
    assert_eq!(cluster.state_at("loki-0", "loki-2"), None);
}

#[test]
fn a_tombstone_bears_the_time_of_the_clock_that_wrote_it() {
    let mut cluster = Cluster::of(3).settled();
    cluster.clock("loki-0", 30_000).kill("loki-2").forget("loki-0", "loki-2");
    let wall = cluster.process("loki-0").wall(&cluster.sim.world).unix_secs();
    let right = cluster.process("loki-1").wall(&cluster.sim.world).unix_secs();
    assert_eq!(cluster.raw("loki-0", "loki-2").unwrap().timestamp, wall);
    assert_eq!(wall - right, 30);
}

#[test]
fn who_stops_waits_until_its_own_news_are_out() {
    let waits = each_seed(0..10, |seed| {
        // A single binary's query-frontend takes half a second to stop, and so gives them the time.
        let ingesters = Cluster::of(3).with(|options| options.groups[0].target = Target::Ingester);
        let mut cluster = ingesters.seed(seed).settled();
        cluster.terminate("loki-2").run(secs(5));
        let text = "info waiting for locally-generated broadcast messages to be sent out count=";
        cluster.logged("loki-2", text).len()
    });
    assert!(waits.iter().any(|times| *times > 0), "{waits:?}");
}

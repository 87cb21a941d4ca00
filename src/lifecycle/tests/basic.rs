use std::time::Duration;

use super::super::RingKind;
use super::driver::{START, World, entry};
use crate::prng::Prng;
use crate::ring::InstanceDesc;
use crate::ring::InstanceState::{Active, Joining, Leaving, Left, Pending};

#[test]
fn a_distributor_registers_as_active_with_one_token() {
    let mut world = World::new();
    let a = world.basic(RingKind::Distributor, "a", |_| {});
    assert_eq!(world.nodes[a].basic().state(), Pending);
    world.run_to(12_000);
    assert_eq!(world.writes_of("a"), [(0, Active, 1), (5000, Active, 1), (10_000, Active, 1)]);
    assert_eq!(world.nodes[a].running_at, Some(0));
    assert_eq!(world.nodes[a].basic().heartbeats(), 2);
    assert_eq!(world.nodes[a].basic().tokens_to_own(), 1);
}

#[test]
fn a_ring_client_mostly_hears_of_active_after_the_first_look() {
    let at_once = (0..200).filter(|seed| {
        let mut world = World::new();
        world.prng = Prng::stream(*seed, "test", 0);
        let a = world.basic(RingKind::Scheduler, "a", |_| {});
        world.run_to(2000);
        world.nodes[a].running_at == Some(1000)
    });
    assert!((30..70).contains(&at_once.count()));
}

#[test]
fn a_ring_managers_instance_is_joining_for_the_second_that_the_store_needs() {
    for (kind, tokens) in [(RingKind::Scheduler, 1), (RingKind::IndexGateway, 128), (RingKind::Compactor, 1)]
    {
        let mut world = World::new();
        let a = world.basic(kind, "a", |_| {});
        world.run_to(999);
        assert_eq!((world.state("a"), world.nodes[a].running_at), (Some(Joining), None));
        world.run_to(16_000);
        let expected = [(0, Joining, tokens), (1000, Active, tokens), (15_000, Active, tokens)];
        assert_eq!(world.writes_of("a"), expected);
        assert!(matches!(world.nodes[a].running_at, Some(1000 | 1100..1200)));
    }
}

#[test]
fn an_instance_that_returns_keeps_its_tokens_and_its_registration() {
    let old = entry("a", Active, 64, 1..=1);
    for (kind, state) in [(RingKind::Ruler, Active), (RingKind::Scheduler, Joining)] {
        let mut world = World::with("a", old.clone());
        let a = world.basic(kind, "a", |config| config.num_tokens = 3);
        world.run_to(0);
        let now = world.entry("a").unwrap();
        assert_eq!((now.state, now.timestamp, now.registered_timestamp), (state, START, START - 1000));
        assert!(now.tokens.len() == 3 && now.tokens.contains(&1));
        assert_eq!(world.nodes[a].basic().tokens(), &now.tokens);
    }
}

#[test]
fn more_tokens_than_asked_for_are_kept() {
    let mut world = World::with("a", entry("a", Active, 64, 1..=5));
    world.basic(RingKind::Distributor, "a", |_| {});
    world.run_to(0);
    assert_eq!(*world.entry("a").unwrap().tokens, [1, 2, 3, 4, 5]);
}

#[test]
fn an_entry_of_the_same_second_delays_the_registration_by_one() {
    let mut world = World::with("a", entry("a", Active, 0, 1..=1));
    let a = world.basic(RingKind::Distributor, "a", |_| {});
    world.run_to(5000);
    assert_eq!(world.writes_of("a")[0], (1000, Active, 1));
    assert_eq!(world.nodes[a].logged("instance found in the ring"), [0, 1000]);
}

#[test]
fn tokens_come_back_from_the_file_unless_the_ring_has_some() {
    let file = || Some((10..=10).collect());
    let path = || Some("/data/scheduler.tokens".into());
    let mut world = World::new();
    let a =
        world.basic_with_file(RingKind::Scheduler, "a", file(), |config| config.tokens_file_path = path());
    world.run_to(0);
    assert_eq!(*world.entry("a").unwrap().tokens, [10]);
    assert_eq!(world.entry("a").unwrap().registered_timestamp, START);
    assert_eq!(world.nodes[a].messages()[0], "instance not found in the ring");

    let mut world = World::with("a", entry("a", Active, 64, 7..=7));
    let a =
        world.basic_with_file(RingKind::Scheduler, "a", file(), |config| config.tokens_file_path = path());
    world.run_to(0);
    assert_eq!(*world.entry("a").unwrap().tokens, [7]);
    assert_eq!(world.nodes[a].messages()[1], "not loading tokens from file, instance already in the ring");
    assert_eq!(world.nodes[a].file.as_deref(), Some([7].as_slice()), "the file follows the ring");
}

#[test]
fn it_stops_through_leaving_to_left_in_one_instant() {
    let mut world = World::new();
    let a = world.basic(RingKind::Scheduler, "a", |_| {});
    world.run_to(20_500);
    world.stop(a);
    world.run_to(60_000);
    assert_eq!(world.writes_of("a")[3..], [(20_500, Leaving, 1), (20_500, Left, 0)]);
    assert_eq!(world.nodes[a].stopped_at(), Some(20_500));
    let lifecycler = world.nodes[a].basic();
    assert_eq!((lifecycler.state(), lifecycler.tokens().len(), lifecycler.tokens_to_own()), (Pending, 0, 0));
}

#[test]
fn heartbeats_go_on_while_leaving_waits_for_the_clock() {
    let mut world = World::new();
    let a = world.basic(RingKind::Distributor, "a", |_| {});
    world.run_to(12_000);
    world.clock_offset = -60;
    world.stop(a);
    world.run_to(60_000);
    // LEAVING gives up at 21 s; the heartbeat that began at 17 s beside it is waited for, to 26 s.
    let log = &world.nodes[a];
    assert_eq!(log.logged("failed to change instance state in the ring"), [21_000]);
    assert_eq!(log.logged("failed to change instance state to LEAVING in the ring"), [21_000]);
    assert_eq!(log.logged("failed to heartbeat instance in the ring")[0], 26_000);
    assert!(log.stopped_at() >= Some(26_000));
    assert_eq!(world.state("a"), None);
}

#[test]
fn stopped_before_it_is_registered_it_fails_and_leaves_things_as_they_are() {
    let mut world = World::with("a", entry("a", Active, 0, 1..=1));
    let a = world.basic(RingKind::Distributor, "a", |_| {});
    world.run_to(500);
    world.stop(a);
    let error = "register instance in the ring: failed to CAS-update key collectors/ring: context canceled";
    assert_eq!(world.nodes[a].failure(), Some(error));
    assert_eq!(world.state("a"), Some(Active));
}

#[test]
fn stopped_while_it_registers_it_is_never_running() {
    let error = "unable to start scheduler ring manager subservices: context canceled";
    for (kind, state, failure) in
        [(RingKind::Distributor, Active, None), (RingKind::Scheduler, Joining, Some(error))]
    {
        let mut world = World::new();
        let a = world.basic(kind, "a", |_| {});
        world.stop(a);
        world.run_to(5000);
        assert_eq!(world.writes_of("a"), [(0, state, 1), (1000, Leaving, 1), (1000, Left, 0)]);
        assert_eq!((world.nodes[a].running_at, world.nodes[a].failure()), (None, failure));
        assert!(world.nodes[a].end.is_some());
    }
}

#[test]
fn an_entry_that_is_active_already_needs_no_write() {
    let mut world = World::new();
    let a = world.basic(RingKind::Scheduler, "a", |_| {});
    world.run_to(500);
    world.desc.ingesters.get_mut("a").unwrap().state = Active;
    world.run_to(14_000);
    assert_eq!(world.writes_of("a"), [(0, Joining, 1)]);
    assert!(matches!(world.nodes[a].running_at, Some(1000 | 1100..1200)));
    assert_eq!(world.nodes[a].basic().state(), Active);
}

#[test]
fn stopped_on_its_way_to_active_it_leaves_the_ring_and_its_manager_fails() {
    let mut world = World::new();
    let a = world.basic(RingKind::Scheduler, "a", |_| {});
    world.run_to(500);
    world.stop(a);
    world.run_to(5000);
    let error = "switch instance to ACTIVE in the ring: \
                 failed to CAS-update key collectors/ring: context canceled";
    assert_eq!(world.nodes[a].failure(), Some(error));
    assert_eq!(world.nodes[a].running_at, None);
    assert_eq!(world.writes_of("a"), [(0, Joining, 1), (1500, Leaving, 1), (1500, Left, 0)]);
}

#[test]
fn a_store_that_refuses_active_takes_the_instance_down() {
    let mut world = World::new();
    let a = world.basic(RingKind::Compactor, "a", |_| {});
    world.run_to(500);
    world.clock_offset = -3600;
    world.run_to(60_000);
    let error = "switch instance to ACTIVE in the ring: \
                 failed to CAS-update key collectors/ring: no change detected";
    assert_eq!(world.nodes[a].failure(), Some(error));
    assert_eq!(world.state("a"), None);
}

#[test]
fn a_forgotten_but_living_instance_is_back_at_its_next_heartbeat() {
    let mut world = World::new();
    let a = world.basic(RingKind::Ruler, "a", |_| {});
    world.run_to(12_000);
    let before = world.entry("a").unwrap().clone();
    world.forget("a");
    world.run_to(15_000);
    let registered = InstanceDesc { timestamp: START + 15, registered_timestamp: START + 15, ..before };
    assert_eq!(world.entry("a"), Some(&registered));
    let warning = "level=warn caller=basic_lifecycler.go:480 msg=\"instance is missing in the ring (e.g. the ring \
                   backend storage has been reset), registering the instance with an updated registration \
                   timestamp\" ring=ruler";
    assert_eq!(world.nodes[a].log_lines().last().unwrap(), warning);
}

#[test]
fn dead_entries_are_forgotten_at_the_first_heartbeat_after_their_time() {
    for (kind, periods, heartbeat) in [(RingKind::Distributor, 2, 5), (RingKind::Scheduler, 10, 15)] {
        let mut world = World::new();
        // Dead for its whole time at the first heartbeat, for more than that at the second.
        world.put("dead", entry("dead", Leaving, periods * 60 - heartbeat, 1..=1));
        let a = world.basic(kind, "a", |_| {});
        world.run_to(2 * heartbeat as u64 * 1000 - 1);
        assert!(world.entry("dead").is_some(), "{kind:?}");
        world.run_to(2 * heartbeat as u64 * 1000);
        assert!(world.entry("dead").is_none(), "{kind:?}");
        let period = world.nodes[a].basic().config().forget_period();
        assert_eq!(period, Duration::from_secs(periods as u64 * 60));
    }
}

#[test]
fn forgetting_names_the_instance_its_heartbeat_and_the_period() {
    let mut world = World::with("dead", entry("dead", Active, 700, 1..=1));
    let a = world.basic(RingKind::Distributor, "a", |_| {});
    world.run_to(5000);
    let warning = "level=warn caller=basic_lifecycler_delegates.go:147 component=distributor \
                   msg=\"auto-forgetting instance from the ring because it is unhealthy for a long time\" \
                   instance=dead last_heartbeat=\"2026-11-22 10:03:20 +0000 UTC\" forget_period=2m0s";
    assert_eq!(world.nodes[a].log_lines().last().unwrap(), warning);
    assert_eq!(world.nodes[a].basic().healthy_instances(), 1, "the forgotten one is not counted");
}

#[test]
fn an_instance_that_finds_its_own_entry_too_old_writes_it_all_the_same() {
    let mut world = World::new();
    let a = world.basic(RingKind::Distributor, "a", |_| {});
    world.run_to(4000);
    world.desc.ingesters.get_mut("a").unwrap().timestamp = START - 700;
    world.run_to(6000);
    assert_eq!(world.entry("a").unwrap().timestamp, START + 5);
    assert_eq!(world.entry("a").unwrap().registered_timestamp, START);
    assert_eq!(world.nodes[a].basic().healthy_instances(), 0);
}

#[test]
fn distributors_count_the_active_and_healthy_ones_at_their_heartbeats() {
    let mut world = World::new();
    world.put("old", entry("old", Active, 90, 1..=1));
    world.put("leaving", entry("leaving", Leaving, 0, 2..=2));
    let nodes = ["a", "b"].map(|id| world.basic(RingKind::Distributor, id, |_| {}));
    world.run_to(4000);
    assert_eq!(nodes.map(|node| world.nodes[node].basic().healthy_instances()), [0, 0]);
    world.run_to(5000);
    assert_eq!(nodes.map(|node| world.nodes[node].basic().healthy_instances()), [2, 2]);
    world.lose_ring();
    world.run_to(10_000);
    let counts = nodes.map(|node| world.nodes[node].basic().healthy_instances());
    assert_eq!(counts, [1, 2], "each puts itself back before it counts");
}

#[test]
fn a_manager_polls_until_its_ring_client_shows_the_new_state() {
    let mut world = World::new();
    world.stale = Some(crate::ring::Desc::default());
    let a = world.basic(RingKind::Scheduler, "a", |_| {});
    world.run_to(3000);
    assert_eq!(world.nodes[a].logged("waiting until scheduler is JOINING in the ring"), [0]);
    assert_eq!(world.nodes[a].logged("scheduler is JOINING in the ring"), [0; 0]);
    world.stale = Some(world.desc.clone());
    world.run_to(4000);
    let joining = world.nodes[a].logged("scheduler is JOINING in the ring");
    assert!(joining.len() == 1 && joining[0] > 3000, "{joining:?}");
    assert_eq!(world.nodes[a].logged("waiting until scheduler is ACTIVE in the ring"), joining);
    assert_eq!((world.state("a"), world.nodes[a].running_at), (Some(Active), None));
    world.stale = None;
    world.run_to(5000);
    assert!(world.nodes[a].running_at > Some(4000));
}

#[test]
fn stopped_while_it_polls_a_manager_leaves_and_fails() {
    let mut world = World::new();
    world.stale = Some(crate::ring::Desc::default());
    let a = world.basic(RingKind::Scheduler, "a", |_| {});
    world.run_to(3000);
    world.stop(a);
    assert_eq!(world.nodes[a].failure(), Some("context canceled"));
    assert_eq!(world.writes_of("a"), [(0, Joining, 1), (3000, Leaving, 1), (3000, Left, 0)]);
}

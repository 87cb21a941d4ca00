use super::driver::{START, World, entry};
use crate::ring::InstanceState::{Active, Left};

fn forgetting(world: &mut World, id: &str) -> usize {
    world.ingester(id, |config| config.autoforget_unhealthy = true)
}

fn warnings(world: &World, node: usize) -> Vec<String> {
    let log = world.nodes[node].log_lines();
    log.into_iter().filter(|line| line.starts_with("level=warn caller=ingester.go")).collect()
}

#[test]
fn a_dead_ingester_is_forgotten_within_five_seconds_of_its_time_out() {
    let mut world = World::new();
    let nodes = ["a", "b", "c"].map(|id| forgetting(&mut world, id));
    world.run_to(12_000);
    world.kill(nodes[2]);
    world.run_to(74_999);
    assert_eq!(world.state("c"), Some(Active));
    world.run_to(75_000);
    assert_eq!(world.state("c"), None);
    assert_eq!(world.writes_of("c").last(), Some(&(75_000, Left, 0)));
    world.run_to(85_000);
    let text = "autoforget removed ingester c from the ring because it was not healthy after 1m0s";
    assert_eq!(world.nodes[nodes[0]].logged(text), [75_000]);
    let forgotten = nodes.map(|node| world.nodes[node].ingester().forgotten());
    assert_eq!(forgotten, [1, 0, 0], "only one of them finds it");
}

#[test]
fn of_two_the_dead_one_is_never_forgotten() {
    let mut world = World::with("b", entry("b", Active, 300, 1..=128));
    let a = forgetting(&mut world, "a");
    world.run_to(600_000);
    assert!(world.entry("b").is_some());
    let warning = "level=warn caller=ingester.go:505 component=ingester msg=\"autoforget have seen 1 unhealthy \
                   ingesters out of 2, network may be partioned, skip forgeting ingesters this round\"";
    assert_eq!(warnings(&world, a), [warning; 120]);
}

#[test]
fn alone_in_its_ring_it_warns_every_five_seconds() {
    let mut world = World::new();
    let a = forgetting(&mut world, "a");
    world.run_to(10_000);
    let warning = "level=warn caller=ingester.go:505 component=ingester msg=\"autoforget have seen 0 unhealthy \
                   ingesters out of 1, network may be partioned, skip forgeting ingesters this round\"";
    assert_eq!(warnings(&world, a), [warning, warning]);
}

#[test]
fn it_forgets_nobody_while_it_looks_unhealthy_itself() {
    let mut world = World::new();
    world.put("dead", entry("dead", Active, 300, []));
    world.put("living", entry("living", Active, -300, []));
    let a = forgetting(&mut world, "a");
    world.run_to(4000);
    world.desc.ingesters.get_mut("a").unwrap().timestamp = START - 300;
    // This round comes before the heartbeat of the same instant, the next one after it.
    world.run_to(5000);
    let warning = "level=warn caller=ingester.go:497 component=ingester msg=\"autoforget has seen our ID `a` as \
                   unhealthy in the ring, network may be partitioned, skip forgeting ingesters this round\"";
    assert_eq!(warnings(&world, a), [warning]);
    assert_eq!(world.nodes[a].ingester().forgotten(), 0);
    world.run_to(10_000);
    assert_eq!(world.nodes[a].ingester().forgotten(), 1);
    assert!(world.entry("dead").is_none() && world.entry("living").is_some());
}

#[test]
fn it_says_so_when_it_starts_and_is_off_by_default() {
    let mut world = World::new();
    let text = "autoforget is enabled and will remove unhealthy instances from the ring after 1m0s with no heartbeat";
    let on = forgetting(&mut world, "a");
    let off = world.ingester("b", |_| {});
    assert_eq!(world.nodes[on].logged(text), [0]);
    assert_eq!(world.nodes[off].logged(text), [0; 0]);
}

use std::time::Duration;

use super::driver::{World, entry};
use crate::ring::InstanceState::{Active, Joining, Pending};

fn observing(world: &mut World, id: &str) -> usize {
    world.ingester(id, |config| config.observe_period = Duration::from_secs(7))
}

#[test]
fn it_is_joining_for_the_observe_period_and_then_active() {
    let mut world = World::new();
    let a = observing(&mut world, "a");
    world.run_to(9000);
    let expected = [(0, Pending, 0), (1000, Joining, 128), (5000, Joining, 128), (8000, Active, 128)];
    assert_eq!(world.writes_of("a"), expected);
    assert_eq!(
        world.nodes[a].messages()[3..],
        [
            "observing tokens before going ACTIVE",
            "token verification successful",
            "changing instance state from"
        ]
    );
}

#[test]
fn lost_tokens_are_drawn_anew_and_observed_again() {
    let mut world = World::new();
    let b = observing(&mut world, "b");
    world.run_to(6000);
    let tokens = world.entry("b").unwrap().tokens.clone();
    world.put("a", entry("a", Active, -6, tokens.iter().copied().take(28)));
    world.run_to(8000);
    let lost = &world.entry("a").unwrap().tokens;
    let own = &world.entry("b").unwrap().tokens;
    assert_eq!(own.len(), 128);
    assert!(own.iter().all(|token| !lost.contains(token)));
    assert_eq!(world.state("b"), Some(Joining));
    let line = "level=info caller=lifecycler.go:820 component=ingester msg=\"generating new tokens\" count=28 ring=ingester";
    assert!(world.nodes[b].log_lines().contains(&line.to_owned()));

    world.run_to(14_999);
    assert_eq!(world.state("b"), Some(Joining));
    world.run_to(16_000);
    assert_eq!(world.state("b"), Some(Active));
    assert_eq!(world.nodes[b].logged("token verification failed, observing"), [8000]);
    assert_eq!(world.nodes[b].logged("token verification successful"), [15_000]);
}

#[test]
fn tokens_that_cannot_be_verified_are_observed_again() {
    let mut world = World::new();
    let a = observing(&mut world, "a");
    world.run_to(7000);
    world.store_error = Some("unexpected state: Failed");
    world.run_to(8000);
    world.store_error = None;
    world.run_to(14_999);
    assert_eq!(world.state("a"), Some(Joining));
    world.run_to(16_000);
    assert_eq!(world.state("a"), Some(Active));
    let line = "level=error caller=lifecycler.go:840 component=ingester msg=\"failed to verify tokens\" \
                ring=ingester err=\"unexpected state: Failed\"";
    assert!(world.nodes[a].log_lines().contains(&line.to_owned()));
}

use super::*;
use crate::experiment::swarm;
use crate::ring::{HeartbeatHealth, InstanceDesc};
use crate::sim::{Command, Pod, Scenario, StoreKind, TimedCommand};
use crate::time::WallTime;

fn timeline(json: &str) -> Timeline {
    Timeline::new(Scenario::parse(&format!(r#"{{"name": "t", "until": "5m"{json}}}"#)).unwrap()).unwrap()
}

fn at(secs: u64) -> Instant {
    Instant::START + Duration::from_secs(secs)
}

/// Runs in frames of `budget` events.
fn run(timeline: &mut Timeline, until: Until, budget: u64) -> Result<Found, String> {
    let mut search = Search::new(until, timeline.present());
    loop {
        match search.run(timeline, budget) {
            Progress::Found(found) => return Ok(found),
            Progress::Going => {}
            Progress::Nothing(why) => return Err(why),
        }
    }
}

const KILL_AT_30: &str = r#", "steps": [{"at": "30s", "do": {"kill": {"pod": "loki-1", "dark": true}}}],
    "options": {"deployment": {"restart_backoff": "0s"}}"#;

fn unhealthy(id: &str) -> Until {
    Until::Unhealthy { id: id.into() }
}

#[test]
fn who_was_killed_is_unhealthy_a_nanosecond_after_its_last_heartbeat_is_a_minute_old() {
    let mut run_on = timeline(KILL_AT_30);
    run_on.seek(at(40));
    let process = run_on.present().pods[0].process.as_ref().unwrap();
    let last =
        process.desc(RING).unwrap().ingesters["loki-1"].timestamp - run_on.present().world.options.epoch;
    assert!((25..=30).contains(&last), "{last}");
    for (start, budget) in [(0, 1000), (40, 1), (89, u64::MAX)] {
        let mut timeline = timeline(KILL_AT_30);
        timeline.seek(at(start.min(last as u64 + 59)));
        let found = run(&mut timeline, unhealthy("loki-1"), budget).unwrap();
        assert_eq!(found.at.nanos(), (last as u64 + 60) * 1_000_000_000 + 1);
        assert_eq!(timeline.now(), found.at);
        assert!(found.why.ends_with("its last heartbeat is 1m0.1s old, the limit 1m0s"), "{}", found.why);
    }
}

#[test]
fn a_clock_that_is_ahead_sees_it_earlier() {
    let mut run_on = timeline(KILL_AT_30);
    let clock = Command::Clock { pod: "loki-2".into(), step_ms: 20_000 };
    run_on.plan(TimedCommand { at: Span::secs(50), command: clock, note: String::new() }).unwrap();
    let found = run(&mut run_on, unhealthy("loki-1"), 1000).unwrap();
    assert_eq!(found.pod, Some(2));
    assert_eq!((found.at.nanos() - 1) % 1_000_000_000, 0);
    assert!((65..=70).contains(&(found.at.nanos() / 1_000_000_000)), "{found:?}");
}

#[test]
fn a_healthy_instance_is_not_found_within_an_hour() {
    let mut run_on =
        timeline(r#", "options": {"groups": [{"count": 1}], "replication_factor": 1, "journal": 300}"#);
    assert_eq!(run(&mut run_on, unhealthy("loki-0"), 5000), Err("not within 1h0m0s".into()));
    assert_eq!(run_on.now(), at(3600));
}

#[test]
fn the_views_agree_again_at_the_event_that_makes_them() {
    let mut run_on = timeline("");
    let found = run(&mut run_on, Until::ViewsAgree, 500).unwrap();
    assert!(found.why.starts_with("all 3 views show the same "), "{}", found.why);
    assert!(truth_views(run_on.present()));
    run_on.step_back();
    assert!(!truth_views(run_on.present()));
}

#[test]
fn what_is_so_already_is_found_at_once() {
    let mut run_on = timeline("");
    run_on.seek(at(60));
    let steps = run_on.present().steps();
    assert_eq!(run(&mut run_on, Until::ViewsAgree, 500).unwrap().at, at(60));
    assert_eq!(run(&mut run_on, Until::At(at(60)), 500).unwrap().why, "it is 1m0s");
    assert_eq!(run_on.present().steps(), steps);
}

#[test]
fn an_instant_between_two_events_is_reached_exactly() {
    let mut run_on = timeline("");
    let odd = Instant::from_nanos(12_345_678_901);
    assert_eq!(run(&mut run_on, Until::At(odd), 7).unwrap().at, odd);
    assert_eq!(run_on.now(), odd);
}

#[test]
fn a_failing_push_is_found_with_lokis_error_and_its_distributor() {
    let json = r#", "steps": [{"at": "30s", "do": {"kill": {"pod": "loki-1"}}}, {"at": "30s", "do": {"kill": {"pod": "loki-2"}}}],
        "options": {"deployment": {"restart_backoff": "0s"}, "workload": {"pushes_per_second": 5, "queries_per_second": 1}}"#;
    let mut run_on = timeline(json);
    run_on.seek(at(25));
    let failed = run_on.present().world.ledger.tally;
    let push = run(&mut run_on, Until::FirstFailedPush, 300).unwrap();
    assert!(push.at > at(30) && push.at < at(31), "{push:?}");
    assert!(push.why.starts_with("a push to loki-0 failed: rpc error: "), "{push:?}");
    assert_eq!(
        (push.pod, run_on.present().world.ledger.tally.pushes_failed),
        (Some(0), failed.pushes_failed + 1)
    );
    let failed = run_on.present().world.ledger.tally;
    let query = run(&mut run_on, Until::FirstFailedQuery, 300).unwrap();
    let queries_failed = run_on.present().world.ledger.tally.queries_failed;
    assert_eq!(queries_failed, failed.queries_failed + 1, "{query:?}");
}

#[test]
fn a_dark_pod_is_suspected_by_its_node_name() {
    let mut run_on = timeline(KILL_AT_30);
    run_on.seek(at(29));
    let until = || Until::Suspected { pod: "loki-1".into() };
    let found = run(&mut run_on, until(), 300).unwrap();
    assert!(found.why.contains(" suspects loki-1-"), "{found:?}");
    assert!(found.at > at(30) && found.at < at(45), "{found:?}");
    let again = run(&mut run_on, until(), 300).unwrap();
    assert!(again.why.ends_with(" already"), "{again:?}");
}

#[test]
fn a_line_is_found_in_whichever_case() {
    let mut run_on = timeline(KILL_AT_30);
    let until = Until::LogLine { text: "MARKING loki-1".into() };
    let found = run(&mut run_on, until, 300).unwrap();
    assert!(found.why.contains("says: info Marking loki-1"), "{found:?}");
}

#[test]
fn milestones_come_one_after_the_other() {
    let mut run_on = timeline(KILL_AT_30);
    let first = run(&mut run_on, Until::NextMilestone, 300).unwrap();
    assert!(first.why.ends_with(" starts"), "{first:?}");
    run_on.seek(at(29));
    let mut words = Vec::new();
    while run_on.now() < at(60) {
        words.push(run(&mut run_on, Until::NextMilestone, 300).unwrap().why);
    }
    let has = |text: &str| words.iter().any(|why| why.contains(text));
    assert!(has("the machine of loki-1 is gone") && has("counts loki-1-"), "{words:?}");
}

#[test]
fn only_a_failure_after_a_success_is_a_first_one() {
    let mut failing = false;
    let mut first = |error: Option<&str>| first_failure(&mut failing, "push", "loki-0", error).is_some();
    assert_eq!(
        [first(None), first(Some("x")), first(Some("x")), first(None), first(Some("x"))],
        [false, true, false, false, true]
    );
}

fn observers(simulation: &Simulation) -> impl Iterator<Item = &Pod> {
    let sees = |pod: &&Pod| {
        pod.process.as_ref().is_some_and(|it| it.slot(RING).is_some()) && !pod.paused && !pod.foreign
    };
    simulation.pods.iter().filter(sees)
}

/// All views compared, whatever has changed.
fn truth_views(simulation: &Simulation) -> bool {
    let living = |pod: &Pod| {
        let desc = pod.process.as_ref()?.desc(RING)?;
        let living = desc.ingesters.iter().filter(|(_, entry)| entry.state != InstanceState::Left);
        Some(Vec::from_iter(living.map(|(id, entry)| (id.clone(), entry.state, entry.tokens.clone()))))
    };
    let views = Vec::from_iter(observers(simulation).map(living));
    let starts = |pod: &Pod| {
        let group = &simulation.world.options.groups[pod.group as usize];
        let due = simulation.now() >= Instant::START + group.start_at.0;
        pod.epoch == 0 && !pod.foreign && due && pod.ordinal < group.started.unwrap_or(group.count)
    };
    !simulation.pods.iter().any(starts)
        && views.windows(2).all(|pair| pair[0] == pair[1])
        && views.first().is_some_and(|view| view.as_ref().is_some_and(|view| !view.is_empty()))
}

/// All clocks asked, whatever has changed.
fn truth_stale(simulation: &Simulation, id: &str, at: Instant) -> bool {
    let timeout = simulation.world.options.lifecycler.heartbeat_timeout.0;
    observers(simulation).any(|pod| {
        let process = pod.process.as_ref().unwrap();
        let wall: WallTime = simulation.world.clock(process.clock_offset).at(at);
        let entry: Option<&InstanceDesc> = process.desc(RING).and_then(|desc| desc.ingesters.get(id));
        entry.is_some_and(|entry| {
            entry.state != InstanceState::Left && !HeartbeatHealth::at(wall, timeout).covers(entry.timestamp)
        })
    })
}

#[test]
fn the_short_cuts_find_what_looking_at_everything_after_every_event_finds() {
    const MOST_EVENTS: u64 = 60_000;
    let (mut agreed, mut fell_silent) = (0, 0);
    for seed in 0..30 {
        let scenario = swarm::scenario(seed);
        if scenario.options.groups.iter().map(|group| group.count).sum::<usize>() > 8 {
            continue;
        }
        let mut simulation = Simulation::of(&scenario).unwrap();
        let id = simulation.pods[0].name.to_string();
        let mut views = Search::new(Until::ViewsAgree, &simulation);
        let mut stale = Search::new(unhealthy(&id), &simulation);
        for step in 0..MOST_EVENTS {
            let context =
                |simulation: &Simulation| format!("seed {seed}, step {step}, {:?}", simulation.now());
            let agrees = views.check(&simulation).is_some();
            assert_eq!(agrees, truth_views(&simulation), "{}", context(&simulation));
            let is_stale = stale.check(&simulation).is_some();
            let now = simulation.now();
            assert_eq!(is_stale, truth_stale(&simulation, &id, now), "{}", context(&simulation));
            if agrees {
                agreed += 1;
                views = Search::new(Until::ViewsAgree, &simulation);
            }
            fell_silent += u64::from(is_stale);
            let Some(next) = simulation.next_at().filter(|next| *next < at(400)) else { break };
            let mut is_stale = is_stale;
            while let Some(due) = stale.deadline(&simulation)
                && simulation.now() < due
                && due < next
            {
                simulation.advance(due, u64::MAX);
                is_stale = stale.check(&simulation).is_some();
                assert_eq!(is_stale, truth_stale(&simulation, &id, due), "{}", context(&simulation));
            }
            let before = Instant::from_nanos(next.nanos().max(1) - 1).max(simulation.now());
            assert_eq!(is_stale, truth_stale(&simulation, &id, before), "{}", context(&simulation));
            simulation.step();
        }
    }
    assert!(agreed > 1000 && fell_silent > 100, "{agreed} {fell_silent}");
}

#[test]
fn a_central_store_tells_without_a_word_in_the_journal() {
    let json = KILL_AT_30.replace(r#""options": {"#, r#""options": {"store": "consul", "#);
    let mut run_on = timeline(&json);
    assert_eq!(run_on.present().world.options.store, StoreKind::Consul);
    assert_eq!(run(&mut run_on, Until::ViewsAgree, 100).unwrap().why.split(' ').next(), Some("all"));
    assert!(truth_views(run_on.present()));
    let found = run(&mut run_on, unhealthy("loki-1"), 100).unwrap();
    assert!(found.at > at(80) && found.at < at(91), "{found:?}");
}

use std::collections::BTreeSet;

use super::*;
use crate::sim::{Scenario, Timeline};
use crate::time::Instant;

fn timeline() -> Timeline {
    let json = r#"{"name": "t", "until": "5m", "options": {"groups": [{"zones": ["a", "b", "c"]}]}}"#;
    let mut timeline = Timeline::new(Scenario::parse(json).unwrap()).unwrap();
    timeline.seek(Instant::START + std::time::Duration::from_secs(40));
    timeline
}

fn node(timeline: &Timeline, pod: u32) -> Vec<Deed> {
    deeds_for(Target::Node(pod), Some(0), timeline.present())
}

fn find(deeds: &[Deed], key: char) -> Deed {
    deeds.iter().find(|deed| deed.key == Some(key)).unwrap().clone()
}

fn commands(deed: &Deed) -> Vec<Command> {
    match &deed.act {
        Act::Do(commands) => commands.clone(),
        Act::Ask(question) => vec![question.answer(question.proposal()).unwrap()],
    }
}

fn act(deed: &Deed, timeline: &mut Timeline) {
    assert_eq!(deed.why_not, None, "{}", deed.label);
    commands(deed).into_iter().for_each(|command| timeline.apply(command).unwrap());
    let soon = timeline.now() + std::time::Duration::from_nanos(1);
    timeline.seek(soon);
}

fn targets() -> Vec<Target> {
    let links = [Target::Link { from: 0, to: 1 }, Target::Link { from: 2, to: 0 }];
    let others = [Target::Zone(1), Target::Zone(3), Target::Dns, Target::Store, Target::Network];
    (0..3).map(Target::Node).chain(links).chain(others).collect()
}

#[test]
fn whatever_is_offered_is_taken_and_no_key_does_two_things() {
    for target in targets() {
        let timeline = timeline();
        let deeds = deeds_for(target, None, timeline.present());
        assert!(!deeds.is_empty());
        let keys = Vec::from_iter(deeds.iter().filter_map(|deed| deed.key));
        assert_eq!(BTreeSet::from_iter(&keys).len(), keys.len(), "{target:?}: {keys:?}");
        for deed in deeds.iter().filter(|deed| deed.why_not.is_none()) {
            act(deed, &mut timeline.fork());
        }
    }
}

#[test]
fn what_makes_no_sense_says_why() {
    let mut timeline = timeline();
    let why_not = |timeline: &Timeline, key| find(&node(timeline, 1), key).why_not;
    assert_eq!(why_not(&timeline, 's').unwrap(), "loki-1 runs");
    act(&find(&node(&timeline, 1), 'p'), &mut timeline);
    assert_eq!(why_not(&timeline, 'q').unwrap(), "loki-1 is paused");
    act(&find(&node(&timeline, 1), 'k'), &mut timeline);
    for key in ['k', 'g', 't', 'r', 'p', 'h', 'u', 'q'] {
        assert_eq!(why_not(&timeline, key).unwrap(), "loki-1 is down", "{key}");
    }
    assert_eq!((why_not(&timeline, 's'), why_not(&timeline, 'f')), (None, None));
    let store = deeds_for(Target::Store, None, timeline.present());
    assert_eq!(store[0].why_not.as_deref(), Some("rings are kept by memberlist, on every node"));
}

#[test]
fn a_restart_is_a_new_process_at_once() {
    let mut timeline = timeline();
    let before = timeline.present().pods[1].epoch;
    act(&find(&node(&timeline, 1), 'r'), &mut timeline);
    let pod = &timeline.present().pods[1];
    assert!(pod.is_up() && pod.epoch == before + 1);
}

#[test]
fn what_was_done_is_offered_to_be_undone() {
    let mut timeline = timeline();
    let pause = find(&node(&timeline, 1), 'p');
    act(&pause, &mut timeline);
    let go_on = find(&node(&timeline, 1), 'p');
    assert!(pause.danger && !go_on.danger && pause.label.starts_with("pause"), "{go_on:?}");
    act(&go_on, &mut timeline);
    assert!(!timeline.present().pods[1].paused);
    let cut = |timeline: &Timeline| {
        find(&deeds_for(Target::Link { from: 0, to: 1 }, None, timeline.present()), 'x')
    };
    act(&cut(&timeline), &mut timeline);
    assert_eq!(cut(&timeline).why_not.unwrap(), "nothing gets from loki-0 to loki-1, nor back");
    let network = deeds_for(Target::Network, None, timeline.present());
    act(&find(&network, 'm'), &mut timeline);
    assert_eq!(cut(&timeline).why_not, None);
    let dns = |timeline: &Timeline| deeds_for(Target::Dns, None, timeline.present())[0].clone();
    act(&dns(&timeline), &mut timeline);
    assert_eq!(dns(&timeline).label, "the name server is back");
}

#[test]
fn to_forget_who_runs_tells_that_it_comes_back_and_the_page_is_the_observers() {
    let mut timeline = timeline();
    let deed = find(&deeds_for(Target::Node(1), Some(2), timeline.present()), 'f');
    assert_eq!(
        deed.label,
        "forget loki-1 on the ring page of loki-2: it runs, so it registers again within 5s"
    );
    act(&find(&node(&timeline, 2), 'k'), &mut timeline);
    let deed = find(&deeds_for(Target::Node(1), Some(2), timeline.present()), 'f');
    assert_eq!(deed.why_not.as_deref(), Some("loki-2 is down"));
    let deed = find(&deeds_for(Target::Node(2), None, timeline.present()), 'f');
    assert_eq!(deed.label, "forget loki-2 on the ring page of loki-0");
}

#[test]
fn a_message_under_way_can_be_dropped_or_delayed_and_then_no_more() {
    let mut timeline = timeline();
    let under_way = |timeline: &Timeline| {
        timeline.present().world.scheduler.iter().find_map(|(at, event)| Some((at, event.what.message()?)))
    };
    let (arrives, message) = loop {
        match under_way(&timeline) {
            Some(found) => break found,
            None => timeline.step(),
        }
    };
    let deeds = |timeline: &Timeline| deeds_for(Target::Message(message), None, timeline.present());
    let arrival = |timeline: &Timeline| {
        let mut planned = timeline.present().world.scheduler.iter();
        planned.find(|(_, event)| event.what.message() == Some(message)).map(|(at, _)| at)
    };
    let mut late = timeline.fork();
    act(&find(&deeds(&late), '1'), &mut late);
    assert_eq!(arrival(&late), Some(arrives + std::time::Duration::from_secs(1)));
    act(&find(&deeds(&timeline), 'x'), &mut timeline);
    assert_eq!(arrival(&timeline), None);
    for deed in deeds(&timeline) {
        assert_eq!(deed.why_not.as_deref(), Some("it is not under way any more"));
    }
}

#[test]
fn a_link_is_mended_both_ways() {
    let mut timeline = timeline();
    let link = |timeline: &Timeline| deeds_for(Target::Link { from: 0, to: 1 }, None, timeline.present());
    assert_eq!(find(&link(&timeline), 'm').why_not.as_deref(), Some("nothing is wrong with this link"));
    for key in ['x', 'd', 'l'] {
        act(&find(&link(&timeline), key), &mut timeline);
        act(&find(&link(&timeline), 'm'), &mut timeline);
        assert!(timeline.present().world.network.is_healthy(), "{key}");
    }
}

#[test]
fn an_answer_that_makes_no_command_says_how_to_write_it() {
    let clock = Question::Clock { pod: "loki-1".into() };
    assert_eq!(clock.answer("-1m30s"), Ok(Command::Clock { pod: "loki-1".into(), step_ms: -90_000 }));
    assert!(clock.answer("soon").unwrap_err().ends_with("; write it like 1m30s or 500ms"));
    assert!(Question::Push { pod: "loki-1".into() }.answer("app=").is_err());
    let share = |text| Question::NetworkLoss.answer(text).map_err(|_| text);
    for (text, millionths) in [("5 %", 50_000), ("0.1%", 1_000), ("100", 1_000_000), ("0 %", 0)] {
        assert_eq!(share(text), Ok(Command::Loss { millionths }));
    }
    for text in ["", "%", "101 %", "-1", "1e2", "0.00001 %", "five"] {
        assert_eq!(share(text), Err(text));
    }
}

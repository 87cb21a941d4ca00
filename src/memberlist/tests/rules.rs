//! What each message does in each state (protocol of ml state.go:925-1349).

use std::time::Duration;

use super::bench::*;
use crate::memberlist::*;
use crate::prng::Prng;
use crate::time::Instant;

const NEW: Option<State> = None;

fn changed(name: Name, from: Option<State>, to: State) -> Note {
    Note::StateChanged { name, from, to }
}

fn moved(name: Name, incarnation: u32, port: u16) -> Rumour {
    let address = Address { port, ..address(name.0) };
    Rumour::Alive { name, address, incarnation, meta: Meta::default() }
}

#[test]
fn a_node_starts_alive_in_its_own_table_and_announces_itself() {
    let mut bench = Bench::new();
    bench.list = Memberlist::new(Config::dskit().into(), ME, address(0), Prng::stream(1, "x", 0));
    bench.list.start(bench.now, &mut bench.out);
    assert_eq!(bench.state(ME), Some((State::Alive, 1)));
    assert_eq!(bench.queued(), [alive(ME, 1)]);
    assert_eq!((bench.list.num_members(), bench.list.incarnation()), (1, 1));
}

#[test]
fn an_unknown_node_that_is_alive_is_taken_in_and_passed_on() {
    let mut bench = Bench::new();
    bench.hears(&[alive(ANN, 4)]);
    assert_eq!(bench.state(ANN), Some((State::Alive, 4)));
    assert_eq!(bench.queued(), [alive(ANN, 4)]);
    assert_eq!(bench.notes(), [changed(ANN, NEW, State::Alive)]);
    assert_eq!((bench.list.num_members(), bench.list.estimated_nodes()), (2, 2));
}

#[test]
fn an_alive_message_without_a_higher_incarnation_is_old_news() {
    let mut bench = Bench::new();
    bench.hears(&[alive(ANN, 4)]).hears(&[suspect(ANN, 4, BOB)]);
    for old in [3, 4] {
        bench.hears(&[alive(ANN, old)]);
        assert_eq!(bench.state(ANN), Some((State::Suspect, 4)));
        assert_eq!((bench.queued(), bench.notes()), (vec![], vec![]));
    }
}

#[test]
fn a_higher_incarnation_wins_over_every_state() {
    for sad in [suspect(ANN, 4, BOB), dead(ANN, 4, BOB), dead(ANN, 4, ANN)] {
        let mut bench = Bench::new();
        bench.hears(&[alive(ANN, 4)]).hears(&[sad]);
        let before = bench.state(ANN).map(|(state, _)| state);
        bench.hears(&[alive(ANN, 5)]);
        assert_eq!(bench.state(ANN), Some((State::Alive, 5)));
        assert_eq!(bench.notes(), [changed(ANN, before, State::Alive)]);
        assert_eq!(bench.queued(), [alive(ANN, 5)]);
    }
}

#[test]
fn a_refuted_suspicion_never_kills() {
    let mut bench = Bench::new();
    bench.hears(&[alive(ANN, 4)]).hears(&[suspect(ANN, 4, BOB)]);
    let (at, timer) = bench.timers()[0];
    bench.hears(&[alive(ANN, 5)]);
    bench.now = at;
    bench.wakes(timer);
    assert_eq!(bench.state(ANN), Some((State::Alive, 5)));
}

#[test]
fn a_name_at_another_address_is_a_conflict() {
    for sad in [alive(ANN, 4), suspect(ANN, 4, BOB), dead(ANN, 4, BOB)] {
        let mut bench = Bench::new();
        bench.hears(&[alive(ANN, 4)]).hears(&[sad]);
        let before = bench.state(ANN);
        bench.hears(&[moved(ANN, 9, 1)]);
        assert_eq!(bench.state(ANN), before);
        assert!(matches!(bench.notes()[..], [Note::ConflictingAddress { name: ANN, .. }]));
        assert!(bench.queued().is_empty());
    }
}

#[test]
fn who_left_may_come_back_at_another_address_with_any_incarnation() {
    let mut bench = Bench::new();
    bench.hears(&[alive(ANN, 4)]).hears(&[dead(ANN, 4, ANN)]).hears(&[moved(ANN, 1, 1)]);
    assert_eq!(bench.state(ANN), Some((State::Alive, 1)));
    assert_eq!(bench.list.member(ANN).map(|node| node.address.port), Some(1));
    assert!(matches!(bench.notes()[0], Note::UpdatingAddress { name: ANN, .. }));
}

#[test]
fn a_dead_ones_name_may_be_reclaimed_after_the_configured_time() {
    let reclaim = Config { dead_node_reclaim_time: Duration::from_secs(10), ..Config::dskit() };
    let mut bench = Bench::with(reclaim);
    bench.hears(&[alive(ANN, 4)]).hears(&[dead(ANN, 4, BOB)]);
    bench.at(10).hears(&[moved(ANN, 1, 1)]);
    assert_eq!(bench.state(ANN), Some((State::Dead, 4)));
    bench.at(11).hears(&[moved(ANN, 1, 1)]);
    assert_eq!(bench.state(ANN), Some((State::Alive, 1)));
}

#[test]
fn what_others_tell_of_us_is_refuted_unless_we_said_so() {
    let mut bench = Bench::new();
    for known in [0, 1] {
        bench.hears(&[alive(ME, known)]);
        assert_eq!((bench.notes(), bench.list.incarnation()), (vec![], 1));
    }
    bench.hears(&[alive(ME, 7)]);
    assert_eq!(bench.state(ME), Some((State::Alive, 8)));
    assert_eq!(bench.notes(), [Note::RefutingAlive { name: ME, theirs: address(0) }]);
    assert_eq!((bench.queued(), bench.list.health_score()), (vec![alive(ME, 8)], 1));

    let meta = Meta { zone: Zone(3), role: NodeRole::Bridge };
    bench.hears(&[Rumour::Alive { name: ME, address: address(0), incarnation: 8, meta }]);
    assert_eq!(bench.queued(), [alive(ME, 9)]);
}

#[test]
fn an_accusation_of_us_is_refuted_above_its_incarnation() {
    let mut bench = Bench::new();
    bench.hears(&[suspect(ME, 0, ANN)]);
    assert_eq!((bench.notes(), bench.list.incarnation()), (vec![], 1));
    bench.hears(&[suspect(ME, 1, ANN)]);
    assert_eq!(bench.notes(), [Note::RefutingSuspect { from: ANN }]);
    assert_eq!((bench.state(ME), bench.queued()), (Some((State::Alive, 2)), vec![alive(ME, 2)]));
    bench.hears(&[dead(ME, 40, ANN)]);
    assert_eq!(bench.notes(), [Note::RefutingDead { from: ANN }]);
    assert_eq!((bench.state(ME), bench.list.health_score()), (Some((State::Alive, 41)), 2));
}

#[test]
fn a_refutation_takes_the_place_of_the_last_one_and_of_nothing_else() {
    let mut bench = Bench::new();
    bench.list = Memberlist::new(Config::dskit().into(), ME, address(0), Prng::stream(1, "x", 0));
    bench.list.start(bench.now, &mut bench.out);
    bench.takes(None, &[suspect(ME, 1, ANN)]).takes(None, &[suspect(ME, 2, ANN)]);
    assert_eq!(bench.queued(), [alive(ME, 3), alive(ME, 1)]);
}

#[test]
fn suspicion_of_the_unknown_the_renewed_and_the_gone_is_ignored() {
    let mut bench = Bench::new();
    bench.hears(&[suspect(ANN, 1, BOB)]);
    assert_eq!(bench.state(ANN), None);
    bench.hears(&[alive(ANN, 2)]).hears(&[suspect(ANN, 1, BOB)]);
    assert_eq!(bench.state(ANN), Some((State::Alive, 2)));
    bench.hears(&[dead(ANN, 2, BOB)]).hears(&[suspect(ANN, 9, BOB)]);
    assert_eq!((bench.state(ANN), bench.queued()), (Some((State::Dead, 2)), vec![]));
}

#[test]
fn a_suspect_of_a_small_cluster_has_20_seconds() {
    let mut bench = Bench::new();
    bench.hears(&[alive(ANN, 1), alive(BOB, 1)]).at(100).hears(&[suspect(ANN, 3, BOB)]);
    assert_eq!(bench.state(ANN), Some((State::Suspect, 3)));
    assert_eq!(bench.queued(), [suspect(ANN, 3, BOB)]);
    let [(at, timer)] = bench.timers()[..] else { panic!("{:?}", bench.timers()) };
    assert!(at >= secs(120) && at.since(secs(120)) < Duration::from_millis(1));

    bench.at(119).wakes(timer);
    assert_eq!(bench.state(ANN), Some((State::Suspect, 3)));
    bench.now = at;
    bench.hears(&[]).wakes(timer);
    let marked = Note::MarkingFailed { name: ANN, confirmations: 0 };
    assert_eq!(bench.notes(), [marked, changed(ANN, Some(State::Suspect), State::Dead)]);
    assert_eq!(bench.queued(), [dead(ANN, 3, ME)]);
    assert_eq!((bench.list.num_members(), bench.list.estimated_nodes()), (2, 3));
}

#[test]
fn new_accusers_shorten_the_wait_and_are_passed_on() {
    let mut bench = Bench::new();
    bench.hears(&[alive(ANN, 1), alive(BOB, 1), alive(EVE, 1)]).hears(&[suspect(ANN, 1, ME)]);
    let seconds_left = |bench: &Bench| bench.timers().iter().map(|(at, _)| at.nanos() / 1_000_000).next();
    assert_eq!(seconds_left(&bench), Some(120_000));

    bench.at(2).hears(&[suspect(ANN, 1, ME)]);
    assert_eq!((seconds_left(&bench), bench.queued()), (None, vec![]), "we accused it already");
    bench.hears(&[suspect(ANN, 1, BOB)]);
    assert_eq!((seconds_left(&bench), bench.queued()), (Some(56_907), vec![suspect(ANN, 1, BOB)]));
    bench.hears(&[suspect(ANN, 1, BOB)]);
    assert_eq!((seconds_left(&bench), bench.queued()), (None, vec![]));
    bench.hears(&[suspect(ANN, 1, EVE)]);
    assert_eq!(seconds_left(&bench), Some(20_000));
    bench.hears(&[suspect(ANN, 1, Name(8))]);
    assert_eq!((seconds_left(&bench), bench.queued()), (None, vec![]), "two are enough");
}

#[test]
fn a_confirmation_after_the_shortened_time_kills_at_once() {
    let mut bench = Bench::new();
    bench.hears(&[alive(ANN, 1), alive(BOB, 1), alive(EVE, 1)]).hears(&[suspect(ANN, 1, ME)]);
    bench.at(60).hears(&[suspect(ANN, 1, BOB)]);
    let (at, timer) = bench.timers()[0];
    assert!(at.since(secs(60)) < Duration::from_millis(1));
    bench.now = at;
    bench.wakes(timer);
    assert_eq!(bench.state(ANN), Some((State::Dead, 1)));
}

#[test]
fn death_is_final_for_its_incarnation() {
    let mut bench = Bench::new();
    bench.hears(&[dead(ANN, 1, BOB)]);
    assert_eq!(bench.state(ANN), None);
    bench.hears(&[alive(ANN, 2)]).hears(&[dead(ANN, 1, BOB)]);
    assert_eq!(bench.state(ANN), Some((State::Alive, 2)));
    bench.hears(&[dead(ANN, 2, BOB)]);
    assert_eq!((bench.state(ANN), bench.queued()), (Some((State::Dead, 2)), vec![dead(ANN, 2, BOB)]));
    bench.hears(&[dead(ANN, 2, ANN)]);
    assert_eq!((bench.state(ANN), bench.queued()), (Some((State::Dead, 2)), vec![]), "not left");
}

#[test]
fn who_says_itself_that_it_is_gone_has_left() {
    let mut bench = Bench::new();
    bench.hears(&[alive(ANN, 2)]).hears(&[dead(ANN, 2, ANN)]).hears(&[dead(ANN, 2, BOB)]);
    assert_eq!(bench.state(ANN), Some((State::Left, 2)));
}

#[test]
fn a_full_exchange_plants_suspicion_but_no_death() {
    for told in [State::Suspect, State::Dead] {
        let mut bench = Bench::new();
        bench.hears(&[alive(ANN, 2)]).merges(ANN, 2, told);
        assert_eq!(bench.state(ANN), Some((State::Suspect, 2)));
        assert_eq!(bench.queued(), [suspect(ANN, 2, ME)]);
        bench.merges(ME, 1, told);
        assert_eq!(bench.queued(), [alive(ME, 2)]);
    }
    let mut bench = Bench::new();
    bench.merges(ANN, 2, State::Dead);
    assert_eq!(bench.state(ANN), None, "nobody is born dead");
    bench.merges(ANN, 2, State::Alive).merges(ANN, 2, State::Left);
    assert_eq!(bench.state(ANN), Some((State::Left, 2)));
}

#[test]
fn a_leaving_node_tells_when_its_goodbye_is_sent() {
    let mut bench = Bench::new();
    bench.hears(&[alive(ANN, 1)]).hears(&[]).leaves();
    assert_eq!((bench.state(ME), bench.queued()), (Some((State::Left, 1)), vec![dead(ME, 1, ME)]));
    bench.takes(None, &[alive(ME, 5), suspect(ME, 5, ANN), dead(ME, 5, ANN)]).leaves();
    assert_eq!(bench.state(ME), Some((State::Left, 1)), "no refuting any more");
    for _ in 0..3 {
        bench.takes(Some(Head::Ping { seq_no: 1, target: ME }), &[]);
        assert!(!bench.has_left());
    }
    bench.takes(Some(Head::Ping { seq_no: 1, target: ME }), &[]);
    assert!(bench.has_left() && bench.queued().is_empty());
}

#[test]
fn a_node_alone_has_nobody_to_say_goodbye_to() {
    let mut bench = Bench::new();
    bench.hears(&[alive(ANN, 1)]).hears(&[dead(ANN, 1, BOB)]).leaves();
    assert!(bench.has_left());
}

#[test]
fn news_of_one_packet_are_taken_alive_first_and_newest_first() {
    let mut bench = Bench::new();
    bench.hears(&[dead(ANN, 1, BOB), suspect(ANN, 1, EVE), alive(ANN, 1)]);
    let notes = bench.notes();
    assert_eq!(notes.last(), Some(&changed(ANN, Some(State::Suspect), State::Dead)), "{notes:?}");
    assert_eq!(notes.len(), 3);

    bench.say_to_it(&[7, 8]);
    assert_eq!(bench.chat.heard, [7, 8], "the last of the batch first: longest, then newest come first");
}

impl Bench {
    /// A packet with messages, queued in this order.
    fn say_to_it(&mut self, messages: &[u32]) {
        let mut sender = Chat::new();
        messages.iter().for_each(|&message| sender.say(message));
        let batch = sender.get_broadcasts(3, 1000);
        let packet = Packet { head: None, rumours: vec![], batch, bytes: 0 };
        self.list.handle_packet(self.now, address(9), &packet, &mut self.chat, &mut self.out);
    }
}

#[test]
fn whatever_comes_a_node_stands_by_itself_and_keeps_its_counts() {
    let mut bench = Bench::new();
    let mut prng = Prng::stream(11, "any", 0);
    for step in 0..20_000_u64 {
        bench.now = Instant::from_nanos(step * 37_000_000);
        let mut small = |bound| prng.below(bound) as u32;
        let (name, from) = (Name(small(6)), Name(small(6)));
        let incarnation = [small(5), small(50), u32::MAX - small(2)][small(2) as usize];
        let seq_no = small(2000);
        let at = address(small(7));
        let any_address = Rumour::Alive { name, address: at, incarnation, meta: Meta::default() };
        match small(12) {
            0..3 => bench.takes(None, &[alive(name, incarnation)]),
            3 => bench.takes(None, &[suspect(name, incarnation, from), dead(from, incarnation, name)]),
            4 => bench.takes(None, &[any_address]),
            5 => bench.takes(Some(Head::Ack { seq_no }), &[]),
            6 => bench.takes(Some(Head::Nack { seq_no }), &[]),
            7 => bench.takes(Some(Head::IndirectPing { seq_no, target: name, address: at }), &[]),
            8 => bench.wakes(Timer::Probe).wakes(Timer::ProbeTimeout { seq_no }),
            9 => bench.wakes(Timer::ProbeVerdict { seq_no }).wakes(Timer::NackTimeout { seq_no }),
            10 => bench.wakes(Timer::Gossip).wakes(Timer::PushPull),
            _ => {
                let since = bench.list.member(name).map_or(bench.now, |node| node.state_change);
                bench.wakes(Timer::Suspicion { name, since })
            }
        };
        let members = bench.list.members();
        let counted = members.iter().filter(|node| !node.dead_or_left()).count();
        assert_eq!(bench.list.num_members(), counted, "step {step}");
        assert!(members.iter().all(|node| bench.list.member(node.name) == Some(node)), "step {step}");
        assert_eq!(bench.state(ME), Some((State::Alive, bench.list.incarnation())), "step {step}");
        bench.out.clear();
    }
}

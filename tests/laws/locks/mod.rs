//! The lock: whoever is slow, paused, cut off or dead, two operators never act in turns.

mod operator;
mod world;

use std::cell::Cell;
use std::time::Duration;

use milvus_swarm::lock::{BEAT, DEAD, FRESH, LOOK};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use operator::Operator;
use world::{Event, World};

/// How much faster or slower than true a clock may run, in thousandths.
const DRIFT: u64 = 100;
/// An action that ends so soon after it was allowed never overlaps one of the next holder: what
/// is left between the latest start of one and the earliest of the other, at that drift.
const ENDS_WITHIN: Duration = Duration::from_secs(2);

fn events() -> impl Strategy<Value = Vec<(usize, Event, Duration)>> {
    let event = prop_oneof![
        30 => Just(Event::Think),
        30 => Just(Event::Arrive),
        20 => Just(Event::Act),
        3 => Just(Event::LoseAnswer),
        8 => (0_u64..14_000).prop_map(|time| Event::Run(Duration::from_millis(time))),
        1 => Just(Event::Kill),
        1 => Just(Event::LetGo),
    ];
    let millis = prop_oneof![
        40 => 0_u64..60,
        2 => 0_u64..800,
    ];
    prop::collection::vec(
        (0_usize..3, event, millis.prop_map(Duration::from_millis)),
        200,
    )
}

#[test]
fn operators_never_act_in_turns() {
    let taken_over = Cell::new(0_usize);
    let let_go = Cell::new(0_usize);
    let mut runner = TestRunner::new(Config {
        cases: 400,
        failure_persistence: None,
        ..Config::default()
    });
    let clocks = prop::array::uniform3(1000 - DRIFT..=1000 + DRIFT);
    let law = runner.run(
        &(events(), clocks, 2_usize..=3),
        |(events, clocks, count)| {
            let mut world = World::new(&clocks[..count]);
            for (who, event, pause) in events {
                world.now += pause;
                world.happen(who % count, event);
            }
            for pair in world.deeds.windows(2) {
                let [before, after] = pair else {
                    unreachable!()
                };
                if before.token == after.token {
                    continue;
                }
                let again = world.deeds.iter().filter(|deed| deed.token == before.token);
                let latest = again.map(|deed| deed.at).max();
                prop_assert_eq!(latest, Some(before.at), "acted after it was taken over");
                if world.let_go.contains(&before.token) {
                    let_go.set(let_go.get() + 1);
                } else {
                    taken_over.set(taken_over.get() + 1);
                    prop_assert!(after.at - before.at > ENDS_WITHIN, "{:?}", pair);
                }
            }
            Ok(())
        },
    );
    law.expect("no interleaving lets two act in turns");
    // The law says nothing where nothing of the kind happens.
    assert!(taken_over.get() > 500, "{} taken over", taken_over.get());
    assert!(let_go.get() > 100, "{} let go", let_go.get());
}

/// A world in which everybody is quick.
fn calm(count: usize) -> World {
    World::new(&[1000; 3][..count])
}

#[test]
fn a_holder_that_beats_keeps_its_lock_and_others_are_refused_within_two_beats() {
    let mut world = calm(2);
    world.pass_only(0, Duration::from_secs(1));
    let token = world.operators[0].token.clone();
    world.pass(BEAT * 2);
    assert!(world.operators[1].refused > 0);
    world.pass(Duration::from_secs(600));
    assert_eq!(world.operators[0].token, token);
    assert!(world.operators[0].may_act(world.now));
    assert!(!world.operators[1].may_act(world.now));
}

#[test]
fn a_dead_holder_is_taken_over_by_one_as_soon_as_it_is_known() {
    let mut world = calm(3);
    world.pass_only(0, Duration::from_secs(5));
    world.operators[0].kill();
    world.operators[0].stay_dead = true;
    world.pass(DEAD - LOOK);
    let acting = |world: &World| {
        let acts = |one: &&Operator| one.may_act(world.now);
        world.operators[1..].iter().filter(acts).count()
    };
    assert_eq!(acting(&world), 0);
    world.pass(LOOK * 4);
    assert_eq!(acting(&world), 1);
}

#[test]
fn who_waits_gets_the_lock_when_it_is_let_go_of() {
    let mut world = calm(2);
    world.pass_only(0, Duration::from_secs(1));
    world.operators[1] = Operator::new(1, 1000, Duration::from_secs(3600), world.now);
    world.pass(Duration::from_secs(1800));
    assert_eq!(world.operators[1].refused, 0);
    world.operators[0].stay_dead = true;
    world.happen(0, Event::LetGo);
    world.pass(LOOK * 2);
    assert!(world.operators[1].may_act(world.now));
}

#[test]
fn a_holder_that_sees_its_lock_claimed_or_gone_never_acts_again() {
    for claimed in [true, false] {
        let mut world = calm(1);
        world.pass(Duration::from_secs(1));
        assert!(world.operators[0].may_act(world.now));
        if claimed {
            let mut lock = world.server.object.clone().expect("a lock");
            lock.taken_by = Some("bob@desk".to_owned());
            assert!(world.server.write(&lock));
        } else {
            world.server.object = None;
        }
        world.operators[0].stay_dead = true;
        world.pass(BEAT + LOOK);
        assert!(!world.operators[0].may_act(world.now));
        assert_eq!(world.operators[0].lost, 1);
    }
}

#[test]
fn the_numbers_leave_room_for_clocks_and_for_an_action_on_its_way() {
    let slow = |time: Duration| time * 1000 / u32::try_from(1000 - DRIFT).expect("small");
    let fast = |time: Duration| time * 1000 / u32::try_from(1000 + DRIFT).expect("small");
    assert!(slow(FRESH) + ENDS_WITHIN < fast(DEAD));
    assert!(BEAT * 2 < FRESH, "one lost beat must not hold anything up");
}

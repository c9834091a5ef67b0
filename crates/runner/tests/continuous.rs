//! Continuous mode on a virtual clock: the same seed, the same run.

use ecology_types::{EventKind, Seed, Span};
use ecology_world::Event;

use crate::support::*;

fn run(seed: u64) -> Ran {
    let mut town = Town::continuous();
    town.seed = Seed(seed);
    for n in 0..20 {
        town = town.agent(&format!("giver_{n}"), "mind = 'random_transfer'\ndelay_mean = 700000");
    }
    town = town.agent("slow", "mind = 'slow'\nthinking = 350000");
    town.run(20)
}

/// Who acted, in order.
fn interleaving(events: &[Event]) -> Vec<Option<ecology_types::Key>> {
    events
        .iter()
        .filter(|event| event.effect.kind() == EventKind::ActionDone)
        .map(|event| event.actor)
        .collect()
}

#[test]
fn continuous_virtual_same_seed_same_run() {
    let (one, again) = (run(5), run(5));
    assert_eq!(
        one.world().hash(),
        again.world().hash(),
        "even what was measured is modelled on a virtual clock"
    );
    assert_eq!(one.events, again.events);
}

#[test]
fn continuous_virtual_other_seeds_other_interleavings() {
    let orders: Vec<_> = (0..8).map(|seed| interleaving(&run(seed).events)).collect();
    for (at, order) in orders.iter().enumerate() {
        assert!(orders[..at].iter().all(|other| other != order), "two seeds gave one interleaving");
    }
}

#[test]
fn continuous_virtual_schedule_draws_the_order_of_what_is_due_at_once() {
    let first = |seed| {
        let mut town = Town::continuous();
        town.seed = Seed(seed);
        for n in 0..4 {
            town = town.player(&format!("p{n}"), |_, _| wait_ms(1_000));
        }
        interleaving(&town.run(2).events)[0]
    };
    let firsts: std::collections::BTreeSet<_> = (0..40).map(first).collect();
    assert_eq!(firsts.len(), 4, "everybody comes first under some seed");
}

#[test]
fn continuous_virtual_a_thought_takes_its_time_and_others_act_meanwhile() {
    let shape = Shape { time: Span::from_millis(900), ..Shape::default() };
    let ran = Town::continuous()
        .shaped("slow", shape, |_, _| wait_ms(100))
        .player("quick", |_, _| wait_ms(100))
        .run(10);
    assert_eq!(ran.times("slow", EventKind::ActionDone)[..3], [900_000, 1_900_000, 2_900_000]);
    assert!(ran.count("quick", EventKind::ActionDone) >= 99);
}

#[test]
fn continuous_virtual_the_end_is_where_it_was_asked_for() {
    let ran = Town::continuous().player("one", |_, _| wait_ms(300)).run(2);
    assert_eq!(ran.world().time().0, 2_000_000);
    assert!(ran.events.iter().all(|event| event.time.0 <= 2_000_000));
    assert_eq!(ran.outcome.ended, ecology_runner::Ended::Finished);
    let over = Town::continuous().player("one", |_, _| stop()).run(2);
    assert_eq!(over.outcome.ended, ecology_runner::Ended::Everybody);
}

#[test]
fn continuous_virtual_time_never_goes_back() {
    let ran = run(11);
    assert!(ran.events.windows(2).all(|pair| pair[0].time <= pair[1].time && pair[0].seq + 1 == pair[1].seq));
}

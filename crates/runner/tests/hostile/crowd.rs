//! Ten thousand hostile contracts at once.

use ecology_minds::{Decision, MindError, Then};
use ecology_types::{Action, Axis, Draft, Resource, Side, Span};

use super::arena::{executable, read};
use crate::support::*;

const ATTACKERS: u64 = 20;
/// Contracts of each attacker.
const EACH: u64 = 500;
const HONEST: u64 = 4;
/// Enough for each attacker to have forty asked: one after the other, of all attackers.
const TURNS: u64 = EACH + 40;

const KINDS: [&str; 5] = [
    "while true do end",
    "local s = 'x' while true do s = s .. s end",
    "error('no')",
    "return { allow = true, cost = -1 }",
    "return { pcall(check_permission, request) }",
];

fn turn(action: Action) -> Result<Decision, MindError> {
    act(action).map(|decision| Decision { then: Then::Delay(Span::from_secs(1)), ..decision })
}

/// Every contract governs itself: whoever reads one asks it.
fn hostile(name: &str, at: u64) -> Action {
    let kind = KINDS[usize::try_from(at).unwrap() % KINDS.len()];
    let Action::Write(mut draft) =
        executable(name, &format!("-- {at}\nfunction check_permission(request) {kind} end"))
    else {
        panic!("a draft")
    };
    draft.access_contract = Some(id(name));
    Action::Write(draft)
}

/// A town of honest agents, with or without attackers.
fn town(mut town: Town, with_attackers: bool) -> Town {
    town.axes = town.axes.with(Axis::ArtifactOntology, Side::New).with(Axis::AccessControl, Side::New);
    town.check_every = 0;
    // Nothing leaves the window before the end.
    town.rules.window = Span::from_secs(3_600);
    for who in 0..HONEST {
        town = town.player(&format!("honest_{who}"), move |thought, _| {
            turn(Action::Write(Box::new(Draft::new(id(&format!("note_{who}")), thought.to_string()))))
        });
    }
    for who in 0..if with_attackers { ATTACKERS } else { 0 } {
        town = town.player(&format!("attacker_{who}"), move |thought, _| {
            let at = thought % EACH;
            if thought < EACH {
                turn(hostile(&format!("gate_{who}_{at}"), who * EACH + at))
            } else {
                // One's own, and those of others.
                turn(read(&format!("gate_{}_{at}", (who + thought) % ATTACKERS)))
            }
        });
    }
    town
}

#[test]
fn honest_agents_go_on_among_ten_thousand_hostile_contracts() {
    for base in [Town::by_ticks, Town::continuous] {
        let alone = town(base(), false).run(TURNS);
        let among = town(base(), true).run(TURNS);
        for who in 0..HONEST {
            let done = |ran: &Ran| ran.world().usage().get(ran.key(&format!("honest_{who}"))).actions_done;
            assert!(done(&alone) > TURNS / 2);
            assert!(done(&among) * 100 >= done(&alone) * 80, "{} of {}", done(&among), done(&alone));
        }
        let counts = among.outcome.code;
        assert!(counts.compiled >= ATTACKERS * 30, "{counts:?}");
        assert_eq!(counts.faults, counts.asked, "{counts:?}");
        // What hostile code takes is theirs: no more than their shares of CPU time.
        let world = among.world();
        let taken = counts.instructions / world.code_rules().instructions_per_cpu_us;
        if among.world().axes().side(Axis::RateLimiting) == Side::New {
            let attackers = (0..ATTACKERS).map(|who| among.key(&format!("attacker_{who}")));
            let booked: u64 = attackers.map(|key| world.used(key, Resource::Cpu, world.time())).sum();
            assert!(booked >= taken, "{booked} of {taken} microseconds");
        }
        world.check_invariants().expect("the laws hold");
    }
}

//! Random tools, random callers, and others who act meanwhile.

use std::cell::RefCell;
use std::rc::Rc;

use ecology_types::{
    Action, Command, GenesisArtifact as G, Outcome, Record, RefusalCode as Code, ToolAct, ToolRun, Value,
};
use ecology_world::World;
use proptest::prelude::*;

use super::engine::*;
use crate::support::*;

const NAMES: [&str; 5] = ["ann", "bob", "cid", "dot", "nobody"];
const TOOLS: [&str; 4] = ["t0", "t1", "firm", "t3"];

/// One thing that a tool does.
#[derive(Debug, Clone)]
enum Deed {
    Pay(usize, i64, bool),
    SetState(i64),
    Look(usize),
    Transfer(usize, i64),
    Invoke(usize, i64),
    Fail,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let amount = prop_oneof![8 => 0..40_i64, 1 => -3..0_i64, 1 => 900..2_000_i64];
    let deed = prop_oneof![
        4 => (0..5_usize, amount.clone(), any::<bool>()).prop_map(|(to, much, own)| Deed::Pay(to, much, own)),
        2 => any::<i64>().prop_map(Deed::SetState),
        3 => (0..6_usize).prop_map(Deed::Look),
        1 => (0..5_usize, amount.clone()).prop_map(|(to, much)| Deed::Transfer(to, much)),
        4 => (0..4_usize, 0..30_i64).prop_map(|(which, much)| Deed::Invoke(which, much)),
        1 => Just(Deed::Fail),
    ];
    prop::collection::vec(deed, 0..8)
}

fn do_it(table: &mut Table<'_>, deed: &Deed) -> Result<Value, Stop> {
    match deed {
        Deed::Pay(to, much, own) => table.pay(NAMES[*to], *much, if *own { "own" } else { "allowance" }),
        Deed::SetState(state) => table.call("set_state", &[Value::Int(*state)]),
        Deed::Look(what) => match what {
            0 => table.call("balance", &[Value::text("cid")]),
            1 => table.call("state", &[]),
            2 => table.call("now", &[]),
            3 => table.call("artifact", &[Value::text("t1")]),
            4 => table.call("read", &[Value::text("note")]),
            _ => table.call(
                "events",
                &[Value::map([("kind", "scrip_transferred".into()), ("about", "ann".into())])],
            ),
        },
        Deed::Transfer(to, much) => {
            let args = Value::map([("to", NAMES[*to].into()), ("amount", Value::Int(*much))]);
            table.invoke("genesis_ledger", "transfer", args)
        }
        Deed::Invoke(which, much) => table.invoke_allowing(TOOLS[*which], "go", Value::Null, *much),
        Deed::Fail => Err(Stop::Error("failed on purpose".to_owned())),
    }
}

/// What somebody else does while a run is out.
fn meddle(test: &mut TestWorld, how: u8) {
    let outcome = match how {
        0 => test.act(
            "ann",
            Action::invoke(
                G::Ledger.id(),
                "transfer",
                Value::map([("to", "cid".into()), ("amount", Value::Int(1))]),
            ),
        ),
        1 => {
            test.act("bob", Action::Write(Box::new(ecology_types::Draft::new(id("note"), format!("{how}")))))
        }
        2 => test.act("ann", edit("t1", "code", "core", None)),
        _ => Ok(Value::Null),
    };
    drop(outcome);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// What was committed is what the code was told, all of it or nothing; no allowance is exceeded; no scrip comes or goes; and the records fold
    /// to the same world without any engine. The laws of the world are checked after each command by the test world itself.
    #[test]
    fn runs_are_all_or_nothing_and_what_the_code_was_told(
        combo in 0..Combo::plain().len(),
        programs in prop::collection::vec((deeds(), any::<bool>()), 4),
        turns in prop::collection::vec((0..3_usize, 0..4_usize, 0..60_u64, 0..6_u8), 1..8),
    ) {
        let combo = Combo::plain()[combo];
        let mut test = TestWorld::new(combo);
        test.write("bob", "note", "a note");
        for name in TOOLS {
            let mut draft = tool(combo, name);
            draft.has_standing = (name == "firm" && !combo.is_legacy()).then_some(true);
            test.done("ann", Action::Write(Box::new(draft)));
        }
        if !combo.is_legacy() {
            test.invoke("bob", G::Ledger, "transfer", [("to", "firm".into()), ("amount", Value::Int(60))]);
        }
        let mut engine = Programs::default();
        for (name, (deeds, catches)) in TOOLS.iter().zip(programs) {
            let catches = Rc::new(RefCell::new(catches));
            engine.add(name, move |table| {
                let mut told = Vec::new();
                for deed in &deeds {
                    match do_it(table, deed) {
                        Ok(value) => told.push(value),
                        Err(Stop::Error(sentence)) if *catches.borrow() => told.push(Value::text(&sentence[..sentence.len().min(20)])),
                        Err(stop) => return Err(stop),
                    }
                }
                Ok(Value::List(told))
            });
        }
        for (who, which, allowance, how) in turns {
            let agent = ["ann", "bob", "cid"][who];
            let act = test.act_of(agent, go(TOOLS[which], allowance));
            let Some(run) = engine.ask(&test.world, &act, test.now) else { continue };
            meddle(&mut test, how);
            test.now = test.now.after(ecology_types::Span(u64::from(how) * 300_000));
            let before = test.scrip(agent);
            let states = |test: &TestWorld| TOOLS.map(|name| test.world.kept_state(test.key(name)).1.clone());
            let kept = states(&test);
            let outcome: Outcome = test.by_tool(act.clone(), run.clone());
            match &outcome {
                Ok(result) => {
                    prop_assert_eq!(&Ok(result.clone()), &run.outcome);
                    prop_assert!(before - test.scrip(agent).min(before) <= allowance);
                }
                Err(refusal) => {
                    prop_assert!(matches!(refusal.code, Code::AnswerStale | Code::ExecutionFailed | Code::RateExceeded), "{}", refusal);
                    prop_assert_eq!(test.scrip(agent), before);
                    prop_assert_eq!(states(&test), kept);
                    if refusal.code == Code::AnswerStale {
                        // Nobody is told a lie twice: what is asked again at once holds.
                        let again: ToolRun = engine.ask(&test.world, &act, test.now).unwrap();
                        let outcome = test.command(Command::ActByTool(Box::new(ToolAct { act, run: again }))).outcome;
                        prop_assert!(outcome.is_ok() || outcome.unwrap_err().code == Code::ExecutionFailed);
                    }
                }
            }
        }
        let mut folded = World::new(combo.parts());
        for bytes in &test.records {
            folded.fold(Record::decode(bytes).unwrap()).unwrap();
        }
        prop_assert_eq!(folded.hash(), test.world.hash());
    }
}

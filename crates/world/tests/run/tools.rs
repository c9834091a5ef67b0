//! What tools are for.

use ecology_types::{
    Action, CodeRules, Command, Effect, GenesisArtifact as G, PolicyDraft, RefusalCode as Code, Resource,
    Scrip, SmolStr, Span, Time, Value,
};

use super::engine::*;
use crate::support::*;

/// A counter, a splitter of the allowance and a tool that uses both.
fn workshop() -> Programs {
    let mut programs = Programs::default();
    programs.add("counter", |table| {
        let count = table.call("state", &[])?.as_int().unwrap_or(0) + 1;
        table.call("set_state", &[Value::Int(count)])?;
        Ok(Value::map([("count", Value::Int(count))]))
    });
    programs.add("splitter", |table| {
        let left = table.call("allowance", &[])?.as_int().unwrap_or(0);
        table.pay("ann", left / 2, "allowance")?;
        table.pay("bob", left - left / 2, "allowance")?;
        Ok(Value::Int(left))
    });
    programs.add("meta", |table| {
        let counted = table.invoke("counter", "go", Value::Null)?;
        let split = table.invoke_allowing("splitter", "go", Value::Null, 10)?;
        let left = table.call("allowance", &[])?;
        Ok(Value::List(vec![counted, split, left]))
    });
    programs
}

fn built(combo: Combo) -> (TestWorld, Programs) {
    let mut test = TestWorld::new(combo);
    for name in ["counter", "splitter", "meta"] {
        test.done("ann", Action::Write(Box::new(tool(combo, name))));
    }
    (test, workshop())
}

#[test]
fn a_tool_keeps_a_state_pays_from_the_allowance_and_uses_other_tools() {
    for combo in Combo::all() {
        let (mut test, programs) = built(combo);
        test.use_tool(&programs, "cid", go("counter", 0)).unwrap();
        let result = test.use_tool(&programs, "cid", go("meta", 25)).unwrap();
        let count = Value::map([("count", Value::Int(2))]);
        assert_eq!(result, Value::List(vec![count, Value::Int(10), Value::Int(15)]));
        assert_eq!(test.world.kept_state(test.key("counter")), (2, &Value::Int(2)));
        assert_eq!((test.scrip("ann"), test.scrip("bob"), test.scrip("cid")), (1005, 1005, 990));
        let cpu: Vec<u64> = test
            .last_effects()
            .iter()
            .filter_map(|effect| match effect {
                Effect::ActionDone { charges, .. } => Some(charges[Resource::Cpu]),
                _ => None,
            })
            .collect();
        assert_eq!(cpu, [12], "1,200 instructions at 100 a microsecond");
    }
}

#[test]
fn without_a_run_a_tool_cannot_be_invoked() {
    for combo in Combo::plain() {
        let (mut test, _) = built(combo);
        test.refused("cid", go("counter", 0), Code::Unavailable);
        if !combo.is_legacy() {
            let gone = Action::invoke(id("counter"), "gone", Value::Null);
            test.refused("cid", gone, Code::MethodNotFound);
        }
    }
}

#[test]
fn a_run_that_was_told_something_else_changes_nothing_and_can_be_repeated() {
    for combo in Combo::plain() {
        let (mut test, programs) = built(combo);
        let act = test.act_of("cid", go("counter", 0));
        let early = programs.ask(&test.world, &act, test.now).unwrap();
        test.use_tool(&programs, "bob", go("counter", 0)).unwrap();
        let before = untouchable(&test.world);
        let refusal = test.by_tool(act.clone(), early).unwrap_err();
        assert_eq!(refusal.code, Code::AnswerStale);
        assert_eq!(before, untouchable(&test.world));
        assert_eq!(test.world.kept_state(test.key("counter")), (1, &Value::Int(1)));
        let again = programs.ask(&test.world, &act, test.now).unwrap();
        assert_eq!(int(&test.by_tool(act, again).unwrap(), "count"), 2);
    }
}

#[test]
fn a_tool_that_changes_or_goes_while_its_run_is_out_does_nothing() {
    for combo in Combo::plain() {
        let (mut test, programs) = built(combo);
        let act = test.act_of("cid", go("splitter", 10));
        let run = programs.ask(&test.world, &act, test.now).unwrap();
        test.write("ann", "splitter", "-- other code");
        assert_eq!(test.by_tool(act.clone(), run).unwrap_err().code, Code::AnswerStale);
        let run = programs.ask(&test.world, &act, test.now).unwrap();
        test.done("ann", delete("splitter"));
        assert_eq!(test.by_tool(act, run).unwrap_err().code, Code::ArtifactDeleted);
        assert_eq!(test.scrip("cid"), 1000);
    }
}

#[test]
fn a_tool_that_fails_leaves_nothing_and_the_one_that_invoked_it_may_go_on() {
    for combo in Combo::plain() {
        let (mut test, mut programs) = built(combo);
        programs.add("counter", |table| {
            table.call("set_state", &[Value::Int(99)])?;
            table.pay("ann", 3, "allowance")?;
            Err(Stop::Error("I changed\nmy mind".to_owned()))
        });
        programs.add("meta", |table| {
            table.pay("bob", 1, "allowance")?;
            let caught = table.invoke_allowing("counter", "go", Value::Null, 5).unwrap_err();
            let left = table.call("allowance", &[])?;
            table.pay("bob", 1, "allowance")?;
            Ok(Value::List(vec![Value::text(format!("{caught:?}")), left]))
        });
        let result = test.use_tool(&programs, "cid", go("meta", 6)).unwrap();
        let Value::List(items) = &result else { panic!("{result:?}") };
        assert!(items[0].as_text().unwrap().contains("counter: I changed my mind"), "{result:?}");
        assert_eq!(items[1], Value::Int(5), "what the failed tool spent came back");
        assert_eq!((test.scrip("ann"), test.scrip("bob"), test.scrip("cid")), (1000, 1002, 998));
        assert_eq!(test.world.kept_state(test.key("counter")), (0, &Value::Null));
        let failed = test.use_tool(&programs, "cid", go("counter", 5)).unwrap_err();
        assert_eq!(failed.code, Code::ExecutionFailed);
        assert_eq!(test.scrip("cid"), 998);
    }
}

#[test]
fn a_price_of_a_nested_call_comes_out_of_the_allowance() {
    for combo in Combo::plain().into_iter().filter(|combo| !combo.has_contracts()) {
        let (mut test, mut programs) = built(combo);
        let mut priced = tool(combo, "priced");
        let anyone = || vec![SmolStr::new("*")];
        priced.policy = Some(PolicyDraft {
            read: anyone(),
            write: Vec::new(),
            invoke: anyone(),
            read_price: Scrip(2),
            invoke_price: Scrip(7),
        });
        test.done("bob", Action::Write(Box::new(priced)));
        programs.add("priced", |_| Ok(Value::Bool(true)));
        programs.add("meta", |table| {
            table.call("read", &[Value::text("priced")])?;
            table.invoke("priced", "go", Value::Null)
        });
        assert_eq!(test.use_tool(&programs, "cid", go("meta", 9)), Ok(Value::Bool(true)));
        assert_eq!((test.scrip("bob"), test.scrip("cid")), (1009, 991));
        let refusal = test.use_tool(&programs, "cid", go("meta", 8)).unwrap_err();
        assert_eq!(refusal.code, Code::ExecutionFailed);
        assert!(refusal.detail.contains("6 scrip are left of the allowance and the price is 7"), "{refusal}");
        assert_eq!(test.use_tool(&programs, "cid", go("priced", 0)), Ok(Value::Bool(true)));
        assert_eq!((test.scrip("bob"), test.scrip("cid")), (1016, 984));
    }
}

#[test]
fn a_tool_with_standing_has_money_of_its_own_and_sees_what_it_did() {
    for combo in Combo::plain().into_iter().filter(|combo| !combo.is_legacy()) {
        let mut test = TestWorld::new(combo);
        let mut draft = tool(combo, "firm");
        draft.has_standing = Some(true);
        test.done("ann", Action::Write(Box::new(draft)));
        let gift = [("to", "firm".into()), ("amount", Value::Int(50))];
        test.invoke("ann", G::Ledger, "transfer", gift);
        let mut programs = Programs::default();
        programs.add("firm", |table| {
            table.pay("bob", 20, "own")?;
            let transfer = Value::map([("to", "bob".into()), ("amount", Value::Int(20))]);
            table.invoke("genesis_ledger", "transfer", transfer.clone())?;
            let balance = table.call("balance", &[Value::text("firm")])?;
            let same = table.invoke("genesis_ledger", "balance", Value::Null)?;
            assert_eq!(same.get("scrip"), Some(&balance));
            assert!(
                table.pay("bob", 11, "own").is_err()
                    && table.invoke("genesis_ledger", "transfer", transfer).is_err()
            );
            Ok(balance)
        });
        assert_eq!(test.use_tool(&programs, "cid", go("firm", 0)), Ok(Value::Int(10)));
        assert_eq!((test.scrip("firm"), test.scrip("bob")), (10, 1040));
    }
}

#[test]
fn a_time_that_was_told_holds_for_a_while() {
    for combo in Combo::plain() {
        let (mut test, mut programs) = built(combo);
        programs.add("counter", |table| table.call("now", &[]));
        let act = test.act_of("cid", go("counter", 0));
        let run = programs.ask(&test.world, &act, test.now).unwrap();
        test.now = test.now.after(CodeRules::default().answer_age_max);
        assert!(test.by_tool(act.clone(), run.clone()).is_ok());
        test.now = test.now.after(Span(1));
        assert_eq!(test.by_tool(act.clone(), run).unwrap_err().code, Code::AnswerStale);
        let mut future = programs.ask(&test.world, &act, test.now).unwrap();
        future.time = Time(test.now.0 + 1_000_000);
        assert_eq!(test.by_tool(act, future).unwrap_err().code, Code::AnswerStale);
    }
}

#[test]
fn who_fails_pays_for_it() {
    for combo in Combo::plain() {
        let (mut test, programs) = built(combo);
        let owed = |test: &TestWorld, who: &str| {
            let limiter = &test.world.parts().limiter;
            limiter.used(test.key(who), Resource::Cpu, test.now)
                + limiter.overrun(test.key(who), Resource::Cpu)
        };
        let act = test.act_of("cid", go("counter", 0));
        let mut run = programs.ask(&test.world, &act, test.now).unwrap();
        let denial = |is_fault| ecology_types::Denial { reason: "no".into(), is_fault };
        run.outcome = Err(denial(true));
        assert_eq!(test.by_tool(act.clone(), run.clone()).unwrap_err().code, Code::ExecutionFailed);
        assert_eq!((owed(&test, "ann"), owed(&test, "cid")), (10, 0), "a fault is the owner's");
        run.outcome = Err(denial(false));
        assert_eq!(test.by_tool(act, run).unwrap_err().code, Code::ExecutionFailed);
        assert_eq!((owed(&test, "ann"), owed(&test, "cid")), (10, 10), "an honest no is the caller's");
        test.done("ann", Action::Noop);
    }
}

#[test]
fn without_cpu_time_no_run_begins_and_little_of_it_bounds_the_run() {
    let rules = CodeRules { run_instructions_max: 1_000_000_000, ..CodeRules::default() };
    for combo in Combo::plain() {
        let (mut test, programs) = built(combo);
        test.command(Command::SetCodeRules(Box::new(rules.clone())));
        let run = test.world.begin_run(&test.act_of("cid", go("counter", 0)), test.now).unwrap();
        assert!(run.is_short_of_cpu());
        assert_eq!(run.instructions_left(), 100_000_000);
        let all = [("to", "ann".into()), ("resource", "cpu".into()), ("amount", Value::Int(1_000_000))];
        test.invoke("cid", G::Ledger, "transfer", all);
        let refusal = test.world.begin_run(&test.act_of("cid", go("counter", 0)), test.now).unwrap_err();
        assert!(matches!(refusal.code, Code::RateTooLarge | Code::RateExceeded), "{refusal}");
        assert!(test.use_tool(&programs, "cid", go("counter", 0)).is_err());
    }
}

#[test]
fn arguments_are_held_against_the_interface() {
    for combo in Combo::plain().into_iter().filter(|combo| !combo.is_legacy()) {
        let (mut test, programs) = built(combo);
        let mut draft = tool(combo, "strict");
        let schema = Value::map([
            ("type", "object".into()),
            ("properties", Value::map([("count", Value::map([("type", "integer".into())]))])),
            ("required", Value::List(vec!["count".into()])),
            ("additionalProperties", Value::Bool(false)),
        ]);
        let mut interface = (**draft.interface.as_ref().unwrap()).clone();
        interface.methods[0].input_schema = schema;
        draft.interface = Some(interface.into());
        test.done("ann", Action::Write(Box::new(draft)));
        for args in [
            Value::Null,
            Value::map([("count", "3".into())]),
            Value::map([("count", Value::Int(3)), ("other", Value::Null)]),
            Value::List(vec![Value::Int(3)]),
        ] {
            let refusal = test.use_tool(&programs, "cid", go_with("strict", args, 0)).unwrap_err();
            assert_eq!(refusal.code, Code::ArgumentInvalid, "{refusal}");
        }
        let mut programs = programs;
        programs.add("strict", |table| Ok(table.run.args().clone()));
        let args = Value::map([("count", Value::Int(3))]);
        assert_eq!(test.use_tool(&programs, "cid", go_with("strict", args.clone(), 0)), Ok(args));
    }
}

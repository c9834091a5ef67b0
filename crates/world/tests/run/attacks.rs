//! What a tool tries against those who use it, and what others try against a tool.

use ecology_types::{
    Action, CodeRules, Command, Denial, GenesisArtifact as G, HostCall, Operation, Purse,
    RefusalCode as Code, Scrip, ToolAct, ToolRun, Value, told_digest,
};

use super::engine::*;
use crate::support::*;

fn world(combo: Combo, tools: &[&str]) -> TestWorld {
    let mut test = TestWorld::new(combo);
    for name in tools {
        test.done("ann", Action::Write(Box::new(tool(combo, name))));
    }
    test
}

fn sentence(stop: &Stop) -> &str {
    match stop {
        Stop::Error(sentence) | Stop::Ended(sentence) => sentence,
    }
}

#[test]
fn no_tool_runs_twice_at_once_and_the_cycle_is_named() {
    for combo in Combo::plain() {
        let mut test = world(combo, &["a", "b", "c"]);
        let mut programs = Programs::default();
        programs.add("a", |table| table.invoke("b", "go", Value::Null));
        programs.add("b", |table| table.invoke("c", "go", Value::Null));
        programs.add("c", |table| {
            let again = table.invoke("a", "go", Value::Null).unwrap_err();
            let itself = table.invoke("c", "go", Value::Null).unwrap_err();
            assert!(sentence(&again).contains("cid -> a -> b -> c -> a"), "{again:?}");
            assert!(sentence(&itself).contains("cid -> a -> b -> c -> c"), "{itself:?}");
            Ok(Value::Int(1))
        });
        assert_eq!(test.use_tool(&programs, "cid", go("a", 0)), Ok(Value::Int(1)));
    }
}

#[test]
fn a_tool_cannot_invoke_who_called_it() {
    for combo in Combo::plain().into_iter().filter(|combo| !combo.is_legacy()) {
        let mut test = world(combo, &["a"]);
        let mut person = tool(combo, "person");
        person.has_standing = Some(true);
        test.done("ann", Action::Write(Box::new(person)));
        let mut programs = Programs::default();
        programs.add("a", |table| {
            let back = table.invoke("person", "go", Value::Null).unwrap_err();
            assert!(sentence(&back).contains("person -> a -> person"), "{back:?}");
            Ok(Value::Null)
        });
        let quota = [("to", "person".into()), ("resource", "cpu".into()), ("amount", Value::Int(100_000))];
        test.invoke("ann", G::Ledger, "transfer", quota);
        let quota =
            [("to", "person".into()), ("resource", "bandwidth".into()), ("amount", Value::Int(100_000))];
        test.invoke("ann", G::Ledger, "transfer", quota);
        test.use_tool(&programs, "person", go("a", 0)).unwrap();
    }
}

#[test]
fn tools_invoke_tools_only_so_deep() {
    let names: Vec<String> = (0..12).map(|at| format!("t{at}")).collect();
    for combo in Combo::plain() {
        let mut test = TestWorld::new(combo);
        let mut programs = Programs::default();
        for (at, name) in names.iter().enumerate() {
            test.done("ann", Action::Write(Box::new(tool(combo, name))));
            programs.add(name, move |table| table.invoke(&format!("t{}", at + 1), "go", Value::Null));
        }
        let refusal = test.use_tool(&programs, "cid", go("t0", 0)).unwrap_err();
        assert_eq!(refusal.code, Code::ExecutionFailed);
        programs.add("t7", |table| match table.invoke("t8", "go", Value::Null) {
            Err(deep) if sentence(&deep).contains("at most 8 deep") => Ok(Value::Int(8)),
            other => panic!("{other:?}"),
        });
        assert_eq!(test.use_tool(&programs, "cid", go("t0", 0)), Ok(Value::Int(8)));
    }
}

#[test]
fn an_allowance_is_never_exceeded_by_all_tools_together() {
    for combo in Combo::plain() {
        let mut test = world(combo, &["a", "b"]);
        let mut programs = Programs::default();
        programs.add("b", |table| {
            while table.pay("ann", 3, "allowance").is_ok() {}
            table.call("allowance", &[])
        });
        programs.add("a", |table| {
            assert!(table.invoke_allowing("b", "go", Value::Null, 11).is_err(), "more than there is");
            assert_eq!(table.invoke_allowing("b", "go", Value::Null, 8)?, Value::Int(2));
            assert_eq!(table.call("allowance", &[])?, Value::Int(4), "what b left came back");
            assert!(table.pay("ann", 5, "allowance").is_err());
            table.pay("ann", 4, "allowance")
        });
        test.use_tool(&programs, "cid", go("a", 10)).unwrap();
        assert_eq!((test.scrip("ann"), test.scrip("cid")), (1010, 990));
        test.use_tool(&programs, "cid", go("b", 0)).unwrap();
        assert_eq!(test.scrip("cid"), 990, "a plain invocation allows nothing");
    }
}

#[test]
fn amounts_and_payees_that_make_no_sense_pay_nothing() {
    for combo in Combo::plain() {
        let mut test = world(combo, &["a", "thing"]);
        let mut programs = Programs::default();
        programs.add("a", |table| {
            for amount in [0, -1, i64::MIN, i64::MAX, 1_001] {
                assert!(table.pay("ann", amount, "allowance").is_err(), "{amount}");
                assert!(table.pay("ann", amount, "own").is_err(), "{amount}");
            }
            for nobody in ["nobody", "thing", "genesis", "genesis_escrow", "genesis_mint", "", "a b", "a"] {
                assert!(table.pay(nobody, 1, "allowance").is_err(), "{nobody}");
            }
            assert!(table.pay("ann", 1, "bob").is_err(), "somebody else's allowance");
            let odd = |fields: &[(&str, Value)]| {
                Value::Map(fields.iter().map(|(name, value)| ((*name).into(), value.clone())).collect())
            };
            for args in [
                odd(&[("to", "ann".into())]),
                odd(&[("to", "ann".into()), ("amount", "1".into())]),
                odd(&[("to", "ann".into()), ("amount", Value::Int(1)), ("payer", "bob".into())]),
                Value::text("ann"),
                Value::Null,
            ] {
                assert!(table.call("pay", &[args]).is_err());
            }
            Ok(Value::Null)
        });
        test.use_tool(&programs, "cid", go("a", 2_000)).unwrap();
        let all: u64 = ["ann", "bob", "cid", "dot"].iter().map(|name| test.scrip(name)).sum();
        assert_eq!((all, test.scrip("cid")), (4_000, 1_000));
    }
}

#[test]
fn a_tool_reads_as_itself_and_not_as_its_caller() {
    for combo in Combo::plain() {
        let mut test = world(combo, &["a"]);
        let secret = test.private("secret", "the diary of cid");
        test.done("cid", secret);
        let mut programs = Programs::default();
        programs.add("a", |table| {
            assert!(table.call("read", &[Value::text("secret")]).is_err());
            assert_eq!(table.call("artifact", &[Value::text("secret")])?, Value::Null);
            assert_eq!(table.call("artifact", &[Value::text("nothing")])?, Value::Null);
            let named = Value::map([("artifact", "secret".into())]);
            assert!(table.invoke("genesis_store", "get", named.clone()).is_err());
            assert!(table.invoke("genesis_store", "get_metadata", named).is_err());
            let found = table.invoke("genesis_store", "search", Value::map([("text", "diary".into())]))?;
            assert_eq!(found.get("artifacts"), Some(&Value::List(Vec::new())));
            let created = Value::map([("kind", "artifact_created".into()), ("about", "secret".into())]);
            assert_eq!(table.call("events", &[created])?, Value::Int(0));
            let own = Value::map([("kind", "artifact_created".into()), ("about", "a".into())]);
            assert_eq!(table.call("events", &[own])?, Value::Int(1));
            assert!(table.call("artifact", &[Value::text("a")])?.get("id").is_some());
            Ok(Value::Null)
        });
        test.use_tool(&programs, "cid", go("a", 0)).unwrap();
    }
}

#[test]
fn a_tool_changes_nothing_but_its_state_and_its_money() {
    for combo in Combo::plain() {
        let mut test = world(combo, &["a"]);
        let mut programs = Programs::default();
        programs.add("a", |table| {
            for (service, method) in [
                ("genesis_store", "create"),
                ("genesis_store", "delete"),
                ("genesis_ledger", "transfer"),
                ("genesis_ledger", "spawn_principal"),
                ("genesis_ledger", "transfer_ownership"),
                ("genesis_rights_registry", "transfer_quota"),
                ("genesis_escrow", "deposit"),
                ("genesis_escrow", "purchase"),
                ("genesis_escrow", "offer"),
                ("genesis_mint", "bid"),
                ("genesis_event_log", "subscribe"),
            ] {
                let args = Value::map([
                    ("id", "x".into()),
                    ("artifact", "a".into()),
                    ("to", "ann".into()),
                    ("amount", Value::Int(1)),
                ]);
                let refused = table.invoke(service, method, args).unwrap_err();
                let Stop::Error(sentence) = refused else { panic!("{service}.{method}: {refused:?}") };
                assert!(
                    sentence.starts_with("not_permitted") || sentence.starts_with("no_standing"),
                    "{sentence}"
                );
            }
            Ok(Value::Null)
        });
        let before = test.world.symbols().len();
        test.use_tool(&programs, "ann", go("a", 100)).unwrap();
        assert_eq!(before, test.world.symbols().len());
        assert_eq!(test.scrip("ann"), 1_000);
    }
}

#[test]
fn states_and_results_have_a_size_and_a_depth() {
    for combo in Combo::plain() {
        let mut test = world(combo, &["a"]);
        test.command(Command::SetCodeRules(Box::new(CodeRules {
            state_bytes_max: 100,
            ..CodeRules::default()
        })));
        let deep = || (0..40).fold(Value::Null, |inner, _| Value::List(vec![inner]));
        let mut programs = Programs::default();
        programs.add("a", move |table| {
            assert!(table.call("set_state", &[Value::text("x".repeat(101))]).is_err());
            assert!(table.call("set_state", &[deep()]).is_err());
            table.call("set_state", &[Value::text("x".repeat(100))])?;
            match table.run.args().get("want").and_then(Value::as_text) {
                Some("deep") => Ok(deep()),
                Some("large") => Ok(Value::text("x".repeat(64_001))),
                _ => Ok(Value::Null),
            }
        });
        for want in ["deep", "large"] {
            let action = go_with("a", Value::map([("want", want.into())]), 0);
            let refusal = test.use_tool(&programs, "cid", action).unwrap_err();
            assert_eq!(refusal.code, Code::ExecutionFailed, "{refusal}");
            assert_eq!(test.world.kept_state(test.key("a")).0, 0);
        }
        test.use_tool(&programs, "cid", go("a", 0)).unwrap();
        assert_eq!(test.world.kept_state(test.key("a")).0, 1);
    }
}

#[test]
fn ten_thousand_questions_end_the_run_and_so_does_asking_for_too_much() {
    for combo in Combo::plain() {
        let mut test = world(combo, &["a", "b", "long"]);
        test.write("ann", "long", &"x".repeat(90_000));
        let mut programs = Programs::default();
        for function in ["now", "me", "nonsense", "state"] {
            programs.add("a", move |table| {
                let mut asked = 0;
                for _ in 0..10_000 {
                    match table.call(function, &[]) {
                        Err(Stop::Ended(reason)) => {
                            assert!(reason.contains("256") && asked >= 255, "{asked} {reason}");
                            return Err(Stop::Ended(reason));
                        }
                        _ => asked += 1,
                    }
                }
                panic!("nobody stopped it");
            });
            let refusal = test.use_tool(&programs, "cid", go("a", 0)).unwrap_err();
            assert_eq!(refusal.code, Code::ExecutionFailed);
        }
        // A tool that is ended by what another one did first.
        programs.add("b", |table| {
            let _ = table.invoke("a", "go", Value::Null);
            table.call("now", &[])
        });
        assert_eq!(test.use_tool(&programs, "cid", go("b", 0)).unwrap_err().code, Code::ExecutionFailed);
        programs.add("a", |table| {
            for at in 0.. {
                match table.call("read", &[Value::text("long")]) {
                    Err(Stop::Ended(reason)) => {
                        assert!(reason.contains("1048576 bytes") && at == 11, "{at} {reason}");
                        break;
                    }
                    other => assert!(other.is_ok()),
                }
            }
            Err(Stop::Ended("enough".to_owned()))
        });
        assert!(test.use_tool(&programs, "cid", go("a", 0)).is_err());
    }
}

#[test]
fn what_a_tool_says_forges_no_line_of_a_log() {
    for combo in Combo::plain() {
        let mut test = world(combo, &["a"]);
        let mut programs = Programs::default();
        programs.add("a", |_| {
            Err(Stop::Error(format!("x\nINFO all is well\u{1b}[2J\u{202e}{}", "y".repeat(9_000))))
        });
        let refusal = test.use_tool(&programs, "cid", go("a", 0)).unwrap_err();
        assert!(
            refusal.detail.len() < 512 && !refusal.detail.contains(['\n', '\u{1b}', '\u{202e}']),
            "{refusal}"
        );
        assert!(test.records.last().unwrap().len() < 2_000);
    }
}

/// A run that nobody made.
fn forged(test: &TestWorld, caller: &str, operations: Vec<Operation>) -> ToolRun {
    let tool = test.key("a");
    ToolRun {
        tool,
        version: test.world.live(tool).unwrap().version,
        caller: test.key(caller),
        call_digest: ecology_types::call_digest("go", &Value::Null),
        time: test.now,
        operations,
        outcome: Ok(Value::Null),
        instructions: 1,
    }
}

#[test]
fn a_forged_run_does_nothing() {
    let payment = |from, amount, left: i64| {
        let call = HostCall::Pay { from, to: "ann".into(), amount: Scrip(amount) };
        Operation { call, told: told_digest(&Ok(Value::Int(left))) }
    };
    for combo in Combo::plain() {
        let mut test = world(combo, &["a", "b"]);
        let act = test.act_of("cid", go("a", 5));
        let honest = forged(&test, "cid", vec![payment(Purse::Allowance, 5, 0)]);
        let mut lies = vec![
            forged(&test, "bob", Vec::new()),
            forged(&test, "cid", vec![payment(Purse::Allowance, 6, 0)]),
            forged(&test, "cid", vec![payment(Purse::Allowance, 3, 2), payment(Purse::Allowance, 3, 0)]),
            forged(&test, "cid", vec![payment(Purse::Own, 5, 0)]),
            forged(&test, "cid", vec![payment(Purse::Allowance, u64::MAX, 0)]),
            forged(&test, "cid", vec![payment(Purse::Allowance, 0, 5); 300]),
            ToolRun { tool: test.key("b"), ..honest.clone() },
            ToolRun { version: 9, ..honest.clone() },
            ToolRun { call_digest: 0, ..honest.clone() },
        ];
        // A nested run of a tool that is none, or that claims another caller.
        for (artifact, caller) in [("b", "cid"), ("genesis_ledger", "a"), ("nothing", "a")] {
            let nested =
                ToolRun { tool: test.key("b"), caller: test.key(caller), ..forged(&test, "cid", Vec::new()) };
            let call = HostCall::Invoke {
                artifact: artifact.into(),
                method: "go".into(),
                args: Value::Null,
                allowance: Scrip(5),
                run: Some(Box::new(nested)),
                permission: None,
            };
            lies.push(forged(&test, "cid", vec![Operation { call, told: told_digest(&Ok(Value::Null)) }]));
        }
        for lie in lies {
            let outcome = test.by_tool(act.clone(), lie.clone());
            assert_eq!(outcome.unwrap_err().code, Code::AnswerStale, "{lie:?}");
            assert_eq!((test.scrip("ann"), test.scrip("cid")), (1000, 1000));
        }
        let dear = ToolRun { instructions: u64::MAX, ..honest.clone() };
        assert_eq!(test.by_tool(act.clone(), dear).unwrap_err().code, Code::ExecutionFailed);
        let mut world = world(combo, &["a", "b"]);
        let denied = Err(Denial { reason: "no".into(), is_fault: false });
        let failed = ToolRun { outcome: denied, ..honest.clone() };
        assert_eq!(world.by_tool(act.clone(), failed).unwrap_err().code, Code::ExecutionFailed);
        assert_eq!(world.scrip("cid"), 1000);
        world.by_tool(act, honest).unwrap();
        assert_eq!((world.scrip("ann"), world.scrip("cid")), (1005, 995));
    }
}

#[test]
fn a_call_of_a_tool_that_is_too_large_takes_little_room_in_the_journal() {
    for combo in Combo::plain() {
        let mut test = world(combo, &["a"]);
        let deep = (0..500).fold(Value::Null, |inner, _| Value::List(vec![inner]));
        for args in [Value::map([("x", Value::text("x".repeat(3_000_000)))]), deep] {
            let act = test.act_of("cid", go_with("a", args, 5));
            let alone = test.command(Command::Act(act.clone()));
            let run = forged(&test, "cid", Vec::new());
            let step = test.command(Command::ActByTool(Box::new(ToolAct { act, run })));
            let refusal = step.outcome.unwrap_err();
            assert_eq!(refusal.code, Code::ArgumentInvalid);
            // With a run or without: refused in the same words.
            assert_eq!(alone.outcome.unwrap_err(), refusal);
            assert!(step.bytes.len() < 250_000, "{} bytes", step.bytes.len());
        }
    }
}

//! Contracts that are code: what they are asked, what their answers do, who bears it.

use std::sync::Arc;

use ecology_types::{
    Act, Action, Command, Draft, Interface, Key, Method, PermissionAnswer, Reads, RefusalCode, Resource,
    Scrip, SmolStr, Time, Value,
};
use ecology_world::Question;

use crate::support::*;

/// A world in which `ann` owns `doc`, governed by the contract `gate` of hers.
fn gated() -> TestWorld {
    let combo = Combo::plain()
        .into_iter()
        .find(|combo| combo.has_contracts() && !combo.is_legacy())
        .expect("contracts serve somewhere");
    let mut test = TestWorld::with(combo, genesis(rules()));
    let mut gate = Draft::new(id("gate"), "function check_permission(request) return true end");
    gate.can_execute = Some(true);
    let method = Method {
        name: "check_permission".into(),
        description: "d".into(),
        input_schema: Value::Map(Vec::new()),
    };
    gate.interface = Some(Arc::new(Interface { description: "d".into(), methods: vec![method] }));
    test.act("ann", Action::Write(Box::new(gate))).expect("a contract");
    let mut doc = Draft::new(id("doc"), "the secret");
    doc.access_contract = Some(id("gate"));
    test.act("ann", Action::Write(Box::new(doc))).expect("a document");
    test
}

fn turn(test: &TestWorld, who: &str, action: Action) -> Act {
    Act { agent: test.key(who), action, thought: None, answers: Vec::new() }
}

fn question(test: &TestWorld, act: &Act) -> Question {
    let mut questions = test.world.questions_of(act, Time::ZERO);
    assert_eq!(questions.len(), 1, "{questions:?}");
    questions.remove(0)
}

fn answer(test: &TestWorld, act: &Act, given: Value) -> PermissionAnswer {
    let question = question(test, act);
    test.world.answer_of(&question, test.world.reads_of(&question), Ok(given), 1_000)
}

fn step(test: &mut TestWorld, act: Act) -> Result<Value, RefusalCode> {
    test.command(Command::Act(act)).outcome.map_err(|refusal| refusal.code)
}

fn table(pairs: &[(&str, Value)]) -> Value {
    let mut all = vec![(SmolStr::new("allow"), Value::Bool(true))];
    all.extend(pairs.iter().map(|(name, value)| (SmolStr::new(*name), value.clone())));
    Value::Map(all)
}

#[test]
fn an_answer_opens_what_is_closed_without_one() {
    let mut test = gated();
    let act = turn(&test, "bob", read("doc"));
    assert_eq!(step(&mut test, act.clone()), Err(RefusalCode::ContractNeedsCode));
    let answers = vec![answer(&test, &act, Value::Bool(true))];
    assert!(test.world.questions_of(&Act { answers: answers.clone(), ..act.clone() }, Time::ZERO).is_empty());
    let cid = Act { agent: test.key("cid"), answers: answers.clone(), ..act.clone() };
    assert_eq!(
        step(&mut test, cid),
        Err(RefusalCode::ContractNeedsCode),
        "an answer for bob is none for cid"
    );
    assert!(step(&mut test, Act { answers: answers.clone(), ..act.clone() }).is_ok());
    // Its owner has no bypass, and neither searches nor summaries show it.
    let owner = turn(&test, "ann", read("doc"));
    assert_eq!(step(&mut test, owner), Err(RefusalCode::ContractNeedsCode));
    test.act("ann", edit("gate", "true", "false", None)).expect("her own contract");
    assert_eq!(step(&mut test, Act { answers, ..act }), Err(RefusalCode::AnswerStale));
}

#[test]
fn shares_are_paid_out_and_the_rest_goes_to_the_owner() {
    let mut test = gated();
    let act = turn(&test, "bob", read("doc"));
    let share = Value::map([("to", "cid".into()), ("amount", Value::Int(3))]);
    let given = table(&[("cost", Value::Int(10)), ("pay", Value::List(vec![share]))]);
    let answers = vec![answer(&test, &act, given)];
    let [ann, bob, cid] = ["ann", "bob", "cid"].map(|who| test.key(who));
    let before = [ann, bob, cid].map(|who| test.world.accounts().scrip(who).0);
    step(&mut test, Act { answers, ..act }).expect("he can pay");
    let after = [ann, bob, cid].map(|who| test.world.accounts().scrip(who).0);
    assert_eq!(after, [before[0] + 7, before[1] - 10, before[2] + 3]);
}

#[test]
fn a_state_is_kept_on_commit_charged_to_the_contracts_owner_and_gone_with_the_contract() {
    let mut test = gated();
    let [ann, gate] = ["ann", "gate"].map(|who| test.world.symbols().key(who).expect("it is there"));
    let used = |test: &TestWorld| test.world.accounts().get(ann).expect("an account").disk_used_bytes;
    let before = used(&test);
    let act = turn(&test, "bob", read("doc"));
    let state = Value::map([("count", Value::Int(1))]);
    let answers = vec![answer(&test, &act, table(&[("state", state.clone())]))];
    step(&mut test, Act { answers, ..act }).expect("allowed");
    assert_eq!(test.world.kept_state(gate), (1, &state));
    assert_eq!(used(&test), before + state.bytes() as u64);
    test.world.check_invariants().expect("the laws hold");
    test.act("ann", delete("gate")).expect("her own");
    assert_eq!(test.world.kept_state(gate).0, 0);
    test.world.check_invariants().expect("the laws hold");
}

#[test]
fn malformed_answers_are_faults_and_deny() {
    let mut test = gated();
    let act = turn(&test, "bob", read("doc"));
    let shares =
        |to: &str, amount| Value::List(vec![Value::map([("to", to.into()), ("amount", Value::Int(amount))])]);
    let wrong = [
        Value::Null,
        Value::Int(1),
        Value::Map(Vec::new()),
        table(&[("cost", Value::Int(-1))]),
        table(&[("cost", "ten".into())]),
        table(&[("payer", "cid".into())]),
        table(&[("payer", "split".into())]),
        table(&[("payer_share", Value::Int(50))]),
        table(&[("payer", "split".into()), ("payer_share", Value::Int(101))]),
        table(&[("cost", Value::Int(1)), ("pay", shares("cid", 2))]),
        table(&[("cost", Value::Int(1)), ("pay", shares("nobody", 1))]),
        table(&[("cost", Value::Int(1)), ("pay", shares("genesis_escrow", 1))]),
        table(&[("cost", Value::Int(1)), ("pay", shares("cid", -1))]),
        table(&[("surprise", Value::Int(1))]),
    ];
    for given in wrong {
        let answer = answer(&test, &act, given.clone());
        assert!(matches!(&answer.verdict, Err(denial) if denial.is_fault), "{given:?}: {:?}", answer.verdict);
        let refused = step(&mut test, Act { answers: vec![answer], ..act.clone() });
        assert_eq!(refused, Err(RefusalCode::NotPermitted), "{given:?}");
    }
    // A third party never pays, nor does an owner for somebody else's contract.
    let mut doc = Draft::new(id("other"), "x");
    doc.access_contract = Some(id("gate"));
    test.act("cid", Action::Write(Box::new(doc))).expect("written");
    let act = turn(&test, "bob", read("other"));
    let given = table(&[("cost", Value::Int(1)), ("payer", "owner".into())]);
    let answers = vec![answer(&test, &act, given)];
    assert_eq!(step(&mut test, Act { answers, ..act }), Err(RefusalCode::NotPermitted));
}

#[test]
fn a_check_sees_no_more_than_a_stranger_and_its_reasons_cannot_break_a_line() {
    let mut test = gated();
    let mut diary = Draft::new(id("diary"), "dear diary");
    diary.access_contract = Some(id("genesis_private"));
    test.act("cid", Action::Write(Box::new(diary))).expect("written");
    let act = turn(&test, "bob", read("doc"));
    let question = question(&test, &act);
    let mut reads = Reads::default();
    let mut tell =
        |function: &str, args: &[Value]| test.world.tell(&question, &mut reads, function, args, Time(7));
    assert_eq!(tell("artifact", &["diary".into()]), Ok(Value::Null));
    assert_eq!(tell("read", &["diary".into()]), tell("read", &["missing".into()]));
    assert!(tell("read", &["diary".into()]).is_err());
    assert_eq!(tell("read", &["doc".into()]), Ok("the secret".into()));
    assert_eq!(tell("me", &[]), Ok("gate".into()));
    assert!(tell("set_state", &[Value::Int(1)]).is_err() && tell("pay", &[]).is_err());
    assert!(tell("balance", &[Value::Int(1)]).is_err());
    let request = test.world.request_of(&question);
    assert_eq!(request.get("caller"), Some(&"bob".into()));
    assert!(request.get("content").is_none());
    let nasty = "no\n2026 ERROR \u{202e}fake\u{7}";
    let given = Value::map([("allow", Value::Bool(false)), ("reason", nasty.into())]);
    let answer = answer(&test, &act, given);
    let denial = answer.verdict.clone().expect_err("it says no");
    assert!(!denial.reason.chars().any(|c| c.is_control() || c == '\u{202e}'), "{denial:?}");
}

#[test]
fn faults_are_borne_by_the_contracts_owner_and_refusals_by_who_asked() {
    let mut test = gated();
    let cpu = |test: &TestWorld, who: Key| test.world.parts().limiter.overrun(who, Resource::Cpu);
    let [ann, bob] = ["ann", "bob"].map(|who| test.key(who));
    let act = turn(&test, "bob", read("doc"));
    let asked = question(&test, &act);
    let fault = test.world.answer_of(&asked, test.world.reads_of(&asked), Err("it never ends".into()), 5_000);
    assert_eq!(step(&mut test, Act { answers: vec![fault], ..act.clone() }), Err(RefusalCode::NotPermitted));
    assert_eq!((cpu(&test, ann), cpu(&test, bob)), (50, 0));
    let no = answer(&test, &act, Value::Bool(false));
    assert_eq!(step(&mut test, Act { answers: vec![no], ..act }), Err(RefusalCode::NotPermitted));
    assert_eq!((cpu(&test, ann), cpu(&test, bob)), (50, 10));
    test.world.check_invariants().expect("the laws hold");
    assert!(test.world.accounts().scrip(bob) > Scrip::ZERO);
}

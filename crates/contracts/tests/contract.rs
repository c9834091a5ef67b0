//! The new implementation: stock contracts and contracts that are code.

use ecology_contracts::conformance::{FixtureView, request};
use ecology_contracts::{AccessControl, Answer, ContractAccess, Depth, Request, TooDeep};
use ecology_types::{
    ArtifactRecord, EventCount, EventKind, GenesisArtifact, Grant, Key, Payer, PermissionAnswer, Reads,
    RefusalCode, Scrip, SmolStr, Terms, Time, Value, Verb,
};

const CHANGES: [Verb; 3] = [Verb::Write, Verb::Edit, Verb::Delete];

struct Estate {
    world: FixtureView,
    creator: Key,
    owner: Key,
    stranger: Key,
    doc: Key,
    gate: Key,
}

/// A document that its creator gave to an owner, and a contract that is code.
fn estate() -> Estate {
    let mut world = FixtureView::new();
    let [creator, owner, stranger] = ["creator", "owner", "stranger"].map(|name| world.add_principal(name));
    let doc = world.add_artifact("doc", creator);
    world.record_mut(doc).owner = owner;
    let gate = world.add_artifact("gate", creator);
    world.record_mut(gate).can_execute = true;
    Estate { world, creator, owner, stranger, doc, gate }
}

impl Estate {
    fn governed_by(mut self, contract: impl Into<Option<Key>>) -> Self {
        self.world.record_mut(self.doc).access_contract = contract.into();
        self
    }

    fn doc(&self) -> &ArtifactRecord {
        self.world.record(self.doc)
    }

    fn may(&self, verb: Verb, caller: Key) -> bool {
        ContractAccess.decide(&request(self.doc(), verb, caller), &self.world).is_allowed()
    }

    fn answers(&self, verdict: Result<Grant, SmolStr>) -> PermissionAnswer {
        self.world.answer_of(&request(self.doc(), Verb::Read, self.stranger), verdict)
    }

    fn ask(&self, answers: &[PermissionAnswer]) -> Answer {
        let question = Request { answers, ..request(self.doc(), Verb::Read, self.stranger) };
        ContractAccess.decide(&question, &self.world)
    }
}

fn refusal(answer: Answer) -> (RefusalCode, String) {
    match answer {
        Answer::Deny { code, reason } => (code, reason),
        Answer::Allow { reason, .. } => panic!("allowed: {reason}"),
    }
}

const fn notes() -> EventCount {
    EventCount { kind: EventKind::ActionDone, about: None, actor: None }
}

fn free() -> Result<Grant, SmolStr> {
    Ok(Grant::default())
}

#[test]
fn freeware_is_the_default_and_asks_for_the_creator() {
    for contract in [None, Some(GenesisArtifact::Freeware.key())] {
        let estate = estate().governed_by(contract);
        for verb in [Verb::Read, Verb::Invoke] {
            assert!(estate.may(verb, estate.stranger));
        }
        for verb in CHANGES {
            assert!(estate.may(verb, estate.creator), "{verb}");
            assert!(!estate.may(verb, estate.owner), "no owner bypass for {verb}");
            assert!(!estate.may(verb, Key::GENESIS), "no privilege of genesis for {verb}");
        }
        assert!(estate.may(Verb::Transfer, estate.owner));
        assert!(!estate.may(Verb::Transfer, estate.creator));
    }
}

#[test]
fn self_owned_is_for_itself_alone() {
    let estate = estate().governed_by(GenesisArtifact::SelfOwned.key());
    for verb in Verb::ALL.into_iter().filter(|verb| *verb != Verb::Noop) {
        assert!(estate.may(verb, estate.doc), "{verb}");
        for other in [estate.creator, estate.owner, estate.stranger, Key::GENESIS] {
            assert!(!estate.may(verb, other), "{verb} by {other:?}");
        }
    }
}

#[test]
fn private_is_for_the_owner_and_public_for_all() {
    let private = estate().governed_by(GenesisArtifact::Private.key());
    let public = estate().governed_by(GenesisArtifact::Public.key());
    for verb in Verb::ALL.into_iter().filter(|verb| *verb != Verb::Noop) {
        for caller in [private.creator, private.stranger, private.doc, Key::GENESIS] {
            assert!(!private.may(verb, caller), "{verb}");
            assert!(public.may(verb, caller), "{verb}");
        }
        assert!(private.may(verb, private.owner) && public.may(verb, public.owner));
    }
}

#[test]
fn a_no_names_caller_verb_artifact_and_contract() {
    let estate = estate();
    let answer = ContractAccess.decide(&request(estate.doc(), Verb::Edit, estate.owner), &estate.world);
    let reason = "owner may not edit doc: its contract genesis_freeware lets only the creator change it";
    assert_eq!(refusal(answer), (RefusalCode::NotPermitted, reason.to_owned()));
}

#[test]
fn a_contract_that_is_not_there_or_not_code_is_a_no() {
    let (code, reason) = refusal(estate().governed_by(Key(999)).ask(&[]));
    assert_eq!(code, RefusalCode::ContractMissing);
    assert_eq!(reason, "stranger may not read doc: its contract #999 does not exist");

    let mut deleted = estate().governed_by(estate().gate);
    let answer = deleted.answers(free());
    deleted.world.delete(deleted.gate);
    assert_eq!(refusal(deleted.ask(&[answer])).0, RefusalCode::ContractMissing);

    let mut data = estate().governed_by(estate().gate);
    data.world.record_mut(data.gate).can_execute = false;
    let answer = data.answers(free());
    assert_eq!(refusal(data.ask(&[answer])).0, RefusalCode::ContractMissing);

    // A service of time zero is executable but no contract of the four: it is asked like any other code.
    let service = estate().governed_by(GenesisArtifact::Ledger.key());
    assert_eq!(refusal(service.ask(&[])).0, RefusalCode::ContractNeedsCode);
}

#[test]
fn code_answers_while_everything_it_read_is_unchanged() {
    let estate = estate().governed_by(estate().gate);
    let question = request(estate.doc(), Verb::Read, estate.stranger);
    assert_eq!(ContractAccess.needs_code(&question, &estate.world), Some(estate.gate));
    assert_eq!(refusal(estate.ask(&[])).0, RefusalCode::ContractNeedsCode);

    let grant = Grant { cost: Scrip(4), payer: Payer::Split(100) };
    match estate.ask(&[estate.answers(Ok(grant))]) {
        Answer::Allow { grant: got, .. } => assert_eq!(got, grant),
        Answer::Deny { reason, .. } => panic!("{reason}"),
    }
    let (code, reason) = refusal(estate.ask(&[estate.answers(Err("closed on Mondays".into()))]));
    assert_eq!(code, RefusalCode::NotPermitted);
    assert_eq!(reason, "stranger may not read doc: its contract gate says no: closed on Mondays");
}

#[test]
fn any_change_of_what_was_read_makes_an_answer_stale() {
    type Change = (&'static str, fn(&mut Estate));
    let changes: [Change; 9] = [
        ("the contract's code", |estate| estate.world.record_mut(estate.gate).version += 1),
        ("the artifact", |estate| estate.world.record_mut(estate.doc).version += 1),
        ("a balance", |estate| estate.world.set_balance(estate.stranger, Scrip(1))),
        ("something deleted", |estate| estate.world.delete(estate.creator)),
        ("the owner", |estate| estate.world.record_mut(estate.doc).owner = estate.stranger),
        ("a state", |estate| estate.world.set_state_version(estate.gate, 4)),
        ("a count of events", |estate| estate.world.set_events(notes(), 3)),
        ("time passes", |estate| estate.world.now = Time(2_000_001)),
        ("time goes back", |estate| estate.world.now = Time(999_999)),
    ];
    for (what, change) in changes {
        let mut estate = estate().governed_by(estate().gate);
        estate.world.set_state_version(estate.gate, 3);
        estate.world.set_events(notes(), 2);
        estate.world.now = Time(1_000_000);
        let mut answer = estate.answers(free());
        answer.reads.note_version(estate.creator, 1);
        answer.reads.note_state(estate.gate, 3);
        answer.reads.note_events(notes(), 2);
        answer.reads.note_time(Time(1_000_000));
        estate.world.now = Time(2_000_000);
        assert!(estate.ask(std::slice::from_ref(&answer)).is_allowed());
        change(&mut estate);
        let (code, reason) = refusal(estate.ask(std::slice::from_ref(&answer)));
        assert_eq!(code, RefusalCode::AnswerStale, "{what}: {reason}");
        let question = Request { answers: &[answer], ..request(estate.doc(), Verb::Read, estate.stranger) };
        assert_eq!(ContractAccess.needs_code(&question, &estate.world), Some(estate.gate), "{what}");
    }
}

#[test]
fn what_was_read_as_absent_has_to_stay_absent() {
    let mut estate = estate().governed_by(estate().gate);
    let later = Key(estate.gate.0 + 1);
    let mut answer = estate.answers(free());
    answer.reads.note_version(later, 0);
    assert!(estate.ask(std::slice::from_ref(&answer)).is_allowed());
    assert_eq!(estate.world.add_artifact("later", estate.owner), later);
    assert_eq!(refusal(estate.ask(&[answer])).0, RefusalCode::AnswerStale);
}

#[test]
fn an_answer_without_the_version_of_its_contract_or_with_a_rival_does_not_count() {
    let estate = estate().governed_by(estate().gate);
    let bare = PermissionAnswer { reads: Reads::default(), ..estate.answers(free()) };
    assert_eq!(refusal(estate.ask(&[bare])).0, RefusalCode::AnswerStale);

    let rivals = [estate.answers(free()), estate.answers(Err("no".into()))];
    assert_eq!(refusal(estate.ask(&rivals)).0, RefusalCode::AnswerStale);
    let twins = [estate.answers(free()), estate.answers(free())];
    assert!(estate.ask(&twins).is_allowed());
}

#[test]
fn an_answer_for_other_arguments_does_not_fit() {
    let estate = estate().governed_by(estate().gate);
    let (one, two) = (Value::Int(1), Value::Int(2));
    let call = |method: &'static str, args| Request {
        method: Some(method),
        args: Some(args),
        ..request(estate.doc(), Verb::Invoke, estate.stranger)
    };
    let answers = [estate.world.answer_of(&call("play", &one), free())];
    let ask = |question: Request<'_>| {
        let question = Request { answers: &answers, ..question };
        (
            ContractAccess.decide(&question, &estate.world),
            ContractAccess.ruling(&question, &estate.world).is_some(),
        )
    };
    assert!(matches!(ask(call("play", &one)), (Answer::Allow { .. }, true)));
    for other in
        [call("play", &two), call("stop", &one), request(estate.doc(), Verb::Invoke, estate.stranger)]
    {
        let (answer, ruled) = ask(other);
        assert_eq!(refusal(answer).0, RefusalCode::ContractNeedsCode);
        assert!(!ruled);
    }
}

#[test]
fn owners_pay_only_for_contracts_that_they_stand_behind() {
    for payer in [Payer::Owner, Payer::Split(50)] {
        let grant = Grant { cost: Scrip(1), payer };
        let mut estate = estate().governed_by(estate().gate);
        let asked = |estate: &Estate| estate.ask(&[estate.answers(Ok(grant))]).is_allowed();
        estate.world.record_mut(estate.gate).owner = estate.owner;
        assert!(asked(&estate), "its own contract");
        estate.world.record_mut(estate.gate).owner = estate.stranger;
        assert!(!asked(&estate), "somebody else's contract");
        estate.world.record_mut(estate.gate).access_contract = Some(GenesisArtifact::SelfOwned.key());
        assert!(asked(&estate), "nobody can change it any more");
        estate.world.record_mut(estate.gate).has_standing = true;
        assert!(!asked(&estate), "an agent can change itself");
    }
}

#[test]
fn shares_fit_into_the_price() {
    let estate = estate().governed_by(estate().gate);
    let question = request(estate.doc(), Verb::Read, estate.stranger);
    let ask = |cost, shares: &[u64]| {
        let shares = shares.iter().map(|share| (estate.creator, Scrip(*share))).collect();
        let terms = Terms { cost: Scrip(cost), shares, ..Terms::default() };
        estate.ask(&[estate.world.answer_with(&question, Ok(terms))]).is_allowed()
    };
    assert!(ask(5, &[]) && ask(5, &[2, 3]) && ask(0, &[0]));
    assert!(!ask(5, &[3, 3]) && !ask(0, &[1]) && !ask(5, &[u64::MAX, u64::MAX]));
}

#[test]
fn a_grant_that_cannot_be_carried_out_is_a_no() {
    let estate = estate().governed_by(estate().gate);
    for (cost, payer) in [(1, Payer::Split(101)), (1, Payer::Artifact), (u64::MAX, Payer::Invoker)] {
        let grant = Grant { cost: Scrip(cost), payer };
        assert_eq!(
            refusal(estate.ask(&[estate.answers(Ok(grant))])).0,
            RefusalCode::NotPermitted,
            "{grant:?}"
        );
    }
    let long = SmolStr::new("é".repeat(100_000));
    assert!(refusal(estate.ask(&[estate.answers(Err(long))])).1.len() < 512);
}

#[test]
fn governance_in_a_circle_is_legal_data() {
    let mut estate = estate().governed_by(estate().gate);
    // gate governs itself, and doc and gate govern each other.
    for contract in [estate.gate, estate.doc] {
        estate.world.record_mut(estate.gate).access_contract = Some(contract);
        estate.world.record_mut(estate.doc).can_execute = true;
        let question = request(estate.world.record(estate.gate), Verb::Delete, estate.creator);
        let answer = ContractAccess.decide(&question, &estate.world);
        assert_eq!(refusal(answer).0, RefusalCode::ContractNeedsCode);
        assert_eq!(ContractAccess.needs_code(&question, &estate.world), Some(contract));
    }
}

#[test]
fn depth_is_limited() {
    let mut estate = estate().governed_by(estate().gate);
    let question = request(estate.doc(), Verb::Read, estate.stranger);
    let mut depth = Depth::of(&estate.world);
    for entered in 1..=10 {
        depth = depth.enter().expect("ten fit");
        assert_eq!(depth.entered(), entered);
    }
    let too_deep = depth.enter().expect_err("the eleventh does not");
    assert_eq!(too_deep, TooDeep { depth_max: 10 });
    let (code, reason) = refusal(too_deep.answer(&question, estate.gate, &estate.world));
    assert_eq!(code, RefusalCode::ContractTooDeep);
    assert_eq!(
        reason,
        "stranger may not read doc: its contract gate cannot be asked, contracts may ask contracts 10 deep at most"
    );

    // A world without any room for contracts that are code.
    let answer = estate.answers(free());
    estate.world.contract_depth_max = 0;
    assert_eq!(refusal(estate.ask(&[answer])).0, RefusalCode::ContractTooDeep);
    let question = request(estate.doc(), Verb::Read, estate.stranger);
    assert_eq!(ContractAccess.needs_code(&question, &estate.world), None);
}

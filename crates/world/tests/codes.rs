//! Every refusal code is reached by an action, or cannot be and says why.

use std::collections::BTreeSet;
use std::sync::Arc;

use ecology_types::{
    Act, Action, Command, Draft, GenesisArtifact as G, Interface, Key, Method, PermissionAnswer, RefusalCode,
    Resource, SmolStr, Thought, Value, Verb, WriteMode,
};

use crate::support::*;

/// Codes that no action reaches in this crate, with the reason.
const NOT_REACHED: [(RefusalCode, &str); 1] = [(
    RefusalCode::ExecutionFailed,
    "there is no engine for code yet, so no code can fail; mind failures use it",
)];

fn reach(combo: Combo) -> BTreeSet<RefusalCode> {
    let mut genesis = genesis(rules());
    genesis.rules.limits.orders_per_principal_max = 1;
    genesis.rules.limits.contract_depth_max = 0;
    genesis.founders[2].quotas[Resource::DiskWrites] = 10;
    let mut deep_allowed = genesis.clone();
    deep_allowed.rules.limits.contract_depth_max = 10;
    let mut codes = BTreeSet::new();
    let tool = |name: &str, contract: Option<&str>| {
        let method =
            Method { name: "go".into(), description: "d".into(), input_schema: Value::Map(Vec::new()) };
        let mut draft = Draft::new(id(name), "code");
        draft.interface = Some(Arc::new(Interface { description: "d".into(), methods: vec![method] }));
        draft.can_execute = Some(true);
        draft.access_contract = contract.map(id);
        Action::Write(Box::new(draft))
    };
    let governed = |name: &str, contract: &str| {
        let mut draft = Draft::new(id(name), "governed");
        draft.access_contract = Some(id(contract));
        Action::Write(Box::new(draft))
    };
    let call = |service: G, method: &str, args: &[(&str, Value)]| {
        let args = args.iter().map(|(name, value)| (SmolStr::new(*name), value.clone())).collect();
        Action::invoke(service.id(), method, Value::Map(args))
    };
    for genesis in [genesis, deep_allowed] {
        let mut test = TestWorld::with(combo, genesis);
        let mut create = Draft::new(id("poem"), "roses and roses");
        create.mode = WriteMode::Create;
        let create = Action::Write(Box::new(create));
        let write = |name: &str, content: &str| Action::Write(Box::new(Draft::new(id(name), content)));
        let mut standing = Draft::new(id("poem"), "x");
        standing.has_standing = Some(true);
        let poem = || ("artifact", Value::text("poem"));
        let script: Vec<(&str, Action)> = vec![
            ("ann", create.clone()),
            ("ann", create),
            ("bob", edit("poem", "roses", "x", None)),
            ("ann", edit("poem", "roses", "x", None)),
            ("ann", edit("poem", "tulips", "x", None)),
            ("ann", edit("poem", "and", "x", Some(7))),
            ("ann", read("nothing")),
            ("ann", Action::invoke(id("poem"), "go", Value::Null)),
            ("ann", Action::Write(Box::new(standing))),
            ("ann", write("genesis_mine", "x")),
            ("ann", write("gone", "x")),
            ("ann", delete("gone")),
            ("ann", read("gone")),
            ("ann", write(&"x".repeat(100), "x")),
            ("ann", write("large", &"x".repeat(200_000))),
            ("ann", call(G::Ledger, "nothing", &[])),
            ("ann", call(G::Ledger, "transfer", &[])),
            ("ann", call(G::Ledger, "transfer", &[("to", "b b".into()), ("amount", Value::Int(1))])),
            ("ann", call(G::Ledger, "transfer", &[("to", "zoe".into()), ("amount", Value::Int(1))])),
            ("ann", call(G::Ledger, "transfer", &[("to", "poem".into()), ("amount", Value::Int(1))])),
            ("ann", call(G::Ledger, "transfer", &[("to", "bob".into()), ("amount", Value::Int(0))])),
            ("ann", call(G::Ledger, "transfer", &[("to", "bob".into()), ("amount", Value::Int(10_000))])),
            (
                "ann",
                call(
                    G::RightsRegistry,
                    "transfer_quota",
                    &[("to", "bob".into()), ("resource", "disk".into()), ("amount", Value::Int(10_000_000))],
                ),
            ),
            ("ann", call(G::Escrow, "deposit", &[poem(), ("price", Value::Int(5))])),
            ("ann", call(G::Escrow, "deposit", &[poem(), ("price", Value::Int(5))])),
            ("ann", call(G::Escrow, "offer", &[("kind", "rye".into()), ("price", Value::Int(5))])),
            ("ann", call(G::Escrow, "purchase", &[("order", Value::Int(1))])),
            ("ann", call(G::Escrow, "purchase", &[("order", Value::Int(9))])),
            ("bob", call(G::Escrow, "accept", &[("order", Value::Int(1)), poem()])),
            ("cid", write("c", "123456")),
            ("cid", write("c", "12345")),
            ("cid", write("c", "12345678901")),
            ("ann", governed("lost", "nowhere")),
            ("ann", read("lost")),
            ("ann", tool("guard", None)),
            ("ann", governed("guarded", "guard")),
            ("ann", read("guarded")),
            ("ann", Action::invoke(id("guard"), "go", Value::Null)),
        ];
        for (who, action) in script {
            codes.extend(test.act(who, action).err().map(|refusal| refusal.code));
        }
        let agent = test.key("ann");
        if let (Some(artifact), Some(contract)) =
            (test.world.symbols().key("guarded"), test.world.symbols().key("guard"))
        {
            let answer = PermissionAnswer {
                artifact,
                verb: Verb::Read,
                caller: agent,
                contract,
                call_digest: 0,
                verdict: Ok(ecology_types::Terms::default()),
                reads: ecology_types::Reads { versions: vec![(contract, 99)], ..Default::default() },
                instructions: 0,
                is_cached: false,
            };
            let act = Act { agent, action: read("guarded"), thought: None, answers: vec![answer] };
            codes.extend(test.command(Command::Act(act)).outcome.err().map(|refusal| refusal.code));
        }
        let usage = ecology_types::Charges::NONE;
        let thought = Thought { reservation: Some(5), usage, prompt_digest: 0 };
        codes.extend(test.act_as("ann", Action::Noop, Some(thought)).err().map(|refusal| refusal.code));
        let nobody = Act { agent: Key::GENESIS, action: Action::Noop, thought: None, answers: Vec::new() };
        codes.extend(test.command(Command::Act(nobody)).outcome.err().map(|refusal| refusal.code));
        for code in RefusalCode::ALL {
            assert!(!code.remedy().is_empty() && !code.meaning().is_empty());
        }
    }
    let mut off = rules();
    off.mint.interval = ecology_types::Span::ZERO;
    let mut test = TestWorld::with(combo, crate::support::genesis(off));
    test.write("ann", "a", "words");
    let bid = call(G::Mint, "bid", &[("artifact", "a".into()), ("amount", Value::Int(5))]);
    codes.extend(test.act("ann", bid).err().map(|refusal| refusal.code));
    codes
}

#[test]
fn every_code_is_reached_or_says_why_not() {
    let mut reached = BTreeSet::new();
    for combo in Combo::plain() {
        reached.extend(reach(combo));
    }
    for code in RefusalCode::ALL {
        let excused = NOT_REACHED.iter().find(|(excused, _)| excused == code);
        assert!(
            reached.contains(code) != excused.is_some(),
            "{code}: reached {}, excuse {excused:?}",
            reached.contains(code)
        );
    }
}

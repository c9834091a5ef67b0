//! What an attacker tries.

use std::sync::Arc;

use ecology_minds::Perception as _;
use ecology_types::{
    Act, Action, Charges, Command, Draft, Founder, Genesis, GenesisArtifact as G, Interface, Key, Method,
    PolicyDraft, RefusalCode as Code, Resource, Rules, Scrip, SmolStr, Thought, Value,
};
use ecology_world::StepError;

use crate::support::*;

#[test]
fn escrow_and_mint_take_no_gifts_and_are_no_agents() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        for service in [G::Escrow, G::Mint] {
            let gift = [("to", Value::text(service.name())), ("amount", Value::Int(5))];
            test.invoke_refused("ann", G::Ledger, "transfer", gift, Code::NoStanding);
            let right =
                [("to", Value::text(service.name())), ("resource", "disk".into()), ("amount", Value::Int(5))];
            test.invoke_refused("ann", G::RightsRegistry, "transfer_quota", right, Code::NoStanding);
        }
        let agents = test.invoke("ann", G::Store, "list_agents", []);
        assert_eq!(ids_in(&agents, "ids"), ["ann", "bob", "cid"]);
        assert_eq!(test.world.view(test.key("ann"), test.now, 0, None).agents_count(), 3);
    }
}

#[test]
fn a_refused_request_of_any_size_takes_little_room_in_the_journal() {
    for combo in Combo::plain() {
        let mut test = TestWorld::new(combo);
        let huge = "x".repeat(3_000_000);
        let mut deep = Value::Null;
        for _ in 0..500 {
            deep = Value::List(vec![deep]);
        }
        let method = Method {
            name: "m".into(),
            description: huge.as_str().into(),
            input_schema: Value::Map(Vec::new()),
        };
        let mut interface = Draft::new(id("t"), "");
        interface.interface = Some(Arc::new(Interface { description: "d".into(), methods: vec![method] }));
        let mut policy = Draft::new(id("t"), "");
        policy.policy =
            Some(PolicyDraft { read: vec![SmolStr::new("a"); 100_000], ..PolicyDraft::default() });
        let mut kind = Draft::new(id("t"), "");
        kind.kind = Some(SmolStr::new(&huge));
        test.write("ann", "mine", "content");
        let requests = [
            Action::Write(Box::new(Draft::new(id("t"), huge.as_str()))),
            Action::Write(Box::new(interface)),
            Action::Write(Box::new(policy)),
            Action::Write(Box::new(kind)),
            edit("mine", &huge, "y", None),
            edit("mine", "content", &huge, None),
            Action::invoke(G::Ledger.id(), "transfer", Value::map([("to", Value::text(&huge))])),
            Action::invoke(G::Ledger.id(), &huge, Value::Null),
            Action::invoke(G::Ledger.id(), "transfer", deep),
        ];
        for request in requests {
            let agent = test.key("ann");
            let act = Act { agent, action: request, thought: None, answers: Vec::new() };
            let step = test.command(Command::Act(act));
            assert!(step.outcome.is_err());
            assert!(step.bytes.len() < 250_000, "{} bytes", step.bytes.len());
        }
    }
}

#[test]
fn control_characters_stay_out_of_names() {
    for combo in Combo::plain() {
        let mut test = TestWorld::new(combo);
        let mut draft = Draft::new(id("t"), "content");
        draft.kind = Some(SmolStr::new("a\u{1b}[31m"));
        test.refused("ann", Action::Write(Box::new(draft)), Code::ArgumentInvalid);
        let offer = [("kind", Value::text("wh\neat")), ("price", Value::Int(1))];
        test.invoke_refused("ann", G::Escrow, "offer", offer, Code::ArgumentInvalid);
        let refusal =
            test.refused("ann", Action::invoke(G::Ledger.id(), "a\nb", Value::Null), Code::MethodNotFound);
        assert!(!refusal.detail.chars().any(char::is_control));
        test.invoke_refused("ann", G::Ledger, "spawn_principal", [("id", "a\tb".into())], Code::IdInvalid);
        let long = "x".repeat(100);
        test.invoke_refused(
            "ann",
            G::Ledger,
            "spawn_principal",
            [("id", long.as_str().into())],
            Code::IdTooLong,
        );
    }
}

#[test]
fn commands_about_nobody_are_mistakes_and_change_nothing() {
    let mut test = TestWorld::new(Combo::all()[0]);
    let nobody = Key(u32::MAX);
    let thought = Thought { reservation: None, usage: Charges::NONE, prompt_digest: 0 };
    let commands = [
        Command::Act(Act { agent: nobody, action: Action::Noop, thought: None, answers: Vec::new() }),
        Command::Reserve { agent: nobody, charges: Charges::NONE },
        Command::Void { agent: nobody, thought },
        Command::Lifecycle { agent: nobody, change: ecology_types::Lifecycle::Stop { reason: "x".into() } },
    ];
    let before = test.world.hash();
    for command in commands {
        assert!(
            matches!(test.world.step(&command, test.now), Err(StepError::Contradiction(_))),
            "{command:?}"
        );
    }
    let row = ecology_types::Measurement {
        principal: nobody,
        reservation: None,
        cpu_ns: u64::MAX,
        memory_peak_bytes: 0,
        written_bytes: u64::MAX,
        bandwidth_bytes: u64::MAX,
    };
    assert_eq!(test.world.hash(), before);
    test.command(Command::Settle { rows: vec![row, row] });
    let ann = ecology_types::Measurement { principal: test.key("ann"), ..row };
    test.command(Command::Settle { rows: vec![ann, ann] });
}

#[test]
fn an_unknown_reservation_is_refused() {
    for combo in Combo::plain() {
        let mut test = TestWorld::new(combo);
        let usage = Charges::of(Resource::LlmTokens, 10);
        let thought = |reservation| Some(Thought { reservation: Some(reservation), usage, prompt_digest: 0 });
        let outcome = test.act_as("ann", Action::Noop, thought(77));
        assert_eq!(outcome.unwrap_err().code, Code::ReservationUnknown);
        assert_eq!(
            test.world.used(test.key("ann"), Resource::LlmTokens, test.now),
            10,
            "it was thought all the same"
        );
        let step = test.command(Command::Reserve { agent: test.key("bob"), charges: usage });
        let outcome = test.act_as("ann", Action::Noop, thought(step.reservation.unwrap()));
        assert_eq!(outcome.unwrap_err().code, Code::ReservationUnknown, "somebody else's");
    }
}

/// Of one resource little, of the rest plenty.
fn one_tight(resource: Resource, amount: u64) -> Genesis {
    let mut genesis = genesis(rules());
    for founder in &mut genesis.founders {
        founder.quotas[resource] = amount;
    }
    genesis
}

#[test]
fn nothing_is_spent_and_given_away_in_one_turn() {
    for combo in Combo::all() {
        for resource in [Resource::LlmBudget, Resource::LlmTokens] {
            let mut test = TestWorld::with(combo, one_tight(resource, 100));
            let thought =
                || Some(Thought { reservation: None, usage: Charges::of(resource, 30), prompt_digest: 0 });
            let give = |amount: i64| {
                let args = [
                    ("to", "bob".into()),
                    ("resource", resource.name().into()),
                    ("amount", Value::Int(amount)),
                ];
                Action::invoke(G::RightsRegistry.id(), "transfer_quota", Value::map(args))
            };
            let refusal = test.act_as("ann", give(80), thought()).unwrap_err();
            assert!(matches!(refusal.code, Code::InsufficientQuota | Code::RateTooLarge), "{refusal}");
            // The first thought was paid for.
            assert!(test.act_as("ann", give(40), thought()).is_ok());
            assert_eq!(test.quota("bob", resource), 140);
        }
    }
}

#[test]
fn an_overrun_is_paid_off_before_anything_else_and_no_window_is_exceeded() {
    for combo in Combo::all() {
        let mut genesis = one_tight(Resource::Cpu, 100);
        genesis.rules.action_estimate = Charges::of(Resource::Cpu, 10);
        let mut test = TestWorld::with(combo, genesis);
        let agent = test.key("ann");
        let act =
            Command::Act(Act { agent, action: read("genesis_ledger"), thought: None, answers: Vec::new() });
        let step = test.command(act.clone());
        let row = ecology_types::Measurement {
            principal: agent,
            reservation: step.reservation,
            cpu_ns: 350_000,
            memory_peak_bytes: 0,
            written_bytes: 0,
            bandwidth_bytes: 0,
        };
        test.command(Command::Settle { rows: vec![row] });
        assert_eq!(test.world.parts().limiter.overrun(agent, Resource::Cpu), 340);
        let mut windows = 0;
        loop {
            test.now = test.now.after(WINDOW).after(WINDOW);
            test.command(Command::Tick);
            windows += 1;
            match test.command(act.clone()).outcome {
                Ok(_) => break,
                Err(refusal) => assert_eq!(refusal.code, Code::RateExceeded),
            }
            assert!(windows < 10, "it never gets out");
        }
        assert_eq!(windows, 4, "a window at a time");
    }
}

#[test]
fn a_thought_that_overran_is_not_paid_off_by_the_same_turn() {
    for combo in Combo::all() {
        let mut test = TestWorld::with(combo, one_tight(Resource::LlmTokens, 100));
        let agent = test.key("ann");
        let charges = Charges::of(Resource::LlmTokens, 100);
        let reservation = test.command(Command::Reserve { agent, charges }).reservation;
        let usage = Charges::of(Resource::LlmTokens, 150);
        // The invariants are checked after every command.
        test.act_as("ann", read("genesis_ledger"), Some(Thought { reservation, usage, prompt_digest: 0 }))
            .unwrap();
        assert_eq!(test.world.used(agent, Resource::LlmTokens, test.now), 100);
        let reservation = test.world.reservations().next();
        let thought = Thought { reservation: None, usage, prompt_digest: 0 };
        test.command(Command::Void { agent, thought });
        assert_eq!(test.world.reservations().next(), reservation);
    }
}

#[test]
fn methods_take_disk_as_content_does() {
    for combo in Combo::all().into_iter().filter(|combo| !combo.is_legacy()) {
        let mut test = TestWorld::with(combo, one_tight(Resource::Disk, 100));
        let with = |bytes: usize| {
            let input_schema = Value::Map(Vec::new());
            let methods =
                vec![Method { name: "go".into(), description: "x".repeat(bytes).into(), input_schema }];
            let mut draft = Draft::new(id("tool"), "code");
            draft.interface = Some(Arc::new(Interface { description: "".into(), methods }));
            Action::Write(Box::new(draft))
        };
        test.refused("ann", with(100), Code::InsufficientQuota);
        test.done("ann", with(50));
        assert_eq!(test.disk_used("ann"), 4 + 2 + 50 + 8);
        test.refused("ann", with(100), Code::InsufficientQuota);
        test.done("ann", with(10));
        test.write("ann", "tool", "");
        assert_eq!(test.disk_used("ann"), 2 + 10 + 8, "methods that are left out stay");
        test.done("ann", delete("tool"));
        assert_eq!(test.disk_used("ann"), 0);
    }
}

#[test]
fn a_spawned_mind_is_as_private_as_a_founders() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        test.invoke(
            "ann",
            G::Ledger,
            "spawn_principal",
            [("id", "eve".into()), ("config", "a secret plan".into())],
        );
        test.refused("bob", read("eve"), Code::NotPermitted);
        test.done("ann", read("eve"));
    }
}

#[test]
fn a_principal_that_owns_anything_is_not_deleted() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        test.invoke("ann", G::Ledger, "spawn_principal", [("id", "eve".into()), ("config", "".into())]);
        for (resource, amount) in [("bandwidth", 1_000), ("disk_writes", 100)] {
            let args = [("to", "eve".into()), ("resource", resource.into()), ("amount", Value::Int(amount))];
            test.invoke("ann", G::RightsRegistry, "transfer_quota", args);
        }
        test.write("eve", "empty", "");
        for resource in ["bandwidth", "disk_writes"] {
            // What is left when the window is over goes back.
            test.now = test.now.after(WINDOW).after(WINDOW);
            test.command(Command::Tick);
            let all = test.quota("eve", resource.parse().unwrap());
            let reserve = if resource == "bandwidth" { 200 } else { 0 };
            let amount = Value::count(all - reserve);
            let args = [("to", "ann".into()), ("resource", resource.into()), ("amount", amount)];
            test.invoke("eve", G::RightsRegistry, "transfer_quota", args);
        }
        test.refused("ann", delete("eve"), Code::WrongState);
    }
}

#[test]
fn an_id_that_is_only_mentioned_is_free() {
    for combo in Combo::all().into_iter().filter(|combo| !combo.is_legacy()) {
        let mut test = TestWorld::new(combo);
        let mut draft = Draft::new(id("t"), "");
        draft.access_contract = Some(id("newcomer"));
        test.done("ann", Action::Write(Box::new(draft)));
        let newcomer = Founder { quotas: Charges::NONE, ..founder("newcomer", 5, plenty()) };
        test.command(Command::AddPrincipal(Box::new(newcomer.clone())));
        assert_eq!(test.scrip("newcomer"), 5);
        let taken = Command::AddPrincipal(Box::new(newcomer.clone()));
        assert!(matches!(test.world.step(&taken, test.now), Err(StepError::Contradiction(_))));
        let reserved = Founder { id: id("genesis_two"), ..newcomer };
        let reserved = Command::AddPrincipal(Box::new(reserved));
        assert!(matches!(test.world.step(&reserved, test.now), Err(StepError::Contradiction(_))));
    }
}

#[test]
fn artifacts_of_time_zero_are_what_they_say() {
    for combo in Combo::all() {
        let mut draft = Draft::new(id("diary"), "private");
        if combo.is_legacy() {
            draft.policy = Some(PolicyDraft { read: vec![SmolStr::new("bob")], ..PolicyDraft::default() });
        } else {
            draft.access_contract = Some(G::Private.id());
            draft.policy = Some(PolicyDraft::default());
        }
        let with = |artifacts| Genesis { artifacts, ..genesis(rules()) };
        let mut test = TestWorld::with(combo, with(vec![(id("ann"), draft)]));
        test.refused("cid", read("diary"), Code::NotPermitted);
        assert_eq!(test.disk_used("ann"), 7);
        let refuse = |genesis: Genesis| {
            let mut world = ecology_world::World::new(combo.parts());
            let made = world.step(&Command::Create(Box::new(genesis)), test.now);
            assert!(matches!(made, Err(StepError::Genesis(_))), "{made:?}");
        };
        refuse(with(vec![(id("ann"), Draft::new(id("genesis_ledger"), ""))]));
        refuse(with(vec![(id("nobody"), Draft::new(id("t"), ""))]));
        refuse(with(vec![(id("ann"), Draft::new(id("t"), "")), (id("t"), Draft::new(id("u"), ""))]));
        refuse(with(vec![(id("ann"), Draft::new(id("t"), "")), (id("ann"), Draft::new(id("t"), ""))]));
        refuse(with(vec![(id("ann"), Draft::new(id("ann"), ""))]));
        let mut poor = with(vec![(id("ann"), Draft::new(id("t"), "five!"))]);
        poor.founders[0].quotas[Resource::Disk] = 4;
        refuse(poor);
        let mut missing = Draft::new(id("t"), "");
        missing.policy = Some(PolicyDraft { read: vec![SmolStr::new("nobody")], ..PolicyDraft::default() });
        refuse(with(vec![(id("ann"), missing)]));
        let mut rich = genesis(rules());
        rich.founders[0].scrip = Scrip(u64::MAX);
        refuse(rich);
        let zero = Rules { window: ecology_types::Span::ZERO, ..rules() };
        refuse(genesis(zero));
    }
}

#[test]
fn the_log_does_not_keep_old_content_without_end() {
    let mut rules = rules();
    rules.limits.content_bytes_max = 16 << 20;
    let mut genesis = genesis(rules);
    genesis.founders[0].quotas = Charges([1 << 40; Resource::COUNT]);
    let mut test = TestWorld::with(Combo::plain()[0], genesis);
    for round in 0..8 {
        test.write("ann", "big", &format!("{round}").repeat(12 << 20));
        test.records.clear();
    }
    let kept: usize = test
        .world
        .log()
        .after(0)
        .map(|event| match &event.effect {
            ecology_types::Effect::ArtifactChanged { content: Some(content), .. } => content.len(),
            _ => 0,
        })
        .sum();
    assert!(kept <= 64 << 20, "{kept}");
    assert_eq!(test.world.log().last_seq(), test.world.last_event());
}

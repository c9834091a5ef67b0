//! What belongs to an agent: its configuration, its memory, its balances, its shares and its revenue, together or apart.

use ecology_types::{
    Act, Action, Charges, Command, Denial, Draft, Effect, GenesisArtifact as G, Key, Payer, PermissionAnswer,
    PolicyDraft, Reads, RefusalCode as Code, Resource, Scrip, SmolStr, Terms, Value, Verb, WriteMode,
};
use ecology_world::World;

use crate::support::*;

fn text(value: &str) -> Value {
    Value::text(value)
}

/// A good as a list of goods names it.
fn named<const N: usize>(pairs: [(&str, Value); N]) -> Value {
    Value::map(pairs)
}

fn memory(test: &mut TestWorld, owner: &str, name: &str) {
    let write = test.private(name, "what I know");
    test.done(owner, write);
}

/// Everything that makes ann a going concern.
fn whole_of_ann() -> Value {
    Value::List(vec![
        named([("artifact", text("ann"))]),
        named([("artifact", text("ann_memory"))]),
        named([("scrip", Value::Int(400))]),
        named([("resource", text("disk")), ("amount", Value::Int(5_000))]),
        named([("resource", text("llm_tokens")), ("amount", Value::Int(700))]),
        named([("revenue", text("book"))]),
    ])
}

fn concern(combo: Combo) -> TestWorld {
    let mut test = TestWorld::new(combo);
    memory(&mut test, "ann", "ann_memory");
    let book = test.priced("book", 7, 0);
    test.done("ann", book);
    test
}

fn revenue_of(test: &mut TestWorld, artifact: &str) -> String {
    let key = test.key(artifact);
    let payee = test.world.payee(test.world.live(key).unwrap());
    test.world.id(payee).to_string()
}

fn disk_quotas(test: &TestWorld) -> [u64; 2] {
    ["ann", "bob"].map(|name| test.quota(name, Resource::Disk))
}

#[test]
fn a_whole_agent_is_sold_at_once() {
    for combo in Combo::all() {
        let mut test = concern(combo);
        let listed =
            test.invoke("ann", G::Escrow, "deposit", [("goods", whole_of_ann()), ("price", Value::Int(500))]);
        let order = || [("order", Value::Int(int(&listed, "order")))];
        let shown = test.invoke("bob", G::Escrow, "check", order());
        assert_eq!(
            shown.get("kind").and_then(Value::as_text),
            Some("bundle:agent+data+revenue:book+right:disk:5000+right:llm_tokens:700+scrip:400")
        );
        assert_eq!((test.scrip("ann"), test.scrip("genesis_escrow")), (600, 400));
        test.refused("ann", edit("ann", "mind", "mood", None), Code::AlreadyListed);
        let gift = [("artifact", text("book")), ("to", text("cid"))];
        test.invoke_refused("ann", G::Ledger, "transfer_revenue", gift, Code::AlreadyListed);
        test.refused("ann", delete("book"), Code::AlreadyListed);
        test.invoke("bob", G::Escrow, "purchase", order());
        assert_eq!((test.scrip("ann"), test.scrip("bob")), (1_100, 900));
        assert_eq!((test.owner("ann"), test.owner("ann_memory")), ("bob".to_owned(), "bob".to_owned()));
        assert_eq!((test.owner("book"), revenue_of(&mut test, "book")), ("ann".to_owned(), "bob".to_owned()));
        assert_eq!(disk_quotas(&test), [995_000, 1_005_000]);
        assert_eq!(test.quota("bob", Resource::LlmTokens), 1_000_700);
        // It works on under its owner, who configures it and reads its memory; it does neither any more.
        test.done("bob", edit("ann", "mind of ann", "mind of bob's ann", None));
        test.done("bob", read("ann_memory"));
        test.refused("ann", edit("ann", "mind", "mood", None), Code::NotPermitted);
        test.refused("ann", read("ann_memory"), Code::NotPermitted);
        test.write("ann", "essay", "still at work");
        if !combo.has_contracts() {
            test.done("cid", read("book"));
            assert_eq!(test.scrip("bob"), 907, "the reader pays who bought the revenue");
        }
        // Sold on by its owner, who has all of it to sell but what is ann's own.
        let again = [("artifact", text("ann")), ("price", Value::Int(5))];
        let listed = test.invoke("bob", G::Escrow, "deposit", again);
        test.invoke("cid", G::Escrow, "purchase", [("order", Value::Int(int(&listed, "order")))]);
        assert_eq!((test.owner("ann"), test.owner("ann_memory")), ("cid".to_owned(), "bob".to_owned()));
    }
}

#[test]
fn each_right_of_an_agent_is_sold_alone() {
    for combo in Combo::all() {
        let mut test = concern(combo);
        let lots: [(Vec<(&str, Value)>, i64); 4] = [
            (vec![("artifact", text("ann"))], 10),
            (vec![("artifact", text("ann_memory"))], 20),
            (vec![("revenue", text("book"))], 30),
            (vec![("resource", text("llm_calls")), ("amount", Value::Int(9))], 40),
        ];
        for (mut words, price) in lots {
            words.push(("price", Value::Int(price)));
            let args =
                Value::Map(words.into_iter().map(|(name, value)| (SmolStr::new(name), value)).collect());
            let listed = test.done("ann", Action::invoke(G::Escrow.id(), "deposit", args));
            let buyer = if price % 20 == 0 { "bob" } else { "cid" };
            test.invoke(buyer, G::Escrow, "purchase", [("order", Value::Int(int(&listed, "order")))]);
        }
        assert_eq!([test.scrip("ann"), test.scrip("bob"), test.scrip("cid")], [1_100, 940, 960]);
        assert_eq!((test.owner("ann"), test.owner("ann_memory")), ("cid".to_owned(), "bob".to_owned()));
        assert_eq!(revenue_of(&mut test, "book"), "cid");
        assert_eq!(test.quota("bob", Resource::LlmCalls), 1_000_009);
        // The new owner of the configuration has no part in the rest.
        test.refused("cid", read("ann_memory"), Code::NotPermitted);
    }
}

#[test]
fn a_bundle_is_all_or_nothing() {
    for combo in Combo::all() {
        let mut test = concern(combo);
        let bundle = |goods: Vec<Value>| [("goods", Value::List(goods)), ("price", Value::Int(5))];
        let one = |name: &str| named([("artifact", text(name))]);
        let scrip = |amount: i64| named([("scrip", Value::Int(amount))]);
        let before = untouchable(&test.world);
        for (goods, code) in [
            (vec![one("ann"), one("bob")], Code::NotPermitted),
            (vec![one("ann"), scrip(1_001)], Code::InsufficientScrip),
            (
                vec![one("ann"), named([("resource", text("disk")), ("amount", Value::Int(999_999))])],
                Code::InsufficientQuota,
            ),
            (vec![one("ann"), one("ann")], Code::ArgumentInvalid),
            (vec![one("ann"), scrip(1), scrip(2)], Code::ArgumentInvalid),
            (vec![one("ann")], Code::ArgumentInvalid),
            (vec![one("ann"), named([("goods", Value::List(Vec::new()))])], Code::ArgumentInvalid),
            (
                vec![one("ann"), named([("artifact", text("book")), ("scrip", Value::Int(1))])],
                Code::ArgumentInvalid,
            ),
            (vec![one("ann"), named([("scrip", Value::Int(0))])], Code::AmountInvalid),
            (vec![one("ann"), named([("scrip", Value::Int(-5))])], Code::AmountInvalid),
            (vec![one("ann"), one("nobody")], Code::ArtifactNotFound),
            ((0..17).map(|_| one("ann")).collect(), Code::ArgumentInvalid),
            (vec![one("ann"), text("book")], Code::ArgumentInvalid),
        ] {
            test.invoke_refused("ann", G::Escrow, "deposit", bundle(goods), code);
        }
        let alone = [("scrip", Value::Int(1)), ("price", Value::Int(5))];
        test.invoke_refused("ann", G::Escrow, "deposit", alone, Code::ArgumentInvalid);
        assert!(before == untouchable(&test.world), "a refused bundle left something behind");
        // A buyer without room for all of it gets none of it, unless the room comes with it.
        let poor = [("to", text("cid")), ("resource", text("disk")), ("amount", Value::Int(1_000_000))];
        test.invoke("bob", G::RightsRegistry, "transfer_quota", poor);
        test.write("ann", "long", &"x".repeat(100));
        let two = || vec![one("ann_memory"), one("long")];
        let listed = test.invoke("ann", G::Escrow, "deposit", bundle(two()));
        let order = int(&listed, "order");
        let buy = |order: i64| [("order", Value::Int(order))];
        test.invoke_refused("bob", G::Escrow, "purchase", buy(order), Code::InsufficientQuota);
        assert_eq!((test.owner("long"), test.scrip("bob")), ("genesis_escrow".to_owned(), 1_000));
        test.invoke("ann", G::Escrow, "cancel", buy(order));
        assert_eq!((test.owner("long"), test.owner("ann_memory")), ("ann".to_owned(), "ann".to_owned()));
        let mut roomy = two();
        roomy.push(named([("resource", text("disk")), ("amount", Value::Int(111))]));
        let listed = test.invoke("ann", G::Escrow, "deposit", bundle(roomy));
        test.invoke("bob", G::Escrow, "purchase", buy(int(&listed, "order")));
        assert_eq!((test.quota("bob", Resource::Disk), test.disk_used("bob")), (111, 111));
    }
}

#[test]
fn bundles_cross_and_are_replaced_like_anything_else() {
    for combo in Combo::all() {
        let mut test = concern(combo);
        let kind = "bundle:right:disk:10+right:llm_calls:3";
        let goods = || {
            // Named in another order than they trade in.
            Value::List(vec![
                named([("resource", text("llm_calls")), ("amount", Value::Int(3))]),
                named([("resource", text("disk")), ("amount", Value::Int(10))]),
            ])
        };
        test.invoke("bob", G::Escrow, "offer", [("kind", text(kind)), ("price", Value::Int(9))]);
        let sold = test.invoke("ann", G::Escrow, "deposit", [("goods", goods()), ("price", Value::Int(4))]);
        assert_eq!((int(&sold, "price"), test.scrip("bob")), (9, 991));
        assert_eq!(disk_quotas(&test), [999_990, 1_000_010]);
        let listed = test.invoke("ann", G::Escrow, "deposit", [("goods", goods()), ("price", Value::Int(4))]);
        let again =
            [("goods", goods()), ("price", Value::Int(3)), ("replace", Value::Int(int(&listed, "order")))];
        test.invoke("ann", G::Escrow, "deposit", again);
        assert_eq!((test.world.orders().len(), test.quota("ann", Resource::Disk)), (1, 999_980));
        let offered =
            test.invoke("cid", G::Escrow, "offer", [("kind", text(kind)), ("price", Value::Int(8))]);
        assert_eq!((int(&offered, "price"), test.scrip("cid")), (3, 997));
        let offered =
            test.invoke("cid", G::Escrow, "offer", [("kind", text(kind)), ("price", Value::Int(8))]);
        let accept = [("goods", goods()), ("order", Value::Int(int(&offered, "order")))];
        test.invoke("bob", G::Escrow, "accept", accept);
        assert_eq!(test.quota("cid", Resource::Disk), 1_000_020);
        for label in ["bundle:right:disk:10+right:llm_calls:3", "revenue:book"] {
            let mut draft = Draft::new(id("junk"), "junk");
            draft.kind = Some(SmolStr::new(label));
            test.done("ann", Action::Write(Box::new(draft)));
            let sell = [("artifact", text("junk")), ("price", Value::Int(1))];
            test.invoke_refused("ann", G::Escrow, "deposit", sell, Code::ArgumentInvalid);
        }
    }
}

#[test]
fn revenue_follows_the_owner_until_it_goes_its_own_way() {
    for combo in Combo::all().into_iter().filter(|combo| !combo.has_contracts()) {
        let mut test = concern(combo);
        let give = |what: &str, to: &str| [("artifact", text(what)), ("to", text(to))];
        test.invoke("ann", G::Ledger, "transfer_ownership", give("book", "bob"));
        test.done("cid", read("book"));
        assert_eq!((test.scrip("ann"), test.scrip("bob")), (1_000, 1_007));
        test.invoke_refused("ann", G::Ledger, "transfer_revenue", give("book", "ann"), Code::NotPermitted);
        test.invoke("bob", G::Ledger, "transfer_revenue", give("book", "dot"));
        assert!(matches!(test.last_effects()[..], [.., Effect::RevenueTransferred { .. }]));
        assert!(test.log_of("cid").join("\n").contains("revenue_transferred"));
        test.done("cid", read("book"));
        assert_eq!((test.scrip("bob"), test.scrip("dot"), test.scrip("cid")), (1_007, 1_007, 986));
        // The owner reads its own for nothing; the holder of the revenue pays itself, which is nothing.
        test.done("bob", read("book"));
        test.done("dot", read("book"));
        assert_eq!((test.scrip("bob"), test.scrip("dot")), (1_007, 1_007));
        // Sold without it, the revenue stays where it is; and whoever brings them together has both.
        test.invoke("bob", G::Ledger, "transfer_ownership", give("book", "ann"));
        let shown = test.invoke("cid", G::Ledger, "revenue", [("artifact", text("book"))]);
        assert_eq!(shown.get("revenue").and_then(Value::as_text), Some("dot"));
        // Both in escrow, for two sellers.
        let own =
            test.invoke("ann", G::Escrow, "deposit", [("artifact", text("book")), ("price", Value::Int(3))]);
        let earn =
            test.invoke("dot", G::Escrow, "deposit", [("revenue", text("book")), ("price", Value::Int(4))]);
        test.done("cid", read("book"));
        assert_eq!(test.scrip("dot"), 1_014, "what is for sale earns for its seller");
        test.invoke("bob", G::Escrow, "purchase", [("order", Value::Int(int(&own, "order")))]);
        assert_eq!(revenue_of(&mut test, "book"), "dot");
        test.invoke("bob", G::Escrow, "purchase", [("order", Value::Int(int(&earn, "order")))]);
        assert!(test.world.revenue().is_empty());
        test.invoke("bob", G::Ledger, "transfer_ownership", give("book", "cid"));
        assert_eq!(revenue_of(&mut test, "book"), "cid");
        // What holds a revenue is not deleted with it; what earned it takes it along.
        let child = [("id", text("kid"))];
        test.invoke("cid", G::Ledger, "spawn_principal", child);
        test.invoke("cid", G::Ledger, "transfer_revenue", give("book", "kid"));
        test.refused("cid", delete("kid"), Code::WrongState);
        test.done("cid", delete("book"));
        assert!(test.world.revenue().is_empty());
        test.done("cid", delete("kid"));
        let reopened = World::from_snapshot(combo.parts(), &test.world.snapshot().unwrap()).unwrap();
        assert_eq!(reopened.hash(), test.world.hash());
    }
}

#[test]
fn a_newborn_can_write_at_once() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        let quotas = Value::map([
            ("disk", Value::Int(100)),
            ("llm_calls", Value::Int(10)),
            ("bandwidth", Value::Int(1_000)),
            ("disk_writes", Value::Int(500)),
            ("cpu", Value::Int(10_000)),
        ]);
        let birth = [
            ("id", text("kid")),
            ("config", text("mind of kid")),
            ("scrip", Value::Int(30)),
            ("quotas", quotas),
        ];
        test.invoke("ann", G::Ledger, "spawn_principal", birth);
        assert_eq!((test.scrip("ann"), test.scrip("kid")), (970, 30));
        assert_eq!((test.quota("ann", Resource::Disk), test.quota("kid", Resource::Disk)), (999_900, 100));
        test.write("kid", "first", "hello");
        assert_eq!(
            (test.owner("kid"), test.disk_used("kid"), test.disk_used("ann")),
            ("ann".to_owned(), 5, 11)
        );
        // Without anything, as ever, it is not able to do a thing.
        test.invoke("ann", G::Ledger, "spawn_principal", [("id", text("bare")), ("config", text("mind"))]);
        let write = Action::Write(Box::new(Draft::new(id("second"), "x")));
        let refusal = test.act("bare", write).unwrap_err();
        assert!(matches!(refusal.code, Code::InsufficientQuota | Code::RateTooLarge), "{refusal}");
    }
}

#[test]
fn a_birth_is_all_or_nothing() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        let birth = |scrip: i64, quotas: Value| {
            [("id", text("kid")), ("config", text("mind")), ("scrip", Value::Int(scrip)), ("quotas", quotas)]
        };
        let disk = |amount: i64| Value::map([("disk", Value::Int(amount))]);
        let twice =
            Value::Map(vec![(SmolStr::new("cpu"), Value::Int(1)), (SmolStr::new("cpu"), Value::Int(2))]);
        let before = untouchable(&test.world);
        for (args, code) in [
            (birth(1_001, disk(1)), Code::InsufficientScrip),
            (birth(1, disk(1_000_001)), Code::InsufficientQuota),
            // The configuration takes four bytes of the parent's disk, which cannot be given away as well.
            (birth(1, disk(999_997)), Code::InsufficientQuota),
            (
                birth(1, Value::map([("disk", Value::Int(1)), ("llm_calls", Value::Int(1_000_001))])),
                Code::InsufficientQuota,
            ),
            (birth(1, disk(0)), Code::AmountInvalid),
            (birth(0, disk(1)), Code::AmountInvalid),
            (birth(1, Value::map([("scrip", Value::Int(1))])), Code::ArgumentInvalid),
            (birth(1, twice), Code::ArgumentInvalid),
            (birth(1, Value::List(Vec::new())), Code::ArgumentInvalid),
        ] {
            test.invoke_refused("ann", G::Ledger, "spawn_principal", args, code);
            assert!(before == untouchable(&test.world), "a refused birth left something behind");
        }
        test.invoke("ann", G::Ledger, "spawn_principal", birth(1, disk(999_996)));
        assert_eq!((test.quota("ann", Resource::Disk), test.disk_used("ann")), (4, 4));
        // Rates that are in use stay until they are not.
        test.command(Command::Reserve {
            agent: test.key("bob"),
            charges: Charges::of(Resource::LlmTokens, 900_000),
        });
        let all = Value::map([("llm_tokens", Value::Int(500_000))]);
        let args = [("id", text("kid2")), ("quotas", all)];
        test.invoke_refused("bob", G::Ledger, "spawn_principal", args, Code::RateExceeded);
    }
}

/// Whoever the list of the configuration names may write it: that is delegation where policies decide.
#[test]
fn a_configuration_is_delegated_by_its_policy() {
    for combo in Combo::all().into_iter().filter(|combo| !combo.has_contracts()) {
        let mut test = TestWorld::new(combo);
        let mut draft = Draft::new(id("ann"), "mind of ann");
        draft.policy = Some(PolicyDraft { write: vec![SmolStr::new("bob")], ..PolicyDraft::default() });
        draft.mode = WriteMode::Replace;
        test.done("ann", Action::Write(Box::new(draft)));
        test.done("bob", edit("ann", "mind of ann", "orders of bob", None));
        test.refused("cid", edit("ann", "orders", "none", None), Code::NotPermitted);
        // Lent, not sold: the agent takes it back.
        let mut draft = Draft::new(id("ann"), "mind of ann");
        draft.policy = Some(PolicyDraft::default());
        test.done("ann", Action::Write(Box::new(draft)));
        test.refused("bob", edit("ann", "mind", "orders", None), Code::NotPermitted);
    }
}

/// A contract on the configuration that lets an employer write it, for a wage that the employer pays for each order.
#[test]
fn employment_is_a_contract_on_the_configuration() {
    for combo in Combo::all().into_iter().filter(|combo| combo.has_contracts()) {
        let mut test = TestWorld::new(combo);
        let mut contract = Draft::new(id("job"), "function check_permission(request) ... end");
        contract.interface = Some(std::sync::Arc::new(ecology_types::Interface {
            description: "bob gives orders for 25 scrip each".into(),
            methods: vec![ecology_types::Method {
                name: "check_permission".into(),
                description: "answers".into(),
                input_schema: Value::map([("type", text("object"))]),
            }],
        }));
        test.done("ann", Action::Write(Box::new(contract)));
        let mut draft = Draft::new(id("ann"), "mind of ann");
        draft.access_contract = Some(id("job"));
        test.done("ann", Action::Write(Box::new(draft)));
        let order = edit("ann", "mind of ann", "work for bob", None);
        let act = |test: &TestWorld, who: &str, action: &Action, verdict: Result<Terms, Denial>| {
            let version = |key: Key| (key, test.world.live(key).unwrap().version);
            let (ann, job) = (test.key("ann"), test.key("job"));
            let mut versions = vec![version(ann), version(job)];
            versions.sort_unstable();
            Command::Act(Act {
                agent: test.key(who),
                action: action.clone(),
                thought: None,
                answers: vec![PermissionAnswer {
                    artifact: ann,
                    verb: Verb::Edit,
                    caller: test.key(who),
                    contract: job,
                    call_digest: 0,
                    verdict,
                    reads: Reads { versions, ..Reads::default() },
                    instructions: 0,
                    is_cached: false,
                }],
            })
        };
        let wage = Ok(Terms { cost: Scrip(25), payer: Payer::Invoker, ..Terms::default() });
        let ordered = act(&test, "bob", &order, wage.clone());
        assert!(test.command(ordered).outcome.is_ok());
        assert_eq!((test.scrip("ann"), test.scrip("bob")), (1_025, 975));
        let meddled = act(&test, "cid", &edit("ann", "work", "rest", None), Err(Denial::no("no employer")));
        assert!(test.command(meddled).outcome.is_err());
        // What was answered about another configuration does not hold for this one.
        let mut stale = act(&test, "bob", &edit("ann", "work", "more work", None), wage);
        if let Command::Act(act) = &mut stale {
            act.answers[0].reads.versions[0].1 -= 1;
        }
        assert!(test.command(stale).outcome.is_err());
        assert_eq!((test.scrip("ann"), test.scrip("bob")), (1_025, 975));
    }
}

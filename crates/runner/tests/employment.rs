//! Delegation, employment and tools at a price as code that agents write, in whole runs and both modes.

use ecology_contracts::{LIBRARY, Template};
use ecology_minds::{Decision, MindError, Then};
use ecology_types::{
    Action, AllowedInvocation, Axis, Draft, EventKind, Interface, Method, Scrip, Side, Span, Value, WriteMode,
};

use crate::support::*;

const EMPLOYMENT: Template = Template {
    name: "employment",
    source: include_str!("../src/scenario/employment.luau"),
    methods: &["fund", "collect", "dismiss", "status"],
    needs_standing: true,
};

fn by_contracts() -> [Town; 2] {
    Town::both().map(|mut town| {
        town.axes = town.axes.with(Axis::ArtifactOntology, Side::New).with(Axis::AccessControl, Side::New);
        town
    })
}

/// An action, and then nothing for most of a second: one action a tick in either mode.
fn slowly(action: Action) -> Result<Decision, MindError> {
    act(action).map(|decision| Decision { then: Then::Delay(Span::from_millis(990)), ..decision })
}

fn code(name: &str, template: &Template, values: &[(&str, Value)]) -> Action {
    let mut draft = Draft::new(id(name), template.fill(values).unwrap());
    let method = |name: &&str| Method {
        name: (*name).into(),
        description: "d".into(),
        input_schema: Value::Map(Vec::new()),
    };
    draft.can_execute = Some(true);
    draft.has_standing = template.needs_standing.then_some(true);
    let methods = ["check_permission"].iter().chain(template.methods).map(method).collect();
    draft.interface = Some(Interface { description: "d".into(), methods }.into());
    Action::Write(Box::new(draft))
}

fn governed(name: &str, by: &str) -> Action {
    let mut draft = Draft::new(id(name), "chapter 0");
    draft.access_contract = Some(id(by));
    Action::Write(Box::new(draft))
}

fn write(name: &str, content: &str) -> Action {
    let mut draft = Draft::new(id(name), content);
    draft.mode = WriteMode::Replace;
    Action::Write(Box::new(draft))
}

fn call(name: &str, method: &str, args: Value, allowance: u64) -> Action {
    Action::InvokeAllowing(Box::new(AllowedInvocation {
        artifact: id(name),
        method: method.into(),
        args,
        allowance: Scrip(allowance),
    }))
}

fn none() -> Value {
    Value::Map(Vec::new())
}

fn scrip(ran: &Ran, who: &str) -> u64 {
    ran.world().accounts().scrip(ran.key(who)).0
}

/// The code of each refusal of somebody, in order.
fn refusals(ran: &Ran, who: &str) -> Vec<&'static str> {
    let code = |event: &&ecology_world::Event| match &event.effect {
        ecology_types::Effect::ActionRefused { code, .. } => code.name(),
        _ => "",
    };
    ran.of(who, EventKind::ActionRefused).iter().map(code).collect()
}

#[test]
fn tick_and_continuous_an_employee_is_paid_for_what_it_changes_until_the_end() {
    for town in by_contracts() {
        let terms = [
            ("employer", Value::text("boss")),
            ("employee", Value::text("hand")),
            ("wage", Value::Int(5)),
            ("ends_us", Value::Int(12_500_000)),
        ];
        let ran = town
            .player("boss", move |thought, _| match thought {
                0 => slowly(code("post", &EMPLOYMENT, &terms)),
                1 => slowly(governed("book", "post")),
                2 => slowly(call("post", "fund", none(), 20)),
                // Long after the end: what is left comes back.
                16 => slowly(call("post", "dismiss", none(), 0)),
                _ => slowly(Action::Noop),
            })
            .player("hand", |thought, _| match thought {
                5..8 => slowly(write("book", &format!("chapter {thought}"))),
                8 => slowly(call("post", "collect", none(), 0)),
                // Nothing more is earned, and the work is not its own.
                9 => slowly(call("post", "collect", none(), 0)),
                10 => slowly(Action::Delete { artifact: id("book") }),
                // The employment has ended.
                14 => slowly(write("book", "too late")),
                _ => slowly(Action::Noop),
            })
            .player("fox", |thought, _| match thought {
                5 => slowly(write("book", "mine")),
                6 => slowly(call("post", "collect", none(), 0)),
                7 => slowly(call("post", "dismiss", none(), 0)),
                _ => slowly(Action::Noop),
            })
            .run(22);
        assert_eq!(refusals(&ran, "hand"), ["execution_failed", "not_permitted", "not_permitted"]);
        assert_eq!(refusals(&ran, "fox"), ["not_permitted", "execution_failed", "execution_failed"]);
        assert_eq!(refusals(&ran, "boss"), [""; 0]);
        assert_eq!((scrip(&ran, "boss"), scrip(&ran, "hand"), scrip(&ran, "post")), (85, 115, 0));
        let book = ran.world().live(ran.key("book")).unwrap();
        assert_eq!((&*book.content, book.version, book.owner), ("chapter 7", 4, ran.key("boss")));
        assert_eq!(ran.outcome.code.faults, 0, "what is out of place is refused in words");
        ran.nothing_is_open();
    }
}

#[test]
fn tick_and_continuous_a_delegate_acts_on_behalf_as_often_as_it_was_told() {
    let template = LIBRARY.iter().find(|template| template.name == "delegation").unwrap();
    for town in by_contracts() {
        let mandate = || {
            Value::map([
                ("artifact", "house".into()),
                ("to", "agent".into()),
                ("actions", Value::List(vec!["write".into(), "transfer".into()])),
                ("uses", Value::Int(2)),
                ("ends", Value::Int(60_000_000)),
            ])
        };
        let sell = || {
            Action::invoke(
                ecology_types::GenesisArtifact::Ledger.id(),
                "transfer_ownership",
                Value::map([("artifact", "house".into()), ("to", "cid".into())]),
            )
        };
        let ran = town
            .player("ann", move |thought, _| match thought {
                0 => slowly(code("power", template, &[])),
                1 => slowly(governed("house", "power")),
                2 => slowly(call("power", "delegate", mandate(), 0)),
                _ => slowly(Action::Noop),
            })
            .player("agent", move |thought, _| match thought {
                // A delegate does not delegate.
                4 => slowly(call("power", "delegate", mandate(), 0)),
                5 => slowly(Action::Delete { artifact: id("house") }),
                6 => slowly(write("house", "painted")),
                7 => slowly(sell()),
                // Its uses are up, and with a new owner the mandate would be void as well.
                8 => slowly(write("house", "mine")),
                _ => slowly(Action::Noop),
            })
            .player("cid", |thought, _| match thought {
                10 => slowly(write("house", "home")),
                _ => slowly(Action::Noop),
            })
            .run(14);
        assert_eq!(refusals(&ran, "agent"), ["execution_failed", "not_permitted", "not_permitted"]);
        assert_eq!(refusals(&ran, "cid"), [""; 0]);
        let house = ran.world().live(ran.key("house")).unwrap();
        assert_eq!((&*house.content, house.owner), ("home", ran.key("cid")), "given away on behalf of ann");
        ran.nothing_is_open();
    }
}

#[test]
fn tick_and_continuous_tools_are_found_paid_shared_and_work_with_each_other() {
    for town in by_contracts() {
        let ran = town
            .agent(
                "smith",
                "mind = 'tool_maker'\nprice = 8\npartner = 'muse'\npartner_percent = 25\ndelay_mean = 300000",
            )
            .agent("joiner", "mind = 'tool_maker'\nprice = 4\nuses = 'smith_tool_1'\ndelay_mean = 300000")
            .agent("muse", "mind = 'idle'\ndelay_mean = 900000")
            .agent("buyer", "mind = 'tool_user'\ncalls_max = 4\nallowance = 9\ndelay_mean = 300000")
            .agent("miser", "mind = 'tool_user'\ncalls_max = 4\nprice_max = 3\ndelay_mean = 300000")
            .run(60);
        assert_eq!(
            (refusals(&ran, "buyer"), refusals(&ran, "joiner")),
            (vec![], vec![]),
            "{:#?}",
            ran.of("buyer", EventKind::ActionRefused)
        );
        let spent = 100 - scrip(&ran, "buyer");
        let (smith, joiner, muse) =
            (scrip(&ran, "smith") - 100, scrip(&ran, "joiner") - 100, scrip(&ran, "muse") - 100);
        assert_eq!((smith + joiner + muse, scrip(&ran, "miser")), (spent, 100));
        // Every price of the smith is shared three to one, also the one that the joiner's tool pays out of the allowance.
        assert_eq!(smith, 3 * muse);
        assert_eq!(
            (smith + muse) / 8 + joiner / 4,
            4 + joiner / 4,
            "as many uses of the smith's tool as calls in all"
        );
        assert!(joiner > 0 && muse > 0, "{smith} {joiner} {muse}");
        let notes = ran.world().live(ran.key("buyer_notes")).unwrap();
        assert!(notes.content.contains("\"total\""), "{}", notes.content);
        assert!(ran.world().symbols().key("miser_notes").is_none(), "too dear");
        ran.nothing_is_open();
    }
}

/// Where there are policies the price stands in these; moved to contracts, tools come under terms.
#[test]
fn tick_and_continuous_tools_have_their_price_by_policy_too() {
    for town in Town::both() {
        let ran = town
            .agent("smith", "mind = 'tool_maker'\nprice = 8\ndelay_mean = 300000")
            .agent("buyer", "mind = 'tool_user'\ncalls_max = 3\ndelay_mean = 300000")
            .run(40);
        assert_eq!((scrip(&ran, "smith"), scrip(&ran, "buyer")), (124, 76));
        assert!(ran.world().live(ran.key("smith_tool_1")).unwrap().policy.is_some());
        ran.nothing_is_open();
    }
}

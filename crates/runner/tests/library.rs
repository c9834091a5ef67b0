//! The contracts of the library keep their promises: each is run in the engine that runs it in a world, against a small host.

use std::collections::BTreeMap;
use std::sync::Arc;

use ecology_contracts::{LIBRARY, Template};
use ecology_sandbox::{Engine, Host, HostError, Limits, LuauEngine, Program};
use ecology_types::Value;

const FUNCTIONS: &[&str] = &[
    "allowance",
    "artifact",
    "balance",
    "caller",
    "events",
    "invoke",
    "me",
    "now",
    "pay",
    "read",
    "set_state",
    "state",
];

const CONTRACT: &str = "rule";

#[derive(Clone)]
struct Thing {
    owner: String,
    creator: String,
    contract: String,
}

/// A world of a few things and balances, with one contract in it.
struct Play {
    program: Arc<dyn Program>,
    things: BTreeMap<String, Thing>,
    balances: BTreeMap<String, i64>,
    state: Value,
    now: i64,
}

/// What one call of the contract sees and does; it takes effect only when the call succeeds.
struct Turn<'a> {
    play: &'a Play,
    runs: Option<(&'a str, i64)>,
    balances: BTreeMap<String, i64>,
    state: Option<Value>,
    left: i64,
}

fn refused(text: impl Into<String>) -> HostError {
    HostError::Refused(text.into())
}

impl Turn<'_> {
    fn pay(&mut self, args: &[Value]) -> Result<Value, HostError> {
        let (caller, _) = self.runs.ok_or_else(|| refused("a check may not pay"))?;
        let field = |name| args.first().and_then(|pay| pay.get(name));
        let to = field("to").and_then(Value::as_text).ok_or_else(|| refused("pay: to is an id"))?;
        let amount =
            field("amount").and_then(Value::as_int).ok_or_else(|| refused("pay: amount is a number"))?;
        let from = match field("from").and_then(Value::as_text) {
            Some("allowance") if amount <= self.left => {
                self.left -= amount;
                caller
            }
            Some("allowance") => return Err(refused(format!("the allowance has {} left", self.left))),
            Some("own") => CONTRACT,
            _ => return Err(refused("pay: from is allowance or own")),
        };
        if amount < 0 || self.balances.get(from).copied().unwrap_or(0) < amount {
            return Err(refused(format!("{from} cannot pay {amount}")));
        }
        *self.balances.entry(from.to_owned()).or_default() -= amount;
        *self.balances.entry(to.to_owned()).or_default() += amount;
        Ok(Value::Null)
    }
}

impl Host for Turn<'_> {
    fn call(&mut self, function: &str, args: &[Value]) -> Result<Value, HostError> {
        let id = || args.first().and_then(Value::as_text).ok_or_else(|| refused("an id is text"));
        match function {
            "now" => Ok(Value::Int(self.play.now)),
            "me" => Ok(Value::text(CONTRACT)),
            "state" => Ok(self.state.clone().unwrap_or_else(|| self.play.state.clone())),
            "balance" => Ok(Value::Int(self.balances.get(id()?).copied().unwrap_or(0))),
            "artifact" => Ok(self.play.things.get(id()?).map_or(Value::Null, |thing| {
                Value::map([
                    ("owner", Value::text(&thing.owner)),
                    ("creator", Value::text(&thing.creator)),
                    ("contract", Value::text(&thing.contract)),
                ])
            })),
            "caller" | "allowance" | "set_state" | "pay" if self.runs.is_none() => {
                Err(refused(format!("world.{function} is for tools")))
            }
            "caller" => Ok(Value::text(self.runs.map_or("", |(caller, _)| caller))),
            "allowance" => Ok(Value::Int(self.left)),
            "set_state" => {
                self.state = args.first().cloned();
                Ok(Value::Null)
            }
            "pay" => self.pay(args),
            _ => Err(refused(format!("world.{function} is not here"))),
        }
    }
}

/// What a contract says to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    allow: bool,
    cost: i64,
    pay: Vec<(String, i64)>,
    reason: String,
    state: Option<Value>,
    cacheable: bool,
}

fn template(name: &str) -> &'static Template {
    LIBRARY.iter().find(|template| template.name == name).unwrap()
}

impl Play {
    fn new(name: &str, values: &[(&str, Value)]) -> Self {
        Self::of_source(&template(name).fill(values).unwrap())
    }

    fn of_source(source: &str) -> Self {
        let program = LuauEngine::new(FUNCTIONS).compile(source, &Limits::default()).unwrap();
        let thing =
            Thing { owner: "olga".to_owned(), creator: "carl".to_owned(), contract: CONTRACT.to_owned() };
        let people = ["olga", "carl", "alice", "bob", "carol", "dave", CONTRACT];
        Self {
            program,
            things: ["thing", "other", "report", "task"].map(|id| (id.to_owned(), thing.clone())).into(),
            balances: people.map(|id| (id.to_owned(), if id == CONTRACT { 0 } else { 100 })).into(),
            state: Value::Null,
            now: 0,
        }
    }

    fn total(&self) -> i64 {
        self.balances.values().sum()
    }

    fn balance(&self, id: &str) -> i64 {
        self.balances[id]
    }

    fn turn<'a>(&'a self, runs: Option<(&'a str, i64)>) -> Turn<'a> {
        let left = runs.map_or(0, |(_, allowance)| allowance);
        Turn { play: self, runs, balances: self.balances.clone(), state: None, left }
    }

    fn ask(&self, who: &str, action: &str, artifact: &str) -> Said {
        let thing = &self.things[artifact];
        let request = Value::map([
            ("artifact", Value::text(artifact)),
            ("action", Value::text(action)),
            ("caller", Value::text(who)),
            ("owner", Value::text(&thing.owner)),
            ("creator", Value::text(&thing.creator)),
            ("kind", Value::text("data")),
            ("version", Value::Int(1)),
            ("content_bytes", Value::Int(10)),
            ("contract", Value::text(CONTRACT)),
            ("has_standing", false.into()),
            ("can_execute", true.into()),
        ]);
        let mut turn = self.turn(None);
        let called = self.program.call("check_permission", &[request], &Limits::default(), 1, &mut turn);
        let answer = called.outcome.unwrap_or_else(|fault| panic!("{who} {action}: {fault}"));
        let Value::Map(fields) = &answer else { panic!("{answer:?}") };
        let known = ["allow", "cacheable", "cost", "pay", "payer", "payer_share", "reason", "state"];
        assert!(fields.iter().all(|(name, _)| known.contains(&name.as_str())), "{answer:?}");
        let cost = answer.get("cost").map_or(0, |cost| cost.as_int().unwrap());
        assert!(cost >= 0);
        if cost > 0 {
            assert_eq!(answer.get("payer"), Some(&Value::text("invoker")), "a third party never pays");
        }
        let pay = match answer.get("pay") {
            Some(Value::List(list)) => list
                .iter()
                .map(|one| {
                    let to = one.get("to").and_then(Value::as_text).unwrap().to_owned();
                    (to, one.get("amount").and_then(Value::as_int).unwrap())
                })
                .collect(),
            _ => Vec::new(),
        };
        assert!(pay.iter().map(|(_, amount)| amount).sum::<i64>() <= cost, "shares within the price");
        let cacheable = answer.get("cacheable") == Some(&Value::Bool(true));
        let state = answer.get("state").cloned();
        assert!(!(cacheable && state.is_some()), "what changes the state is asked each time");
        Said {
            allow: answer.get("allow") == Some(&Value::Bool(true)),
            cost,
            pay,
            reason: answer.get("reason").and_then(Value::as_text).unwrap().to_owned(),
            state,
            cacheable,
        }
    }

    fn allows(&self, who: &str, action: &str) -> bool {
        self.ask(who, action, "thing").allow
    }

    /// Asks and carries the action out: price, shares and the contract's state take effect together.
    fn does(&mut self, who: &str, action: &str, artifact: &str) -> Said {
        let said = self.ask(who, action, artifact);
        if said.allow {
            let owner = self.things[artifact].owner.clone();
            let mut left = said.cost;
            *self.balances.get_mut(who).unwrap() -= said.cost;
            for (to, amount) in &said.pay {
                *self.balances.get_mut(to).unwrap() += amount;
                left -= amount;
            }
            *self.balances.get_mut(&owner).unwrap() += left;
            if let Some(state) = &said.state {
                self.state = state.clone();
            }
        }
        said
    }

    /// Runs a method; a run that fails changes nothing.
    fn run(&mut self, who: &str, allowance: i64, method: &str, args: Value) -> Result<Value, String> {
        let before = self.total();
        let mut turn = self.turn(Some((who, allowance)));
        let args = [Value::text(method), args];
        let called = self.program.call("run", &args, &Limits::default(), 1, &mut turn);
        let (balances, state) = (turn.balances, turn.state);
        let value = called.outcome.map_err(|fault| fault.to_string())?;
        self.balances = balances;
        if let Some(state) = state {
            assert!(state.bytes() < 64_000);
            self.state = state;
        }
        assert_eq!(before, self.total(), "nothing comes from nowhere");
        Ok(value)
    }

    /// Runs a method that has to be refused with a sentence for people: no position in a source, nothing about operators and nil.
    fn refuses(&mut self, who: &str, allowance: i64, method: &str, args: Value) -> String {
        let state = self.state.clone();
        let error = self.run(who, allowance, method, args).unwrap_err();
        for word in ["nil", "attempt", "arithmetic", "index", "invalid", "NaN", "instructions"] {
            assert!(!error.contains(word), "{error}");
        }
        assert_eq!(state, self.state);
        error
    }
}

fn args<const N: usize>(pairs: [(&str, Value); N]) -> Value {
    Value::map(pairs)
}

fn thing() -> (&'static str, Value) {
    ("artifact", Value::text("thing"))
}

fn texts(list: &[&str]) -> Value {
    Value::List(list.iter().map(Value::text).collect())
}

const CHANGES: [&str; 3] = ["write", "edit", "delete"];
const USES: [&str; 2] = ["read", "invoke"];

/// Arguments that no method expects, each to be refused in words.
fn strange() -> Vec<Value> {
    let mut all =
        vec![Value::Null, Value::List(vec![]), Value::text("x"), Value::Int(3), args([("a", Value::Int(1))])];
    for value in [Value::Int(1), Value::Bool(true), texts(&["thing"]), Value::text("nowhere")] {
        all.push(args([("artifact", value)]));
    }
    all
}

#[test]
fn every_contract_compiles_answers_everybody_and_refuses_strange_calls_in_words() {
    for template in LIBRARY {
        let mut play = Play::new(template.name, &[]);
        for who in ["olga", "carl", "dave", "thing"] {
            for action in ["read", "write", "edit", "delete", "invoke", "transfer"] {
                let said = play.ask(who, action, "thing");
                assert!(!said.reason.is_empty(), "{}: {said:?}", template.name);
            }
        }
        assert_eq!(play.program.has("run"), !template.methods.is_empty(), "{}", template.name);
        if !template.methods.is_empty() {
            let error = play.refuses("alice", 0, "dance", args([]));
            assert!(error.contains("it has the method"), "{}: {error}", template.name);
            for strange in strange() {
                for (method, who) in [
                    ("approve", "alice"),
                    ("subscribe", "dave"),
                    ("rent", "dave"),
                    ("delegate", "olga"),
                    ("revoke", "olga"),
                ] {
                    if template.source.contains(&format!("\"{method}\"")) {
                        play.refuses(who, 50, method, strange.clone());
                    }
                }
            }
        }
    }
}

#[test]
fn freeware_private_public_and_self_owned() {
    let freeware = Play::new("freeware", &[]);
    for action in USES {
        assert!(freeware.allows("dave", action));
    }
    for action in CHANGES {
        assert!(freeware.allows("carl", action) && !freeware.allows("olga", action));
    }
    assert!(freeware.allows("olga", "transfer") && !freeware.allows("carl", "transfer"));
    for action in ["read", "write", "edit", "delete", "invoke", "transfer"] {
        let private = Play::new("private", &[]);
        assert!(private.allows("olga", action) && !private.allows("carl", action));
        assert!(Play::new("public", &[]).allows("dave", action));
        let own = Play::new("self_owned", &[]);
        assert!(own.allows("thing", action) && !own.allows("olga", action));
    }
}

#[test]
fn an_allow_list_names_who_may() {
    let lists = [("readers", texts(&["bob"])), ("writers", texts(&["alice"])), ("invokers", texts(&["*"]))];
    let play = Play::new("allow_list", &lists);
    assert!(play.allows("bob", "read") && !play.allows("alice", "read") && play.allows("dave", "invoke"));
    for action in CHANGES {
        assert!(play.allows("alice", action) && !play.allows("bob", action) && play.allows("olga", action));
    }
    assert!(!play.allows("alice", "transfer") && play.allows("olga", "transfer"));
    // A name is a name, not a pattern.
    assert!(!Play::new("allow_list", &[("readers", texts(&["b.b", "%a+"]))]).allows("bob", "read"));
}

#[test]
fn a_paywall_is_paid_by_whoever_uses_it_to_the_owner() {
    let mut play = Play::new("paywall", &[("read_price", Value::Int(3))]);
    assert_eq!(play.does("dave", "read", "thing").cost, 3);
    assert_eq!(play.does("dave", "invoke", "thing").cost, 5);
    assert_eq!(play.does("olga", "read", "thing").cost, 0);
    assert_eq!((play.balance("dave"), play.balance("olga")), (92, 108));
    assert!(!play.allows("dave", "write") && play.allows("olga", "write"));
}

#[test]
fn a_subscription_lasts_as_long_as_it_was_paid_for() {
    let mut play = Play::new("subscription", &[("price", Value::Int(10)), ("period_us", Value::Int(100))]);
    let subscribe = || args([thing()]);
    assert!(!play.allows("dave", "read"));
    assert!(play.ask("dave", "read", "thing").reason.contains("allowance of 10"));
    let error = play.refuses("dave", 9, "subscribe", subscribe());
    assert!(error.contains("allowance"), "{error}");
    play.run("dave", 10, "subscribe", subscribe()).unwrap();
    assert_eq!((play.balance("dave"), play.balance("olga")), (90, 110));
    assert!(play.allows("dave", "read") && play.allows("dave", "invoke") && !play.allows("dave", "write"));
    assert!(!play.ask("dave", "read", "thing").cacheable, "time changes the answer");
    assert!(!play.ask("dave", "read", "other").allow, "each artifact is subscribed to by itself");
    // Again before the end: it adds to what is left.
    play.now = 60;
    let ends = play.run("dave", 50, "subscribe", subscribe()).unwrap();
    assert_eq!(ends.get("ends"), Some(&Value::Int(200)));
    assert_eq!(play.balance("dave"), 80, "no more than the price");
    play.now = 199;
    assert!(play.allows("dave", "read"));
    play.now = 200;
    assert!(!play.allows("dave", "read"));
    // What has run out is forgotten, everywhere.
    play.run("bob", 10, "subscribe", args([("artifact", Value::text("other"))])).unwrap();
    assert!(!format!("{:?}", play.state).contains("dave"), "{:?}", play.state);
    // Not for what the contract does not govern.
    play.things.get_mut("thing").unwrap().contract = "another".to_owned();
    assert!(play.refuses("dave", 10, "subscribe", subscribe()).contains("does not govern"));
    let until = play.run("dave", 0, "until", args([("artifact", Value::text("other"))])).unwrap();
    assert_eq!(until.get("ends"), Some(&Value::Int(0)));
}

#[test]
fn an_approval_needs_enough_approvers_and_is_used_up() {
    let mut play = Play::new("approval", &[]);
    let approve =
        |who: &str, action: &str| args([thing(), ("action", Value::text(action)), ("who", Value::text(who))]);
    assert!(play.allows("dave", "read") && !play.allows("dave", "write") && !play.allows("olga", "write"));
    assert!(play.refuses("dave", 0, "approve", approve("dave", "write")).contains("no approver"));
    let given = play.run("alice", 0, "approve", approve("dave", "write")).unwrap();
    assert_eq!(given.get("approvals"), Some(&Value::Int(1)));
    // The same one twice is one approval.
    play.run("alice", 0, "approve", approve("dave", "write")).unwrap();
    assert_eq!(play.ask("dave", "write", "thing").reason, "1 of 2 approvals");
    play.run("bob", 0, "approve", approve("dave", "write")).unwrap();
    assert!(play.allows("dave", "write") && !play.allows("dave", "delete") && !play.allows("carl", "write"));
    assert!(!play.ask("dave", "write", "other").allow);
    play.run("bob", 0, "revoke", approve("dave", "write")).unwrap();
    assert!(!play.allows("dave", "write"));
    play.run("carol", 0, "approve", approve("dave", "write")).unwrap();
    // Asking uses nothing up; doing does.
    assert!(play.allows("dave", "write") && play.allows("dave", "write"));
    assert!(play.does("dave", "write", "thing").allow);
    assert!(!play.allows("dave", "write"));
    assert!(!format!("{:?}", play.state).contains("alice"), "nothing is left of it: {:?}", play.state);
    // Names with spaces cannot be put together to look like another topic.
    let forged = args([
        ("artifact", Value::text("thing write dave")),
        ("action", Value::text("x")),
        ("who", Value::text("y")),
    ]);
    let _ = play.run("alice", 0, "approve", forged.clone());
    let _ = play.run("bob", 0, "approve", forged);
    assert!(!play.allows("dave", "write"));
}

#[test]
fn an_auction_gives_access_to_the_best_bid_alone() {
    let mut play = Play::new("auction", &[("ends_us", Value::Int(100))]);
    let none = || args([]);
    assert!(play.refuses("dave", 4, "bid", none()).contains("lowest is 5"));
    play.run("dave", 10, "bid", none()).unwrap();
    assert_eq!((play.balance("dave"), play.balance(CONTRACT)), (90, 10));
    assert!(play.refuses("bob", 10, "bid", none()).contains("best bid is 10"), "as much is not more");
    play.run("bob", 12, "bid", none()).unwrap();
    assert_eq!((play.balance("dave"), play.balance("bob"), play.balance(CONTRACT)), (100, 88, 12));
    assert!(!play.ask("bob", "read", "report").allow, "not before the end");
    assert!(play.refuses("carol", 0, "settle", none()).contains("not over"));
    play.now = 100;
    assert!(play.refuses("dave", 50, "bid", none()).contains("over"));
    assert!(play.ask("bob", "read", "report").allow && play.ask("bob", "invoke", "report").allow);
    assert!(!play.ask("bob", "write", "report").allow && !play.ask("dave", "read", "report").allow);
    assert!(!play.ask("bob", "read", "other").allow, "that was not auctioned");
    assert!(play.ask("olga", "write", "report").allow);
    play.run("carol", 0, "settle", none()).unwrap();
    assert_eq!((play.balance("olga"), play.balance(CONTRACT)), (112, 0));
    assert!(play.refuses("carol", 0, "settle", none()).contains("nothing to settle"), "once");
    assert!(play.ask("bob", "read", "report").allow, "settling takes nothing away");
    // What is gone is not paid for; what another contract governs cannot be bid for.
    let mut gone = Play::new("auction", &[("ends_us", Value::Int(100))]);
    gone.run("dave", 10, "bid", none()).unwrap();
    gone.now = 100;
    gone.things.remove("report");
    gone.run("carol", 0, "settle", none()).unwrap();
    assert_eq!((gone.balance("dave"), gone.balance(CONTRACT)), (100, 0));
    gone.now = 0;
    assert!(gone.refuses("bob", 50, "bid", none()).contains("does not govern"));
}

#[test]
fn a_lease_has_one_tenant_until_it_ends() {
    let mut play = Play::new("lease", &[("rent", Value::Int(3)), ("period_us", Value::Int(100))]);
    let rent = |periods: Value| args([thing(), ("periods", periods)]);
    for periods in [0, -1, 13, 1_000_000] {
        assert!(play.refuses("dave", 90, "rent", rent(Value::Int(periods))).contains("1 to 12"));
    }
    for periods in [Value::text("2"), Value::Bool(true), texts(&["2"])] {
        assert!(play.refuses("dave", 90, "rent", rent(periods)).contains("1 to 12"));
    }
    play.refuses("dave", 5, "rent", rent(Value::Int(2)));
    play.run("dave", 90, "rent", rent(Value::Int(2))).unwrap();
    assert_eq!((play.balance("dave"), play.balance("olga")), (94, 106));
    for action in ["read", "write", "edit", "invoke"] {
        assert!(play.allows("dave", action), "{action}");
    }
    assert!(!play.allows("dave", "delete") && !play.allows("dave", "transfer"));
    assert!(play.allows("olga", "read") && play.allows("olga", "transfer") && !play.allows("olga", "write"));
    assert!(!play.allows("bob", "read"));
    play.now = 150;
    assert!(play.refuses("bob", 90, "rent", rent(Value::Int(1))).contains("let to dave until 200"));
    let longer = play.run("dave", 3, "rent", args([thing()])).unwrap();
    assert_eq!(longer.get("ends"), Some(&Value::Int(300)), "it goes on from its end");
    // Nobody leases for ever by going on and on.
    assert!(play.refuses("dave", 90, "rent", rent(Value::Int(12))).contains("12 periods"));
    play.now = 300;
    assert!(!play.allows("dave", "read") && play.allows("olga", "write"));
    play.run("bob", 3, "rent", args([thing()])).unwrap();
    assert!(play.allows("bob", "write"));
    assert!(play.run("carol", 0, "tenant", args([thing()])).is_ok());
    // What has ended is forgotten when somebody else rents.
    play.now = 1_000;
    play.run("carol", 3, "rent", args([("artifact", Value::text("other"))])).unwrap();
    assert!(!format!("{:?}", play.state).contains("bob"), "{:?}", play.state);
}

#[test]
fn a_licence_pays_its_makers_at_every_use() {
    let values = [("authors", texts(&["alice", "bob"]))];
    let mut play = Play::new("licence", &values);
    let said = play.does("dave", "read", "thing");
    // 20 hundredths of 10 for the creator; 5 hundredths are half a scrip, which is none.
    assert_eq!((said.cost, said.pay), (10, vec![("carl".to_owned(), 2)]));
    assert_eq!((play.balance("dave"), play.balance("carl"), play.balance("olga")), (90, 102, 108));
    // Whoever owns it by then.
    play.things.get_mut("thing").unwrap().owner = "bob".to_owned();
    play.does("olga", "invoke", "thing");
    assert_eq!((play.balance("carl"), play.balance("bob")), (104, 108));
    assert_eq!(play.ask("bob", "read", "thing").cost, 0);
    assert!(play.allows("bob", "transfer") && !play.allows("carl", "write"));
    let dear = Play::new("licence", &[("price", Value::Int(100)), values[0].clone()]);
    let pay = [("carl", 20), ("alice", 5), ("bob", 5)].map(|(to, amount)| (to.to_owned(), amount));
    assert_eq!(dear.ask("dave", "read", "thing").pay, pay);
    // Parts that were filled in carelessly never add up to more than the price.
    let greedy = Play::new(
        "licence",
        &[("creator_percent", Value::Int(90)), ("author_percent", Value::Int(80)), values[0].clone()],
    );
    let said = greedy.ask("dave", "read", "thing");
    assert!(said.allow && said.pay.iter().map(|(_, amount)| amount).sum::<i64>() <= said.cost);
}

#[test]
fn a_bounty_is_held_until_the_sponsor_accepts_or_cancels() {
    let mut play = Play::new("bounty", &[]);
    let none = || args([]);
    for method in ["deposit", "accept", "cancel"] {
        assert!(play.refuses("dave", 50, method, none()).contains("only alice"));
    }
    assert!(!play.ask("dave", "write", "task").allow, "no bounty is open");
    play.refuses("alice", 0, "deposit", none());
    play.run("alice", 20, "deposit", none()).unwrap();
    play.run("alice", 5, "deposit", none()).unwrap();
    assert_eq!((play.balance("alice"), play.balance(CONTRACT)), (75, 25));
    assert!(play.refuses("alice", 0, "accept", none()).contains("nobody has written"));
    assert!(!play.ask("alice", "write", "task").allow);
    assert!(!play.ask("dave", "write", "other").allow && !play.ask("dave", "delete", "task").allow);
    // Asking alone makes nobody the writer.
    assert!(play.ask("bob", "write", "task").allow);
    assert!(play.refuses("alice", 0, "accept", none()).contains("nobody has written"));
    play.does("bob", "write", "task");
    play.does("dave", "edit", "task");
    // The sponsor read what bob wrote; dave was in between.
    let accept = |writer: &str| args([("writer", Value::text(writer))]);
    for named in [none(), accept("bob")] {
        assert!(play.refuses("alice", 0, "accept", named).contains("last writer is dave"));
    }
    play.run("alice", 0, "accept", accept("dave")).unwrap();
    assert_eq!((play.balance("dave"), play.balance("bob"), play.balance(CONTRACT)), (125, 100, 0));
    assert!(!play.ask("bob", "write", "task").allow);
    for method in ["deposit", "accept", "cancel"] {
        assert!(play.refuses("alice", 5, method, none()).contains("closed"));
    }
    let mut cancelled = Play::new("bounty", &[]);
    cancelled.run("alice", 20, "deposit", none()).unwrap();
    cancelled.run("alice", 0, "cancel", none()).unwrap();
    assert_eq!((cancelled.balance("alice"), cancelled.balance(CONTRACT)), (100, 0));
    assert!(!cancelled.ask("dave", "write", "task").allow);
}

#[test]
fn a_delegate_acts_in_the_owners_place_as_often_as_allowed_and_delegates_nothing() {
    let mut play = Play::new("delegation", &[]);
    let mandate = |to: &str, actions: &[&str], uses: Value| {
        args([
            thing(),
            ("to", Value::text(to)),
            ("actions", texts(actions)),
            ("uses", uses),
            ("ends", Value::Int(100)),
        ])
    };
    assert!(play.allows("olga", "write") && !play.allows("dave", "write"));
    for uses in [Value::Int(0), Value::Int(-3), Value::text("2"), Value::Bool(true)] {
        assert!(play.refuses("olga", 0, "delegate", mandate("dave", &["write"], uses)).contains("uses"));
    }
    assert!(
        play.refuses("dave", 0, "delegate", mandate("dave", &["write"], Value::Int(1)))
            .contains("only its owner")
    );
    play.run("olga", 0, "delegate", mandate("dave", &["write", "read"], Value::Int(2))).unwrap();
    assert!(play.allows("dave", "write") && play.allows("dave", "read") && !play.allows("dave", "delete"));
    assert!(
        play.refuses("dave", 0, "delegate", mandate("bob", &["write"], Value::Int(1)))
            .contains("only its owner")
    );
    assert!(play.does("dave", "write", "thing").allow);
    assert!(play.does("dave", "read", "thing").allow);
    assert!(!play.allows("dave", "write"), "used up");
    assert!(!format!("{:?}", play.state).contains("dave"), "and forgotten: {:?}", play.state);
    play.run("olga", 0, "delegate", mandate("dave", &["write"], Value::Int(5))).unwrap();
    play.now = 100;
    assert!(!play.allows("dave", "write"), "ended");
    play.now = 0;
    // A new owner did not give the mandate of the old one.
    play.things.get_mut("thing").unwrap().owner = "bob".to_owned();
    assert!(!play.allows("dave", "write"), "mandates end with the owner who gave them");
    play.things.get_mut("thing").unwrap().owner = "olga".to_owned();
    play.run("olga", 0, "revoke", args([thing(), ("to", Value::text("dave"))])).unwrap();
    assert!(!play.allows("dave", "write"));
    play.things.get_mut("thing").unwrap().contract = "another".to_owned();
    assert!(
        play.refuses("olga", 0, "delegate", mandate("dave", &["write"], Value::Int(1)))
            .contains("does not govern")
    );
}

#[test]
fn a_time_lock_opens_when_it_says_and_never_changes() {
    let mut play = Play::new("time_lock", &[("opens_us", Value::Int(100))]);
    assert!(play.allows("olga", "read") && !play.allows("dave", "read"));
    for now in [0, 100, 1_000] {
        play.now = now;
        for action in ["write", "edit", "delete", "transfer"] {
            assert!(!play.allows("olga", action) && !play.allows("carl", action));
        }
    }
    play.now = 99;
    assert!(!play.allows("dave", "read"));
    play.now = 100;
    assert!(play.allows("dave", "read") && play.allows("dave", "invoke"));
}

#[test]
fn the_first_reader_pays_for_all() {
    let mut play = Play::new("first_reader", &[]);
    assert_eq!(play.ask("olga", "read", "thing").cost, 0);
    assert_eq!(play.ask("dave", "read", "thing").cost, 20);
    assert_eq!(play.ask("bob", "read", "thing").cost, 20, "asking pays for nothing");
    play.does("dave", "read", "thing");
    assert_eq!((play.balance("dave"), play.balance("olga")), (80, 120));
    assert_eq!(play.ask("bob", "invoke", "thing").cost, 0);
    assert_eq!(play.ask("bob", "read", "other").cost, 20, "each artifact by itself");
    assert!(!play.allows("dave", "write") && play.allows("olga", "write"));
}

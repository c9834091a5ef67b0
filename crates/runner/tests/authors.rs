//! What authors of contracts and tools are told is so: the pages are compared with the world, and their examples run.

use std::collections::BTreeSet;

use ecology_contracts::LIBRARY;
use ecology_minds::{Decision, MindError, Then};
use ecology_runner::code::HOST_FUNCTIONS;
use ecology_sandbox::{Engine, Limits, LuauEngine};
use ecology_types::{
    Action, AllowedInvocation, Axis, CodeRules, Draft, EventKind, GenesisArtifact, Interface, Method, Scrip,
    Side, Span, Time, Value,
};

use crate::support::*;

const PAGE: &str = include_str!("../../contracts/README.md");

/// The rows of the table under a heading: what stands between the first two bars, and the rest.
fn table(heading: &str) -> Vec<(String, String)> {
    let (_, section) = PAGE.split_once(&format!("### {heading}\n")).expect("the page has the heading");
    let rows = section.lines().skip_while(|line| !line.starts_with("| ---")).skip(1);
    rows.take_while(|line| line.starts_with('|'))
        .map(|line| {
            let (first, rest) = line.trim_matches('|').split_once('|').unwrap();
            (first.trim().to_owned(), rest.trim().to_owned())
        })
        .collect()
}

/// The names in code quotes of the first column.
fn names(heading: &str) -> BTreeSet<String> {
    let quoted = |(first, _): (String, String)| {
        let parts: Vec<String> = first.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        parts
    };
    let word = |text: String| text.split([' ', '(']).next().unwrap_or_default().to_owned();
    table(heading).into_iter().flat_map(quoted).map(word).collect()
}

/// The example of a section.
fn example(heading: &str) -> &'static str {
    let (_, section) = PAGE.split_once(&format!("### {heading}\n")).expect("the page has the heading");
    let (_, code) = section.split_once("```luau\n").unwrap();
    code.split_once("```").unwrap().0
}

fn executable(name: &str, source: &str, methods: &[&str]) -> Action {
    let mut draft = Draft::new(id(name), source);
    let method = |name: &&str| Method {
        name: (*name).into(),
        description: "d".into(),
        input_schema: Value::Map(Vec::new()),
    };
    draft.can_execute = Some(true);
    draft.interface =
        Some(Interface { description: "d".into(), methods: methods.iter().map(method).collect() }.into());
    Action::Write(Box::new(draft))
}

fn slowly(action: Action) -> Result<Decision, MindError> {
    act(action).map(|decision| Decision { then: Then::Delay(Span::from_millis(990)), ..decision })
}

fn call(name: &str, method: &str, args: Value, allowance: u64) -> Action {
    Action::InvokeAllowing(Box::new(AllowedInvocation {
        artifact: id(name),
        method: method.into(),
        args,
        allowance: Scrip(allowance),
    }))
}

fn by_contracts() -> [Town; 2] {
    Town::both().map(|mut town| {
        town.axes = town.axes.with(Axis::ArtifactOntology, Side::New).with(Axis::AccessControl, Side::New);
        town
    })
}

/// The examples of the page, as it says they are written.
fn examples(town: Town) -> Ran {
    let admit = || call("club", "admit", Value::map([("who", "bob".into())]), 0);
    let split = |allowance| {
        let to = Value::List(vec!["bob".into(), "cid".into(), "ann".into()]);
        call("splitter", "split", Value::map([("to", to)]), allowance)
    };
    town.player("ann", move |thought, _| match thought {
        0 => slowly(executable("club", example("A contract"), &["check_permission", "admit"])),
        1 => {
            let mut draft = Draft::new(id("diary"), "dear diary");
            draft.access_contract = Some(id("club"));
            slowly(Action::Write(Box::new(draft)))
        }
        2 => slowly(admit()),
        3 => slowly(executable("splitter", example("A tool"), &["split"])),
        _ => slowly(Action::Noop),
    })
    .player("bob", move |thought, _| match thought {
        4..7 => slowly(Action::Read { artifact: id("diary") }),
        _ => slowly(Action::Noop),
    })
    .player("cid", move |thought, _| match thought {
        4 => slowly(Action::Read { artifact: id("diary") }),
        5 => slowly(admit()),
        _ => slowly(Action::Noop),
    })
    .player("dan", move |thought, _| match thought {
        5 => slowly(split(20)),
        6 => slowly(split(2)),
        _ => slowly(Action::Noop),
    })
    .run(10)
}

#[test]
fn tick_and_continuous_the_examples_of_the_page_run() {
    for town in by_contracts() {
        let ran = examples(town);
        let world = ran.world();
        let scrip = |who: &str| world.accounts().scrip(ran.key(who)).0;
        assert_eq!(["ann", "bob", "cid", "dan"].map(scrip), [100 + 6 + 6, 100 - 6 + 6, 100 + 6, 100 - 18]);
        let refused = |who| ran.count(who, EventKind::ActionRefused);
        assert_eq!(["ann", "bob", "cid", "dan"].map(refused), [0, 0, 2, 1]);
        let (_, club) = world.kept_state(ran.key("club"));
        assert_eq!(club.get("reads"), Some(&Value::Int(3)));
        assert_eq!(world.kept_state(ran.key("splitter")).1, &Value::Int(1));
        assert_eq!(ran.outcome.code.faults, 0);
        ran.nothing_is_open();
    }
}

#[test]
fn the_page_names_every_field_function_and_limit() {
    let [town, _] = by_contracts();
    let ran = examples(town);
    let world = ran.world();
    let question = |action| {
        let act = ecology_types::Act { agent: ran.key("bob"), action, thought: None, answers: Vec::new() };
        world.questions_of(&act, Time::NEVER).into_iter().next().expect("code is asked")
    };
    let mut fields: BTreeSet<String> = ["method", "args"].map(str::to_owned).into();
    let Value::Map(pairs) = world.request_of(&question(Action::Read { artifact: id("diary") })) else {
        panic!()
    };
    fields.extend(pairs.iter().map(|(name, _)| name.to_string()));
    let mut told = names("The request");
    assert_eq!(told, fields);

    assert_eq!(names("The table `world`"), HOST_FUNCTIONS.iter().map(|name| (*name).to_owned()).collect());
    // Which of them a check has is what a check says of each.
    let asked = question(Action::Read { artifact: id("diary") });
    for (row, rest) in table("The table `world`") {
        let name = row.trim_matches('`').split([' ', '(']).next().unwrap().to_owned();
        let args = match name.as_str() {
            "balance" | "artifact" | "read" => vec![Value::text("diary")],
            "events" => vec![Value::map([("kind", "action_done".into())])],
            _ => Vec::new(),
        };
        let said = world.tell(&asked, &mut ecology_types::Reads::default(), &name, &args, Time::ZERO);
        let has_it = !matches!(&said, Err(why) if why.contains("a check has no"));
        assert_eq!(has_it, rest.starts_with("yes"), "{name}: {said:?}");
    }

    for name in names("The answer") {
        let answer = Value::map([
            ("allow", Value::Bool(true)),
            (Box::leak(name.clone().into_boxed_str()), Value::List(vec![Value::Null])),
        ]);
        let judged = world.answer_of(&asked, ecology_types::Reads::default(), Ok(answer), 0);
        let denial = judged.verdict.err().map_or_else(String::new, |denial| denial.reason.to_string());
        assert!(!denial.contains("it may have"), "{name} is no key: {denial}");
    }
    let unknown = Value::map([("allow", Value::Bool(true)), ("surprise", Value::Int(1))]);
    let judged = world.answer_of(&asked, ecology_types::Reads::default(), Ok(unknown), 0);
    let reason = judged.verdict.unwrap_err().reason;
    told = names("The answer");
    let known = reason.split_once("it may have ").expect("it names the keys").1.replace(" and ", ", ");
    assert_eq!(told, known.split(", ").map(str::to_owned).collect());

    let rules = CodeRules::default();
    let limits = [
        rules.check_instructions_max,
        rules.run_instructions_max,
        rules.instructions_per_cpu_us,
        rules.run_depth_max.into(),
        rules.operations_max.into(),
        Limits::default().host_calls_max.into(),
        rules.state_bytes_max,
        rules.answer_age_max.0,
        rules.asks_max.into(),
    ];
    let written: Vec<u64> = table("Limits").into_iter().map(|(_, value)| value.parse().unwrap()).collect();
    assert_eq!(written, limits);
}

/// The chapters of the handbook name what the page names, and their examples are code.
#[test]
fn the_handbook_teaches_the_same() {
    let [town, _] = by_contracts();
    let texts = notes();
    let heard = std::sync::Arc::clone(&texts);
    let ran = town
        .player("reader", move |thought, view| {
            if let Some(Ok(result)) = view.last_outcome()
                && let Some(text) = result.get("text").and_then(Value::as_text)
            {
                note(&heard, text.to_owned());
            }
            let topic = if thought == 0 { "contracts" } else { "tools" };
            let args = Value::map([("topic", topic.into())]);
            if thought < 2 {
                slowly(Action::invoke(GenesisArtifact::Handbook.id(), "read", args))
            } else {
                slowly(Action::Noop)
            }
        })
        .run(5);
    assert_eq!(ran.count("reader", EventKind::ActionRefused), 0);
    let texts = noted(&texts);
    let all = texts.join(" ");
    let words: BTreeSet<&str> = all.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
    for heading in ["The request", "The answer", "The table `world`"] {
        for name in names(heading) {
            assert!(words.contains(name.as_str()), "the handbook does not say {name}");
        }
    }
    for (text, function) in texts.iter().zip(["check_permission", "run"]) {
        let (_, source) = text.split_once("Example: ").expect("each chapter has an example");
        let program = LuauEngine::new(HOST_FUNCTIONS).compile(source, &Limits::default()).unwrap();
        assert!(program.has(function), "{source}");
    }
}

/// What `ecology contracts NAME` prints says itself which methods and which functions it has.
#[test]
fn the_library_is_what_its_lists_say() {
    for template in LIBRARY {
        let program = LuauEngine::new(HOST_FUNCTIONS).compile(template.source, &Limits::default()).unwrap();
        assert!(program.has("check_permission"));
        assert_eq!(program.has("run"), !template.methods.is_empty(), "{}", template.name);
        for method in template.methods {
            assert!(template.source.contains(&format!("\"{method}\"")), "{} {method}", template.name);
        }
        let used = template.source.split("world.").skip(1);
        for function in
            used.map(|rest| rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap())
        {
            assert!(HOST_FUNCTIONS.contains(&function), "{} {function}", template.name);
        }
        let uses_own = template.source.contains("from = \"own\"");
        assert_eq!(uses_own, template.needs_standing, "{}", template.name);
        for parameter in template.parameters() {
            assert!(!parameter.meaning.is_empty() && !parameter.default.is_empty());
        }
    }
}

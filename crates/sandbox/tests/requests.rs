//! What code is handed is its own: nothing of it outlives the call, and nothing tells how it came about.

use std::sync::Arc;

use ecology_sandbox::{Called, Engine, Fault, Limits, LuauEngine, NoHost, Program};
use ecology_types::Value;

fn program(source: &str) -> Arc<dyn Program> {
    LuauEngine::new(&["read"]).compile(source, &Limits::default()).unwrap()
}

fn call(program: &dyn Program, request: &Value) -> Called {
    program.call("f", std::slice::from_ref(request), &Limits::default(), 0, &mut NoHost)
}

fn asked(caller: &str, version: i64) -> Value {
    Value::map([
        ("caller", Value::text(caller)),
        ("version", Value::Int(version)),
        ("has_standing", Value::Bool(version > 1)),
        ("recipient", if version == 2 { Value::text("carol") } else { Value::Null }),
    ])
}

#[test]
fn what_code_does_to_a_request_is_gone_with_the_call() {
    let program = program(
        "function f(request)
            local seen = { caller = request.caller, mark = request.mark or false, version = request.version or 0 }
            request.caller, request.mark, request.version = 'mallory', true, nil
            return seen
        end",
    );
    let first = call(&*program, &asked("bob", 1));
    assert_eq!(first.outcome.as_ref().unwrap().get("caller"), Some(&Value::text("bob")));
    for _ in 0..3 {
        let again = call(&*program, &asked("bob", 1));
        assert_eq!((&again.outcome, again.instructions), (&first.outcome, first.instructions));
    }
    let other = call(&*program, &asked("carol", 7)).outcome.unwrap();
    assert_eq!(
        (other.get("caller"), other.get("mark"), other.get("version")),
        (Some(&Value::text("carol")), Some(&Value::Bool(false)), Some(&Value::Int(7)))
    );
}

#[test]
fn what_was_asked_before_changes_neither_answers_nor_costs() {
    let program = program(
        "function f(request)
            local fields = {}
            for name, value in request do table.insert(fields, name .. '=' .. tostring(value)) end
            return fields
        end",
    );
    let nested = Value::map([("caller", Value::text("bob")), ("tags", Value::List(vec![Value::Int(1)]))]);
    let requests = [
        asked("bob", 1),
        asked("carol", 2),
        asked("bob", 2),
        nested,
        asked("dave", 3),
        Value::map([("caller", Value::text("bob")), ("action", Value::text("read"))]),
        Value::text("bob"),
        asked("bob", 1),
    ];
    for request in &requests {
        let here = call(&*program, request);
        // A thread of its own has a machine that was never asked anything.
        let alone = std::thread::scope(|scope| scope.spawn(|| call(&*program, request)).join().unwrap());
        assert_eq!((&here.outcome, here.instructions), (&alone.outcome, alone.instructions), "{request:?}");
    }
}

#[test]
fn a_call_costs_the_same_however_its_argument_is_handed_over() {
    let program = program("function f(request) return 0 end");
    let flat = call(&*program, &asked("bob", 1)).instructions;
    let nested = call(&*program, &Value::map([("caller", Value::List(Vec::new()))])).instructions;
    let plain = call(&*program, &Value::Int(1)).instructions;
    assert_eq!((flat, flat), (nested, plain));
}

#[test]
fn a_refused_request_leaves_the_next_one_whole() {
    let program = program("function f(request) return request end");
    assert_eq!(call(&*program, &asked("bob", 1)).outcome.unwrap().get("version"), Some(&Value::Int(1)));
    let refused = call(&*program, &asked("carol", 1 << 60));
    assert!(matches!(refused.outcome, Err(Fault::NotAValue { .. })), "{refused:?}");
    let next = call(&*program, &asked("dave", 3)).outcome.unwrap();
    assert_eq!((next.get("caller"), next.get("version")), (Some(&Value::text("dave")), Some(&Value::Int(3))));
}

#[test]
fn names_that_read_like_numbers_are_names_and_numbers_are_none() {
    let answer = |source: &str| call(&*program(source), &Value::Null).outcome;
    for name in ["1", "1.5", "inf", "nan", "-inf", "0x10", "_", "Ünicode", ""] {
        let answered = answer(&format!("function f() return {{ ['{name}'] = 1, other = 2 }} end"));
        assert_eq!(answered.unwrap().get(name), Some(&Value::Int(1)), "{name}");
    }
    for key in ["1.5", "-1", "1 / 0", "true", "null", "{}"] {
        let answered = answer(&format!("function f() return {{ [{key}] = 1, other = 2 }} end"));
        assert!(matches!(answered, Err(Fault::NotAValue { .. })), "{key}: {answered:?}");
    }
    let answered = answer("function f() return { ['\\xff'] = 1, other = 2 } end");
    assert!(matches!(answered, Err(Fault::NotAValue { .. })), "{answered:?}");
}

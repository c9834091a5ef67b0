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

#[test]
fn every_table_of_an_answer_is_read_once() {
    // With the inner table before and after a key that reads like a number: read twice on each of 31 levels, this would not end.
    for inner in ["a", "b", "inner", "z"] {
        let source = format!(
            "function f() local t = 1 for i = 1, 30 do t = {{ {inner} = t, ['1'] = 1, ['2'] = 2, ['3'] = 3 }} end return t end"
        );
        let answered = call(&*program(&source), &Value::Null).outcome.unwrap();
        assert_eq!(answered.depth(64), 31);
    }
}

/// Answers that resemble each other, by number.
const ANSWERS: &str = "function f(n)
    if n == 1 then return { a = 1, b = 'x' } end
    if n == 2 then return { a = 1, b = 'x', c = true } end
    if n == 3 then return { a = 1 } end
    if n == 4 then return { a = 1, b = 'y' } end
    if n == 5 then return setmetatable({ a = 1, b = 'x' }, { __iter = function() while true do end end }) end
    if n == 6 then return { a = 1, b = 'x', [1] = 2 } end
    if n == 7 then return {} end
    if n == 8 then return table.freeze({ a = 1, b = 'x' }) end
    if n == 9 then return { a = 1, b = { 'x' } } end
    if n == 10 then return { a = 0 / 0, b = 'x' } end
    if n == 11 then return 'x' end
    if n == 12 then return { a = -0, b = 'x' } end
    if n == 13 then return { a = true, b = 'x' } end
    if n == 14 then return { b = 'x', ['1'] = 1 } end
    if n == 15 then return setmetatable({ a = 1 }, { __index = { b = 'x' } }) end
    if n == 16 then return { a = 1, c = 'x' } end
    if n == 17 then error({ a = 1, b = 'x' }) end
    if n == 18 then return setmetatable({ a = 1, b = 'x' }, { __metatable = false, __eq = error }) end
end";

#[test]
fn what_was_answered_before_changes_neither_answers_nor_costs() {
    let program = program(ANSWERS);
    let answer = |n: i64, limits: &Limits| {
        let called = program.call("f", &[Value::Int(n)], limits, 0, &mut NoHost);
        (called.outcome, called.instructions)
    };
    let small = Limits { value_bytes_max: 20, ..Limits::default() };
    let flat = Limits { value_depth_max: 1, ..Limits::default() };
    let few = (0..12).map(|instructions_max| Limits { instructions_max, ..Limits::default() });
    let limits: Vec<Limits> = [Limits::default(), small, flat].into_iter().chain(few).collect();
    // A thread of its own has a machine that never answered anything.
    let alone: Vec<Vec<_>> = (1..20)
        .map(|n| {
            let ask = |limits| std::thread::scope(|scope| scope.spawn(|| answer(n, limits)).join().unwrap());
            limits.iter().map(ask).collect()
        })
        .collect();
    for n in 1..20 {
        for other in 1..20 {
            // Twice in succession is what makes an answer be kept.
            for _ in 0..3 {
                let _ = answer(n, &limits[0]);
            }
            for (at, limits) in limits.iter().enumerate() {
                let expected = &alone[usize::try_from(other).unwrap() - 1][at];
                assert_eq!(&answer(other, limits), expected, "{other} after {n} within {limits:?}");
            }
        }
    }
}

#[test]
fn a_name_that_comes_twice_is_what_comes_last() {
    let program = program("function f(request) return request.a end");
    let twice = |one: i64, two: i64| {
        let pair = |value| ("a".into(), Value::Int(value));
        call(&*program, &Value::Map(vec![pair(one), pair(two)])).outcome.unwrap()
    };
    assert_eq!([twice(1, 2), twice(3, 2), twice(2, 2), twice(1, 3)], [2, 2, 2, 3].map(Value::Int));
}

#[test]
fn a_refused_request_costs_the_same_however_it_would_have_been_handed_over() {
    let program = program("function f(request) return 0 end");
    let number = || Value::Int(1 << 60);
    let flat = Value::map([("n", number())]);
    let nested = Value::map([("n", Value::List(vec![number()]))]);
    for _ in 0..2 {
        for instructions_max in 0..3 {
            let limits = Limits { instructions_max, ..Limits::default() };
            let of = |request: &Value| {
                let called = program.call("f", std::slice::from_ref(request), &limits, 0, &mut NoHost);
                (called.outcome, called.instructions)
            };
            assert_eq!(of(&flat), of(&nested));
        }
        assert!(call(&*program, &Value::map([("n", Value::Int(1))])).outcome.is_ok());
    }
}

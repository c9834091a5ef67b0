//! What every engine that runs Luau must do, for use in tests: `conformance!(name, || engine)`. The engine's host function is `read`.

use crate::{Engine, Fault, Host, HostError, Limits, NoHost};
use ecology_types::Value;

/// Runs the suite on one engine.
///
/// # Panics
/// When the engine does not conform.
pub fn suite(engine: &dyn Engine) {
    let limits = Limits::default();
    let call = |source: &str, args: &[Value]| match engine.compile(source, &limits) {
        Ok(program) => program.call("main", args, &limits, 7, &mut NoHost),
        Err(fault) => crate::Called::not_run(fault),
    };
    values(&call);
    calls_leave_no_trace(engine);
    hosts_answer_refuse_and_end(engine);
    let counted = call("function main() local s = 0 for i = 1, 100 do s += i end return s end", &[]);
    assert_eq!(
        (counted.outcome, counted.instructions),
        (Ok(Value::Int(5050)), 107),
        "instructions are part of the contract"
    );
    let random = || call("function main() return math.random(1, 1000000) end", &[]).outcome;
    assert_eq!(random(), random(), "randomness comes from the seed");
    let unknown = engine
        .compile("function other() end", &limits)
        .map(|program| program.call("main", &[], &limits, 0, &mut NoHost));
    assert!(matches!(unknown, Ok(called) if matches!(called.outcome, Err(Fault::UnknownFunction { .. }))));
    assert!(matches!(engine.compile("\nfunction (", &limits).err(), Some(Fault::Compile { line: 2, .. })));
}

fn values(call: &dyn Fn(&str, &[Value]) -> crate::Called) {
    let value = Value::map([
        ("a", Value::List(vec![Value::Int(1), Value::Null, Value::text("x")])),
        ("b", Value::Bool(false)),
        ("c", Value::Int(-(1 << 53) + 1)),
    ]);
    assert_eq!(call("function main(v) return v end", std::slice::from_ref(&value)).outcome, Ok(value));
    for (source, args) in [
        ("function main() return 1.5 end", vec![]),
        ("function main() return 0/0 end", vec![]),
        ("function main() return 1e300 end", vec![]),
        ("function main() return {1, 2, a = 3} end", vec![]),
        ("function main() return {[1.5] = 1} end", vec![]),
        ("function main() return '\\255' end", vec![]),
        ("function main() return print or function() end end", vec![]),
        ("function main(n) return n end", vec![Value::Int(1 << 53)]),
    ] {
        let outcome = call(source, &args).outcome;
        assert!(matches!(outcome, Err(Fault::NotAValue { .. })), "{source}: {outcome:?}");
    }
    let cycle = call("function main() local t = {} t.t = t return t end", &[]).outcome;
    assert!(matches!(cycle, Err(Fault::ValueTooLarge { .. })), "{cycle:?}");
}

fn calls_leave_no_trace(engine: &dyn Engine) {
    let limits = Limits::default();
    let source =
        "local hidden = 0 shared = 0 function main() hidden += 1 shared += 1 return hidden + shared end";
    let program = engine.compile(source, &limits);
    for _ in 0..3 {
        let outcome =
            program.as_ref().map(|program| program.call("main", &[], &limits, 0, &mut NoHost).outcome);
        assert_eq!(outcome, Ok(Ok(Value::Int(2))));
    }
    let other = engine.compile("function main() return shared end", &limits);
    assert_eq!(
        other.map(|other| other.call("main", &[], &limits, 0, &mut NoHost).outcome),
        Ok(Ok(Value::Null))
    );
}

fn hosts_answer_refuse_and_end(engine: &dyn Engine) {
    struct Answers;
    impl Host for Answers {
        fn call(&mut self, _: &str, args: &[Value]) -> Result<Value, HostError> {
            match args {
                [Value::Int(0)] => Err(HostError::Refused("not for you".to_owned())),
                [Value::Int(1)] => Err(HostError::Abort("over".to_owned())),
                _ => Ok(Value::List(args.to_vec())),
            }
        }
    }
    let limits = Limits::default();
    let source =
        "function main(x) local ok, answer = pcall(world.read, x) return {ok = ok, answer = answer} end";
    let Ok(program) = engine.compile(source, &limits) else { panic!("does not compile") };
    let call = |x: i64| program.call("main", &[Value::Int(x)], &limits, 0, &mut Answers).outcome;
    let answer = |ok, answer| Ok(Value::map([("answer", answer), ("ok", Value::Bool(ok))]));
    assert_eq!(call(0), answer(false, Value::text("not for you")));
    assert_eq!(call(1), Err(Fault::Aborted { reason: "over".to_owned() }));
    assert_eq!(call(2), answer(true, Value::List(vec![Value::Int(2)])));
}

/// Makes a test of the suite for an engine.
#[macro_export]
macro_rules! conformance {
    ($name:ident, $engine:expr) => {
        #[test]
        fn $name() {
            $crate::conformance::suite(&$engine());
        }
    };
}

//! WebAssembly: what every engine must do, and code that wants to hang, crash or rob, in process and in a worker.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use data_encoding::BASE64;
use ecology_sandbox::{
    Called, Engine, Fault, Host, HostError, Language, Limits, NoHost, WasmEngine, WorkerEngine, WorkerOptions,
};
use ecology_types::Value;

/// What every module here has, besides `main`.
const COMMON: &str = r#"
    (import "world" "read" (func $read (param i32 i32) (result i64)))
    (import "sandbox" "random" (func $random (result i64)))
    (memory (export "memory") 2)
    (global $top (mut i32) (i32.const 65536))
    (global $count (mut i32) (i32.const 0))
    (func (export "alloc") (param i32) (result i32)
        global.get $top
        (global.set $top (i32.add (global.get $top) (local.get 0))))
    (func $pack (param i32 i32) (result i64)
        (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1))))
"#;

/// The first argument as it came: the list without its brackets.
const ECHO: &str = "(call $pack (i32.add (local.get 0) (i32.const 1)) (i32.sub (local.get 1) (i32.const 2)))";

fn binary(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).unwrap_or_else(|error| panic!("{wat}: {error}"))
}

fn module(common: &str, rest: &str) -> String {
    BASE64.encode(&binary(&format!("(module {common} {rest})")))
}

fn main_of(body: &str) -> String {
    module(COMMON, &format!("(func $main (export \"main\") (param i32 i32) (result i64) {body})"))
}

/// A module that returns this text.
fn says(text: &[u8]) -> String {
    let escaped: String = text.iter().map(|byte| format!("\\{byte:02x}")).collect();
    module(
        COMMON,
        &format!(
            "(data (i32.const 16) \"{escaped}\") (func (export \"main\") (param i32 i32) (result i64) (call $pack (i32.const 16) (i32.const {})))",
            text.len()
        ),
    )
}

fn in_worker() -> WorkerEngine {
    let path = env!("CARGO_BIN_EXE_ecology-sandbox-worker");
    let mut options = WorkerOptions::new(path, Vec::<String>::new(), &["read"]);
    options.language = Language::Wasm;
    options.workers = 1;
    WorkerEngine::start(options).unwrap()
}

fn call(engine: &dyn Engine, source: &str, args: &[Value], limits: &Limits) -> Called {
    match engine.compile(source, limits) {
        Ok(program) => program.call("main", args, limits, 7, &mut NoHost),
        Err(fault) => Called::not_run(fault),
    }
}

/// What a conforming engine does, as far as it does not depend on the language.
fn conforms(engine: &dyn Engine) {
    let limits = Limits::default();
    let value = Value::map([
        ("a", Value::List(vec![Value::Int(1), Value::Null, Value::text("x")])),
        ("b", Value::Bool(false)),
        ("c", Value::Int(-(1 << 53) + 1)),
    ]);
    let echoed = call(engine, &main_of(ECHO), std::slice::from_ref(&value), &limits);
    assert_eq!(echoed.outcome, Ok(value.clone()));
    let again = call(engine, &main_of(ECHO), &[value], &limits);
    assert_eq!((echoed.instructions, echoed.memory_peak_bytes), (again.instructions, 2 << 16));
    assert!(echoed.instructions > 10 && echoed.instructions < 100, "{}", echoed.instructions);
    assert!(matches!(
        call(engine, &main_of(ECHO), &[Value::Int(1 << 53)], &limits).outcome,
        Err(Fault::NotAValue { .. })
    ));
    for text in ["1.5", "nul", "9007199254740992", "{\"a\":1,\"a\":1}", "\"\u{1}\""] {
        let outcome = call(engine, &says(text.as_bytes()), &[], &limits).outcome;
        assert!(matches!(outcome, Err(Fault::NotAValue { .. })), "{text}: {outcome:?}");
    }
    assert!(matches!(call(engine, &says(b"\"\xff\""), &[], &limits).outcome, Err(Fault::NotAValue { .. })));
    // Every call starts afresh.
    let counter = module(
        COMMON,
        r#"(func (export "main") (param i32 i32) (result i64)
            (global.set $count (i32.add (global.get $count) (i32.const 1)))
            (i32.store8 (i32.const 8) (i32.add (i32.load8_u (i32.const 8)) (i32.const 1)))
            (i32.store8 (i32.const 9) (i32.add (i32.const 47) (i32.add (global.get $count) (i32.load8_u (i32.const 8)))))
            (call $pack (i32.const 9) (i32.const 1)))"#,
    );
    let counter = engine.compile(&counter, &limits).unwrap();
    for _ in 0..3 {
        assert_eq!(counter.call("main", &[], &limits, 0, &mut NoHost).outcome, Ok(Value::Int(1)));
    }
    assert!(counter.has("main") && !counter.has("alloc") && !counter.has("other"));
    assert!(matches!(
        counter.call("other", &[], &limits, 0, &mut NoHost).outcome,
        Err(Fault::UnknownFunction { .. })
    ));
    // Randomness comes from the seed.
    let digit = main_of(
        "(i32.store8 (i32.const 0) (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (call $random) (i64.const 10))))) (call $pack (i32.const 0) (i32.const 1))",
    );
    let digit = engine.compile(&digit, &limits).unwrap();
    let digits = |seed| digit.call("main", &[], &limits, seed, &mut NoHost).outcome;
    assert_eq!(digits(1), digits(1));
    assert!((0..50).map(digits).any(|one| one != digits(1)));
    hosts_answer(engine);
}

fn hosts_answer(engine: &dyn Engine) {
    struct Answers;
    impl Host for Answers {
        fn call(&mut self, function: &str, args: &[Value]) -> Result<Value, HostError> {
            assert_eq!(function, "read");
            match args {
                [Value::Int(0)] => Err(HostError::Refused("not for you".to_owned())),
                [Value::Int(1)] => Err(HostError::Abort("over".to_owned())),
                _ => Ok(Value::List(args.to_vec())),
            }
        }
    }
    let limits = Limits::default();
    let ask = engine.compile(&main_of("(call $read (local.get 0) (local.get 1))"), &limits).unwrap();
    let ask = |x: i64| ask.call("main", &[Value::Int(x)], &limits, 0, &mut Answers).outcome;
    assert_eq!(ask(0), Ok(Value::map([("error", Value::text("not for you"))])));
    assert_eq!(ask(1), Err(Fault::Aborted { reason: "over".to_owned() }));
    assert_eq!(ask(2), Ok(Value::map([("ok", Value::List(vec![Value::Int(2)]))])));
}

#[test]
fn in_process() {
    conforms(&WasmEngine::new(&["read"]).unwrap());
}

#[test]
fn in_a_worker() {
    let worker = in_worker();
    conforms(&worker);
    assert_eq!((worker.name(), worker.workers_lost()), ("wasm", 0));
    let isolation = worker.isolation();
    assert!(isolation.has("seccomp"), "{isolation}");
    assert!(isolation.missing().any(|layer| layer.name == "no_new_code"), "what is missing is named");
}

/// Its name, the source, and which outcomes are right.
type Attack = (&'static str, String, fn(&Fault) -> bool);

fn attacks() -> Vec<Attack> {
    let error: fn(&Fault) -> bool = |fault| matches!(fault, Fault::Error { .. });
    let compile: fn(&Fault) -> bool = |fault| matches!(fault, Fault::Compile { .. });
    let instructions: fn(&Fault) -> bool = |fault| *fault == Fault::OutOfInstructions;
    let memory: fn(&Fault) -> bool = |fault| *fault == Fault::OutOfMemory;
    let large: fn(&Fault) -> bool = |fault| matches!(fault, Fault::ValueTooLarge { .. });
    let forged =
        |at: &str, length: &str| main_of(&format!("(call $pack (i32.const {at}) (i32.const {length}))"));
    let asks =
        |at: &str, length: &str| main_of(&format!("(call $read (i32.const {at}) (i32.const {length}))"));
    let alloc = |body: &str| {
        module(
            &COMMON.replace("(func (export \"alloc\")", "(func $old"),
            &format!(
                "(func $new (export \"alloc\") (param i32) (result i32) {body}) (func (export \"main\") (param i32 i32) (result i64) (call $read (local.get 0) (local.get 1)))"
            ),
        )
    };
    let with = |rest: &str| {
        module(COMMON, &format!("{rest} (func (export \"main\") (param i32 i32) (result i64) i64.const 0)"))
    };
    let plain = binary("(module)");
    let mut component = plain.clone();
    component[6] = 1;
    let precompiled = precompiled();
    vec![
        ("an endless loop", main_of("(loop $again (br $again)) unreachable"), instructions),
        ("an endless start", with("(func $go (loop $again (br $again))) (start $go)"), instructions),
        ("an endless alloc", alloc("(loop $again (br $again)) unreachable"), instructions),
        (
            "memory without end",
            main_of("(loop $again (drop (memory.grow (i32.const 1))) (br $again)) unreachable"),
            memory,
        ),
        ("all memory at once", main_of("(drop (memory.grow (i32.const 60000))) (i64.const 0)"), memory),
        (
            "much memory from the start",
            module(
                &COMMON.replace("\"memory\") 2", "\"memory\") 1000"),
                "(func (export \"main\") (param i32 i32) (result i64) i64.const 0)",
            ),
            memory,
        ),
        ("a large table", with("(table 1000000 funcref)"), memory),
        ("recursion without end", main_of("(call $main (local.get 0) (local.get 1))"), |fault| {
            matches!(fault, Fault::TooDeep | Fault::OutOfInstructions)
        }),
        ("a result beyond memory", forged("-1", "100"), error),
        ("a result across the end of memory", forged("131000", "1000"), error),
        ("a huge result", forged("0", "-1"), large),
        ("a negative place and length", forged("-5", "-5"), large),
        ("no result", forged("0", "0"), |fault| matches!(fault, Fault::NotAValue { .. })),
        ("a question beyond memory", asks("-1", "100"), error),
        ("a huge question", asks("0", "-1"), large),
        ("an alloc beyond memory", alloc("i32.const -1"), error),
        ("an alloc across the end of memory", alloc("i32.const 131071"), error),
        ("an alloc that asks", alloc("(drop (call $read (i32.const 0) (i32.const 0))) (i32.const 0)"), error),
        (
            "a start that asks",
            with("(func $go (drop (call $read (i32.const 0) (i32.const 0)))) (start $go)"),
            error,
        ),
        (
            "questions without end",
            main_of("(loop $again (drop (call $read (local.get 0) (local.get 1))) (br $again)) unreachable"),
            |fault| matches!(fault, Fault::TooManyHostCalls | Fault::OutOfInstructions | Fault::Error { .. }),
        ),
        ("a load beyond memory", main_of("(i64.load (i32.const -8))"), error),
        ("a division by zero", main_of("(i64.div_u (i64.const 1) (i64.const 0))"), error),
        ("giving up", main_of("unreachable"), error),
        ("nesting without end", says("[".repeat(9000).as_bytes()), large),
        ("many small things", says(format!("[{}0]", "0,".repeat(9000)).as_bytes()), large),
        ("no base64", "(module)".to_owned(), compile),
        ("text format", BASE64.encode(b"(module)"), compile),
        ("nothing", String::new(), compile),
        ("half a module", BASE64.encode(&binary(&format!("(module {COMMON})"))[..60]), compile),
        ("noise after the header", BASE64.encode(&[&plain[..], &[0xff; 300]].concat()), compile),
        ("a component", BASE64.encode(&component), compile),
        ("a precompiled module", BASE64.encode(&precompiled), compile),
        (
            "a module beyond the cap",
            with(&format!("(data (i32.const 0) \"{}\")", "x".repeat(60_000))),
            compile,
        ),
        ("no memory", module("", "(func (export \"alloc\") (param i32) (result i32) i32.const 0)"), compile),
        ("no alloc", module("(memory (export \"memory\") 1)", ""), compile),
        ("a memory that is a function", module("", "(func (export \"memory\"))"), compile),
        (
            "an unknown import",
            module(
                "(import \"world\" \"steal\" (func (param i32 i32) (result i64)))",
                COMMON.split("(memory").nth(1).map(|rest| format!("(memory{rest}")).unwrap().as_str(),
            ),
            compile,
        ),
        (
            "a system interface",
            module(
                "(import \"wasi_snapshot_preview1\" \"fd_write\" (func (param i32 i32 i32 i32) (result i32)))",
                "",
            ),
            compile,
        ),
        ("an import of another type", module("(import \"world\" \"read\" (func (param i64)))", ""), compile),
        ("an imported memory", module("(import \"world\" \"read\" (memory 1))", ""), compile),
        (
            "blocks moved in one step",
            main_of("(memory.fill (i32.const 0) (i32.const 0) (i32.const 65536)) (i64.const 0)"),
            compile,
        ),
        ("vectors", main_of("(drop (v128.const i64x2 0 0)) (i64.const 0)"), compile),
        (
            "a table that grows",
            with("(table $t 1 funcref) (func (drop (table.grow $t (ref.null func) (i32.const 9))))"),
            compile,
        ),
        ("two memories", with("(memory 1)"), compile),
        ("wide memory", with("(memory i64 1)"), compile),
    ]
}

/// What wasmtime itself would load without compiling: a module that its own compiler made.
fn precompiled() -> Vec<u8> {
    let engine = wasmtime::Engine::default();
    let precompiled = engine.precompile_module(&binary("(module)")).unwrap();
    assert!(wasmtime::Engine::detect_precompiled(&precompiled).is_some());
    precompiled
}

fn attack(engine: Arc<dyn Engine>) -> Vec<(&'static str, Called)> {
    let (progress, watched) = channel();
    let attacker = std::thread::spawn(move || {
        let limits = Limits { instructions_max: 100_000, ..Limits::default() };
        let honest = engine.compile(&main_of(ECHO), &limits).unwrap();
        let honest = || honest.call("main", &[Value::Int(3)], &limits, 0, &mut NoHost);
        let before = honest();
        assert_eq!(before.outcome, Ok(Value::Int(3)));
        let mut results = Vec::new();
        for (name, source, must) in attacks() {
            progress.send(name).unwrap();
            let called = call(&*engine, &source, &[], &limits);
            assert!(called.outcome.as_ref().is_err_and(must), "{name}: {called:?}");
            assert!(
                called.instructions <= limits.instructions_max
                    && called.memory_peak_bytes <= limits.memory_bytes_max,
                "{name}"
            );
            assert_eq!(call(&*engine, &source, &[], &limits), called, "{name}");
            assert_eq!(honest(), before, "after {name}");
            results.push((name, called));
        }
        results
    });
    let mut last = "";
    loop {
        match watched.recv_timeout(Duration::from_secs(20)) {
            Ok(name) => last = name,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => panic!("nothing ends this: {last}"),
        }
    }
    attacker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[test]
fn attacks_end_alike_in_process_and_in_a_worker() {
    let worker = Arc::new(in_worker());
    let in_worker = Arc::clone(&worker);
    assert_eq!(attack(Arc::new(WasmEngine::new(&["read"]).unwrap())), attack(in_worker));
    assert_eq!(worker.workers_lost(), 0, "no attack even ends a worker");
}

#[test]
fn what_is_not_counted_exactly_costs_everything() {
    let engine = WasmEngine::new(&["read"]).unwrap();
    let limits = Limits { instructions_max: 1_000_000, ..Limits::default() };
    let count = "(local $i i32) (loop $again (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $again (i32.lt_u (local.get $i) (i32.const 10000))))";
    let trap = call(&engine, &main_of(&format!("{count} (i64.load (i32.const -8))")), &[], &limits);
    assert_eq!(trap.instructions, limits.instructions_max);
    let gives_up = call(&engine, &main_of(&format!("{count} unreachable")), &[], &limits);
    assert!((60_000..100_000).contains(&gives_up.instructions), "{}", gives_up.instructions);
}

#[test]
fn compiling_can_be_killed() {
    // Many functions of many blocks: the compiler works on it for longer than allowed.
    let function = format!(
        "(func (param i32) (result i32) {} i32.const 1 {})",
        "(block (result i32) ".repeat(200),
        "local.get 0 i32.add)".repeat(200)
    );
    let source = module(COMMON, &function.repeat(1500));
    let limits = Limits { source_bytes_max: 8 << 20, wall_ms_max: 1, ..Limits::default() };
    let worker = in_worker();
    let started = std::time::Instant::now();
    let outcome = worker.compile(&source, &limits).map(|_| ());
    assert!(started.elapsed() < Duration::from_secs(10));
    assert!(matches!(outcome, Err(Fault::WorkerTimedOut)) || outcome.is_ok(), "{outcome:?}");
    assert_eq!(
        call(&worker, &main_of(ECHO), &[Value::Int(1)], &Limits::default()).outcome,
        Ok(Value::Int(1))
    );
}

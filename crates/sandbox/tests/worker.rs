//! Worker processes: walls, crashes, hangs, nesting.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ecology_sandbox::{Engine, Fault, Host, HostError, Limits, NoHost, Program, WorkerEngine, WorkerOptions};
use ecology_types::Value;

pub(crate) fn engine(workers: usize) -> WorkerEngine {
    engine_with(workers, &["read", "invoke"])
}

pub(crate) fn engine_with(workers: usize, functions: &[&'static str]) -> WorkerEngine {
    let mut options =
        WorkerOptions::new(env!("CARGO_BIN_EXE_ecology-sandbox-worker"), Vec::<String>::new(), functions);
    options.workers = workers;
    WorkerEngine::start(options).unwrap()
}

#[test]
fn the_walls_stand_or_are_named() {
    let isolation = engine(1).isolation();
    println!("{isolation}");
    for name in [
        "environment",
        "descriptors",
        "no_new_privileges",
        "rlimit_as",
        "rlimit_nofile",
        "rlimit_fsize",
        "rlimit_core",
        "seccomp",
    ] {
        assert!(isolation.has(name), "{isolation}");
    }
    assert!(
        isolation.has("landlock") || isolation.missing().any(|layer| layer.name == "landlock"),
        "{isolation}"
    );
}

#[test]
fn calls_and_questions_cross_the_border() {
    struct Reader(Vec<Value>);
    impl Host for Reader {
        fn call(&mut self, function: &str, args: &[Value]) -> Result<Value, HostError> {
            assert_eq!(function, "read");
            self.0.extend(args.iter().cloned());
            match args[0].as_text() {
                Some("secret") => Err(HostError::Refused("you may not".to_owned())),
                Some("end") => Err(HostError::Abort("stop here".to_owned())),
                _ => Ok(Value::map([("content", Value::Int(7))])),
            }
        }
    }
    let engine = engine(1);
    let source = "function main(id) local ok, it = pcall(world.read, id) return {ok = ok, it = if ok then it.content else it} end";
    let program = engine.compile(source, &Limits::default()).unwrap();
    assert!(program.has("main") && !program.has("other"));
    let mut host = Reader(Vec::new());
    let mut call =
        |id: &str| program.call("main", &[Value::text(id)], &Limits::default(), 0, &mut host).outcome;
    assert_eq!(call("a").unwrap().get("it"), Some(&Value::Int(7)));
    assert_eq!(call("secret").unwrap().get("it"), Some(&Value::text("you may not")));
    assert_eq!(call("end"), Err(Fault::Aborted { reason: "stop here".to_owned() }));
    assert_eq!(host.0.len(), 3);
}

/// A host whose answers come from further calls, down to a depth.
struct Nest<'a> {
    program: &'a Arc<dyn Program>,
    left: i64,
}

impl Host for Nest<'_> {
    fn call(&mut self, _: &str, _: &[Value]) -> Result<Value, HostError> {
        let mut inner = Nest { program: self.program, left: self.left - 1 };
        let args = [Value::Int(self.left - 1)];
        let called = self.program.call("main", &args, &Limits::default(), 0, &mut inner);
        called.outcome.map_err(|fault| HostError::Refused(fault.to_string()))
    }
}

#[test]
fn hosts_make_calls_themselves_from_many_threads() {
    let engine = engine(2);
    let source = "function main(left) if left == 0 then return 0 end return 1 + world.invoke() end";
    let program = engine.compile(source, &Limits::default()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let mut host = Nest { program: &program, left: 6 };
                    let called = program.call("main", &[Value::Int(6)], &Limits::default(), 0, &mut host);
                    assert_eq!(called.outcome, Ok(Value::Int(6)));
                }
            });
        }
    });
    assert_eq!(engine.workers_lost(), 0);
}

#[test]
fn a_killed_worker_is_not_noticed() {
    let engine = engine(1);
    let program = engine
        .compile("function main(n) local s = 0 for i = 1, n do s += i end return s end", &Limits::default())
        .unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let called =
                        program.call("main", &[Value::Int(20_000)], &Limits::default(), 0, &mut NoHost);
                    assert_eq!(called.outcome, Ok(Value::Int(200_010_000)));
                }
            });
        }
        for _ in 0..3 {
            std::thread::sleep(Duration::from_millis(20));
            for pid in engine.process_ids() {
                let pid = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
    });
    assert!(engine.workers_lost() >= 1);
}

#[test]
fn a_worker_that_stops_answering_is_killed_and_only_the_culprit_pays() {
    let engine = engine(1);
    let program = engine.compile("function main() return 1 end", &Limits::default()).unwrap();
    for pid in engine.process_ids() {
        let pid = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
    }
    let limits = Limits { wall_ms_max: 50, ..Limits::default() };
    let started = Instant::now();
    assert_eq!(program.call("main", &[], &limits, 0, &mut NoHost).outcome, Ok(Value::Int(1)));
    assert!(started.elapsed() < Duration::from_secs(3));
    assert_eq!(program.call("main", &[], &limits, 0, &mut NoHost).outcome, Ok(Value::Int(1)));
    assert_eq!(engine.workers_lost(), 1);
}

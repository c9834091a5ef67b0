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

/// What the worker says of itself is one thing, what the kernel says of it another.
#[cfg(target_os = "linux")]
#[test]
fn the_kernel_confirms_the_walls() {
    let engine = engine(1);
    for pid in engine.process_ids() {
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
        let statuses: Vec<_> =
            tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("status")).unwrap()).collect();
        assert!(!statuses.is_empty());
        for status in statuses {
            assert!(status.contains("\nSeccomp:\t2\n"), "{status}");
            assert!(
                status.contains("\nSeccomp_filters:\t2\n") || !status.contains("Seccomp_filters"),
                "{status}"
            );
        }
        let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        for name in ["Max file size", "Max open files", "Max core file size"] {
            let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
            assert_eq!(line[name.len()..].split_whitespace().next(), Some("0"), "{line}");
        }
    }
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
        let process = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
        rustix::process::kill_process(process, rustix::process::Signal::STOP).unwrap();
        // It stands still a moment later only.
        let is_still = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap().contains(") T ");
        while !is_still() {
            std::thread::yield_now();
        }
    }
    let limits = Limits { wall_ms_max: 500, ..Limits::default() };
    let started = Instant::now();
    assert_eq!(program.call("main", &[], &limits, 0, &mut NoHost).outcome, Ok(Value::Int(1)));
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(program.call("main", &[], &limits, 0, &mut NoHost).outcome, Ok(Value::Int(1)));
    assert_eq!(engine.workers_lost(), 1);
}

#[test]
fn nested_calls_do_not_wait_for_each_other() {
    const DEPTH: i64 = 8;
    let engine = engine(1);
    let source = "function main(left) if left == 0 then return 0 end return 1 + world.invoke() end";
    let program = engine.compile(source, &Limits::default()).unwrap();
    let started = Instant::now();
    let limits = Limits { wall_ms_max: 20_000, ..Limits::default() };
    // Together far more calls than one worker lets wait inside itself.
    std::thread::scope(|scope| {
        for _ in 0..40 {
            scope.spawn(|| {
                for _ in 0..5 {
                    let mut host = Nest { program: &program, left: DEPTH };
                    let called = program.call("main", &[Value::Int(DEPTH)], &limits, 0, &mut host);
                    assert_eq!(called.outcome, Ok(Value::Int(DEPTH)));
                }
            });
        }
    });
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    assert_eq!(engine.workers_lost(), 0);
}

/// Hosts that all wait until every one of them is asked, and then make a call: the most that can wait inside one worker at once.
struct Together<'a> {
    program: &'a Arc<dyn Program>,
    barriers: &'a [std::sync::Barrier],
}

impl Host for Together<'_> {
    fn call(&mut self, _: &str, _: &[Value]) -> Result<Value, HostError> {
        let Some((barrier, barriers)) = self.barriers.split_first() else { return Ok(Value::Int(0)) };
        barrier.wait();
        let mut inner = Together { program: self.program, barriers };
        let called = self.program.call("main", &[], &patient(), 0, &mut inner);
        called.outcome.map_err(|fault| HostError::Refused(fault.to_string()))
    }
}

fn patient() -> Limits {
    Limits { wall_ms_max: 10_000, ..Limits::default() }
}

#[test]
fn a_worker_full_of_waiting_calls_is_no_deadlock() {
    const CALLERS: usize = 40;
    const DEPTH: usize = 8;
    let engine = engine(1);
    let program =
        engine.compile("function main() return 1 + world.invoke() end", &Limits::default()).unwrap();
    let barriers: Vec<_> = (0..DEPTH).map(|_| std::sync::Barrier::new(CALLERS)).collect();
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                let mut host = Together { program: &program, barriers: &barriers };
                let outcome = program.call("main", &[], &patient(), 0, &mut host).outcome;
                assert_eq!(outcome, Ok(Value::Int(i64::try_from(DEPTH).unwrap() + 1)));
            });
        }
    });
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    assert_eq!(engine.workers_lost(), 0);
}

//! The binary as its own worker: what it is built with, allocator and all, works behind the walls.

use ecology_sandbox::{Engine, Fault, Limits, NoHost, WORKER_SUBCOMMAND, WorkerEngine, WorkerOptions};
use ecology_tests::binary;
use ecology_types::Value;

#[test]
fn the_binary_is_its_own_sandbox_worker() {
    let engine = WorkerEngine::start(WorkerOptions::new(binary(), [WORKER_SUBCOMMAND], &["read"])).unwrap();
    let isolation = engine.isolation();
    for wall in ["environment", "descriptors", "no_new_privileges", "rlimit_nofile", "seccomp"] {
        assert!(isolation.has(wall), "{isolation}");
    }
    let limits = Limits::default();
    let outcome = |source: &str| {
        let program = engine.compile(source, &limits)?;
        program.call("main", &[], &limits, 0, &mut NoHost).outcome
    };
    for _ in 0..20 {
        assert_eq!(outcome("function main() return 6 * 7 end"), Ok(Value::Int(42)));
        let hoards = "function main() local t = {} while true do t = {t, string.rep('x', 5000)} end end";
        assert_eq!(outcome(hoards), Err(Fault::OutOfMemory));
        assert_eq!(outcome("function main() while true do end end"), Err(Fault::OutOfInstructions));
    }
    assert_eq!(engine.workers_lost(), 0, "nothing that the allocator asks of the kernel ends a worker");
}

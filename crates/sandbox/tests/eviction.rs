//! Programs beyond what a machine keeps loaded: they are forgotten and loaded again, and nobody can tell.

use ecology_sandbox::{Called, Engine, Limits, LuauEngine, NoHost};
use ecology_types::Value;

#[test]
fn programs_used_long_ago_are_evicted_unnoticed() {
    // More than one machine, or one worker, keeps.
    const PROGRAMS: i64 = 3000;
    let limits = Limits::default();
    for engine in [&LuauEngine::new(&["read"]) as &dyn Engine, &crate::worker::engine_with(1, &["read"])] {
        let source = |at: i64| format!("local n = {at} function main() n += 1 return n end");
        let programs: Vec<_> =
            (0..PROGRAMS).map(|at| engine.compile(&source(at), &limits).unwrap()).collect();
        let mut first: Option<Called> = None;
        for _ in 0..2 {
            for (at, program) in (1..).zip(&programs) {
                let called = program.call("main", &[], &limits, 0, &mut NoHost);
                assert_eq!(called.outcome, Ok(Value::Int(at)));
                let first = first.get_or_insert_with(|| called.clone());
                assert_eq!(
                    called.instructions, first.instructions,
                    "loading a program anew costs it nothing"
                );
            }
        }
    }
}

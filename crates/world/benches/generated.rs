//! Ten thousand small worlds go to the other halves and come back as the bytes they were. Not a bench of speed: a proof that takes an
//! optimised build to be done in seconds. The worlds are those of the tests, which play some hundreds of them.
//!
//! Lines: `RATIO generated/worlds same/asked <value> >=1.0`. Exit code 1 when a world does not come back.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::unwrap_used, reason = "shared with the tests, which fail by panicking")]
#![expect(clippy::cast_precision_loss, reason = "figures of a report")]

#[path = "../tests/generated.rs"]
#[expect(dead_code, reason = "the tests use another part of it")]
mod generated;
#[path = "../tests/support.rs"]
#[expect(dead_code, reason = "the tests use another part of it")]
mod support;

const WORLDS: u64 = 10_000;

fn main() -> Result<(), String> {
    let mut args = std::env::args().skip_while(|arg| arg != "--only").skip(1);
    if args.next().is_some_and(|only| !"worlds".contains(only.as_str())) {
        return Ok(());
    }
    let found = generated::play_all(WORLDS).and_then(|seen| seen.judge().map(|()| seen));
    let same = found.as_ref().map_or(0, |seen| seen.worlds);
    println!("RATIO generated/worlds {same}/{WORLDS} {:.3} >=1.0", same as f64 / WORLDS as f64);
    found.map(|_| ())
}

//! What one permission check by untrusted code costs, against the least that any check costs: a boxed closure that compares two texts.
//!
//! Cases take turns within one run, and each figure is the median of its rounds, so that noise of the machine hits all of them alike. What runs in
//! this thread is measured in its CPU time, what crosses to a worker in time that passes. Lines: `TIME name nanoseconds` and
//! `RATIO name what value target`; where a target is absolute, the value is in the unit that `what` names.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::unwrap_used, reason = "a benchmark ends when its own set-up is impossible")]

#[cfg(feature = "peers")]
#[path = "sandbox_peers/mod.rs"]
mod peers;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use ecology_sandbox::{Engine, Limits, LuauEngine, NoHost, Program, WorkerEngine, WorkerOptions};
use ecology_types::Value;
use rustix::time::{ClockId, clock_gettime};

const ROUNDS: usize = 11;
const CHECKS: u64 = 2_000;
const COLD: u64 = 100;
const CALLERS: u64 = 64;
const CHECKS_PER_CALLER: u64 = 500;
const WRITTEN: u64 = 100_000;
const HOT: usize = 1_000;

/// A contract as agents write them: the owner always, others by a list and for a price.
const SOURCE: &str = "
local allowed = { bob = true, carol = true }
function check_permission(request)
    if request.caller == request.owner then return { allow = true, cost = 0 } end
    if request.action == 'read' or request.action == 'invoke' then
        if allowed[request.caller] then return { allow = true, cost = 3, payer = 'invoker', reason = 'on the list' } end
        return { allow = false, reason = request.caller .. ' is not on the list' }
    end
    return { allow = false, reason = 'only the owner may ' .. request.action }
end
";

fn request(artifact: &str, caller: &str, version: i64) -> Value {
    let text = |name, text: &str| (name, Value::text(text));
    Value::map([
        text("artifact", artifact),
        text("action", "read"),
        text("caller", caller),
        text("owner", "alice"),
        text("creator", "alice"),
        text("kind", "text"),
        ("version", Value::Int(version)),
        ("content_bytes", Value::Int(1200)),
        text("contract", "gate"),
        ("has_standing", Value::Bool(false)),
        ("can_execute", Value::Bool(false)),
    ])
}

fn cpu_ns() -> u64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec.unsigned_abs() * 1_000_000_000 + now.tv_nsec.unsigned_abs()
}

fn check(program: &dyn Program, request: &Value) -> bool {
    let args = std::slice::from_ref(request);
    let called = program.call("check_permission", args, &Limits::default(), 0, &mut NoHost);
    called.outcome.is_ok_and(|answer| answer.get("allow") == Some(&Value::Bool(true)))
}

/// Nanoseconds of each piece of work.
fn measure(count: u64, clock: impl Fn() -> u64, mut work: impl FnMut() -> bool) -> u64 {
    let begin = clock();
    for _ in 0..count {
        assert!(work(), "a wrong answer");
    }
    (clock() - begin) / count
}

fn median(mut times: Vec<u64>) -> u64 {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Bytes of this process that lie in memory.
fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = pages.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default();
    pages * 4096
}

fn in_flight(program: &Arc<dyn Program>, request: &Value) -> u64 {
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| (0..CHECKS_PER_CALLER).for_each(|_| assert!(check(&**program, request))));
        }
    });
    let taken = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX).max(1);
    CALLERS * CHECKS_PER_CALLER * 1_000_000_000 / taken
}

fn main() {
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let is_wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    let limits = Limits::default();
    let local = LuauEngine::new(&["read"]);
    let warm = local.compile(SOURCE, &limits).unwrap();
    let worker = WorkerEngine::start(WorkerOptions::new(
        env!("CARGO_BIN_EXE_ecology-sandbox-worker"),
        Vec::<String>::new(),
        &["read"],
    ))
    .unwrap();
    let away = worker.compile(SOURCE, &limits).unwrap();
    let requests = [request("report", "bob", 7), request("paper", "carol", 8)];
    let [request, _] = &requests;
    let closure: Box<dyn Fn(&Value) -> bool> =
        black_box(Box::new(|request| request.get("caller") != request.get("owner")));
    let start = Instant::now();
    let wall_ns = || u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let mut fresh = 0_u64;
    let [mut floor, mut in_process, mut changing, mut through, mut cold, mut rate] =
        [const { Vec::new() }; 6];
    #[cfg(feature = "peers")]
    let mut peers: Vec<_> =
        peers::all().into_iter().map(|(name, check, is_same)| (name, check, is_same, Vec::new())).collect();
    for _ in 0..ROUNDS {
        #[cfg(feature = "peers")]
        for (_, check, _, times) in &mut peers {
            times.push(measure(CHECKS, cpu_ns, || check(request)));
        }
        floor.push(measure(CHECKS * 10, cpu_ns, || black_box(&closure)(black_box(request))));
        in_process.push(measure(CHECKS, cpu_ns, || check(&*warm, request)));
        let mut asked = 0;
        changing.push(measure(CHECKS, cpu_ns, || {
            asked += 1;
            check(&*warm, &requests[asked % 2])
        }));
        through.push(measure(CHECKS, wall_ns, || check(&*away, request)));
        cold.push(measure(COLD, wall_ns, || {
            fresh += 1;
            let program = local.compile(&format!("{SOURCE}-- {fresh}"), &limits).unwrap();
            check(&*program, request)
        }));
        rate.push(in_flight(&away, request));
    }
    let [floor, in_process, changing, through, cold, rate] =
        [floor, in_process, changing, through, cold, rate].map(median);
    for (name, time) in [
        ("native_closure", floor),
        ("luau_warm", in_process),
        ("luau_warm_changing", changing),
        ("worker_one_caller", through),
        ("luau_cold", cold),
    ] {
        println!("TIME {name} {time}.0");
    }
    let told = |name: &str, what: &str, value: String, target: &str| {
        if is_wanted(name) {
            println!("RATIO {name} {what} {value} {target}");
        }
    };
    told("sandbox_warm", "microseconds in process", thousandths(in_process), "<=5.0");
    told("sandbox_worker", "microseconds through a worker", thousandths(through), "<=25.0");
    told("sandbox_in_flight", "checks/s of 64 callers", rate.to_string(), ">=100000");
    told("sandbox_cold", "microseconds to compile and check", thousandths(cold), "<=200.0");
    #[cfg(feature = "peers")]
    for (name, _, is_same, times) in peers {
        let time = median(times).max(1);
        println!("TIME {name} {time}");
        let target = if is_same { "<=1.0" } else { "-" };
        told("sandbox_peers", &format!("luau_warm/{name}"), thousandths(in_process * 1000 / time), target);
    }
    told("sandbox_floor", "luau_warm/native_closure", (in_process / floor.max(1)).to_string(), "-");
    if is_wanted("sandbox_memory") {
        let before = resident_bytes();
        let written: Vec<_> =
            (0..WRITTEN).map(|at| local.compile(&format!("{SOURCE}-- {at}"), &limits).unwrap()).collect();
        // In a thread that has no machine yet, so that what the hot ones take is seen apart.
        let hot = std::thread::scope(|scope| {
            let hot = scope.spawn(|| {
                let before = resident_bytes();
                for _ in 0..3 {
                    assert!(written.iter().take(HOT).all(|program| check(&**program, request)));
                }
                (resident_bytes().saturating_sub(before), resident_bytes())
            });
            hot.join().unwrap()
        });
        let (bytes, hot) = (hot.1.saturating_sub(before), hot.0 / 1024 / HOT as u64);
        println!("RATIO sandbox_memory MiB of 100,000 written and 1,000 hot {} <=512", bytes >> 20);
        println!("RATIO sandbox_hot_memory KiB of each hot one {hot} <=256");
    }
}

/// Nanoseconds as microseconds.
fn thousandths(ns: u64) -> String {
    format!("{}.{:03}", ns / 1000, ns % 1000)
}

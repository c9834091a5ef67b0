//! Code that wants to hang, crash, rob or spy, in process and in a worker: bounded time, the right fault, and the next call is untouched.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use ecology_sandbox::{Called, Engine, Fault, Limits, LuauEngine, NoHost};
use ecology_types::Value;

/// What must come of an attack.
#[derive(Clone, Copy)]
enum Ends {
    Instructions,
    /// Out of instructions or, on a slow machine, by the clock: both cost all instructions.
    Slow,
    Memory,
    /// Too deep, or out of memory before that.
    Deep,
    Error,
    /// Stopped by one limit or the other.
    Limit,
    Asks,
    Large,
    NoValue,
    Compile,
    Harmless(&'static str),
}

const ATTACKS: &[(&str, Ends)] = &[
    // Loops that never end, and catching the end of them.
    ("function main() while true do end end", Ends::Instructions),
    ("function main() while true do pcall(function() while true do end end) end end", Ends::Instructions),
    (
        "function main() xpcall(function() while true do end end, function() while true do end end) return 1 end",
        Ends::Instructions,
    ),
    ("while true do end function main() end", Ends::Instructions),
    ("function main() for k in function() return 1 end do end end", Ends::Instructions),
    (
        "function main() local t = setmetatable({}, {__iter = function() return function() return 1 end end}) for k in t do end end",
        Ends::Instructions,
    ),
    ("function main() repeat until false end", Ends::Instructions),
    (
        "function main() return setmetatable({}, {__index = function(t, k) return t[k .. 'x'] end}).x end",
        Ends::Deep,
    ),
    (
        "function main() error(setmetatable({}, {__tostring = function() while true do end end})) end",
        Ends::Error,
    ),
    // Inside natives.
    (
        "function main() return string.find(string.rep('a', 30000), string.rep('a?', 30) .. string.rep('a', 30) .. 'b') end",
        Ends::Instructions,
    ),
    ("function main() return string.find(string.rep('(', 150000), '%b()') end", Ends::Instructions),
    ("function main() return string.find(string.rep('a', 150000), '.-.-.-.-b') end", Ends::Instructions),
    (
        "function main() local set = '[' .. string.rep('x', 60000) .. ']' return string.find(string.rep('a', 60000), set) end",
        Ends::Instructions,
    ),
    ("function main() return ('x'):rep(1e9) end", Ends::Limit),
    ("function main() return (''):rep(1e15) end", Ends::Harmless("\"\"")),
    ("function main() table.move({}, 1, 1e15, 1) end", Ends::Instructions),
    ("function main() return table.concat({}, 'x', 1, 1e15) end", Ends::Limit),
    ("function main() return table.create(1e15) end", Ends::Limit),
    ("function main() return table.unpack({}, 1, 1e8) end", Ends::Error),
    (
        "function main() local t = {} for i = 1, 5000 do t[i] = i end while true do table.insert(t, 1, 0) table.remove(t, 1) end end",
        Ends::Instructions,
    ),
    (
        "function main() local t = {} for i = 1, 5000 do t[i] = i % 7 end table.sort(t, function() return true end) end",
        Ends::Limit,
    ),
    ("function main() local t = {3, 2, 1} table.sort(t, function() error('no') end) end", Ends::Error),
    ("function main() local t = {3, 2, 1} table.sort(t, function() coroutine.yield() end) end", Ends::Error),
    ("function main() return ('a'):gsub('a', function() return main() end) end", Ends::Deep),
    ("function main() return string.format('%999999d', 1) end", Ends::Error),
    (
        "function main() local s = string.rep('a', 100000) while true do s:gsub('b', 'c') end end",
        Ends::Instructions,
    ),
    // Steps that are no calls: long strings as numbers, long strings compared, a large table emptied.
    (
        "function main() local s = string.rep(' ', 150000) .. '1' local n = 0 while true do n += s end end",
        Ends::Slow,
    ),
    (
        "function main() local s = string.rep('1', 150000) while true do for i = 1, s do break end end end",
        Ends::Slow,
    ),
    (
        "function main() local s = '1' for i = 1, 19 do s = s .. s end while true do local n = s + s + s + s + s + s end end",
        Ends::Memory,
    ),
    ("function main() local s = string.rep('1', 1000000) while true do local n = -s end end", Ends::Limit),
    (
        "function main() local a = string.rep('a', 70000) local b, c = a .. 'b', a .. 'c' while true do local x = b < c and c < b end end",
        Ends::Slow,
    ),
    (
        "function main() local t = {} for i = 1, 8000 do t[i] = i end for i = 2, 8000 do t[i] = nil end while true do next(t, 1) end end",
        Ends::Slow,
    ),
    (
        "function main() local t = {} for i = 1, 4000 do t['k' .. i] = i end for i = 1, 4000 do t['k' .. i] = nil end while true do next(t) end end",
        Ends::Slow,
    ),
    ("function main() local t = {} for i = 1, 100000 do t['k' .. i] = i end end", Ends::Memory),
    ("function main() local t = table.create(100000, 1) end", Ends::Memory),
    // Memory.
    ("function main() local t = {} while true do t[#t + 1] = t end end", Ends::Limit),
    ("function main() local s = 'x' while true do s = s .. s end end", Ends::Memory),
    ("function main() local s = 'x' while true do pcall(function() s = s .. s end) end end", Ends::Memory),
    ("function main() local t = {} for i = 1, 1e9 do t[i * 1e6] = {} end end", Ends::Memory),
    (
        "function main() local t = {} while true do t[#t + 1] = coroutine.create(function() end) end end",
        Ends::Memory,
    ),
    ("function main() local t = {} while true do t = {t, string.rep('y', 5000)} end end", Ends::Limit),
    (
        "local s = 'x' function main() xpcall(function() while true do s = s .. s end end, function() return 'hidden' end) return 1 end",
        Ends::Memory,
    ),
    (
        "function main() pcall(coroutine.wrap(function() local s = 'x' while true do s = s .. s end end)) return 1 end",
        Ends::Memory,
    ),
    // Depth.
    ("function main() return main() + 1 end", Ends::Deep),
    ("local function f() return pcall(f) end function main() return f() end", Ends::Harmless("")),
    ("local function f() return coroutine.wrap(f)() end function main() return f() end", Ends::Deep),
    (
        "local t = setmetatable({}, {}) getmetatable(t).__index = function(_, k) return t[k] end function main() return t.x end",
        Ends::Deep,
    ),
    (
        "local t = {} for i = 1, 300 do t = setmetatable({}, {__index = t}) end function main() return t.x end",
        Ends::Error,
    ),
    // Values.
    ("function main() local t = {} for i = 1, 40 do t = {t} end return t end", Ends::Large),
    ("function main() local t = {1} for i = 1, 25 do t = {t, t} end return t end", Ends::Large),
    ("function main() return string.rep('x', 70000) end", Ends::Large),
    ("function main() return -2^53 end", Ends::NoValue),
    ("function main() return 1/0 end", Ends::NoValue),
    ("function main() return {a = print, b = main} end", Ends::NoValue),
    ("function main() return coroutine.create(main) end", Ends::NoValue),
    // Spying and tampering.
    (
        "function main() return {os, io, debug, require, loadstring, collectgarbage, getfenv, setfenv, newproxy, gcinfo, _G, print, buffer, vector} end",
        Ends::Harmless("List([])"),
    ),
    ("function main() string.rep = nil end", Ends::Error),
    ("function main() getmetatable('').__index = nil end", Ends::Error),
    ("function main() rawset(string, 'x', 1) end", Ends::Error),
    ("function main() table.insert(world, 1) end", Ends::Error),
    (
        "function main() return tostring(main) .. tostring({}) .. tostring(string.rep) end",
        Ends::Harmless("functiontablefunction"),
    ),
    ("function main() return ('%s %*'):format({}, main) .. `{world}` end", Ends::Harmless("table function")),
    ("string = nil pcall = nil function main() return type(string) end", Ends::Harmless("table")),
    ("function main() for i = 1, 1000 do pcall(world.read) end end", Ends::Asks),
    ("world.read('x') function main() end", Ends::Error),
    ("function main() error('x\\n2026 INFO forged \\27[2J' .. string.rep('y', 10000)) end", Ends::Error),
    ("function main() error({{{}}}) end", Ends::Error),
    ("function main() error(nil) end", Ends::Error),
    ("function main() coroutine.yield(1) end", Ends::Error),
    // The parser.
    ("\u{1b}Lua", Ends::Compile),
    ("function main() return 1 + end", Ends::Compile),
];

fn limits() -> Limits {
    Limits { instructions_max: 100_000, ..Limits::default() }
}

fn run(engine: &dyn Engine, source: &str) -> Called {
    match engine.compile(source, &limits()) {
        Ok(program) => program.call("main", &[], &limits(), 0, &mut NoHost),
        Err(fault) => Called::not_run(fault),
    }
}

fn is_as_it_must_be(ends: Ends, outcome: &Result<Value, Fault>) -> bool {
    match (ends, outcome) {
        (Ends::Instructions | Ends::Slow, Err(Fault::OutOfInstructions))
        | (Ends::Slow, Err(Fault::TooSlow))
        | (Ends::Memory, Err(Fault::OutOfMemory))
        | (
            Ends::Deep,
            Err(Fault::TooDeep | Fault::OutOfMemory | Fault::OutOfInstructions | Fault::Error { .. }),
        )
        | (Ends::Limit, Err(Fault::OutOfInstructions | Fault::OutOfMemory | Fault::Error { .. }))
        | (Ends::Asks, Err(Fault::TooManyHostCalls))
        | (Ends::Large, Err(Fault::ValueTooLarge { .. }))
        | (Ends::NoValue, Err(Fault::NotAValue { .. }))
        | (Ends::Compile, Err(Fault::Compile { .. })) => true,
        (Ends::Error, Err(Fault::Error { message })) => {
            message.chars().count() <= 301 && !message.contains(char::is_control)
        }
        (Ends::Harmless(text), outcome) => format!("{outcome:?}").contains(text),
        _ => false,
    }
}

/// Longest time from one attack to the next; after it the test fails, though whatever hangs goes on.
const WATCHDOG: Duration = Duration::from_secs(20);

/// Attacks and their instructions, under a watchdog: what should end them may be what is broken.
fn attack(engine: Arc<dyn Engine>) -> Vec<(&'static str, u64)> {
    let (progress, watched) = channel();
    let attacker = std::thread::spawn(move || {
        attack_all(&*engine, &|source| {
            let _ = progress.send(source);
        })
    });
    let mut last = "before the first attack";
    loop {
        match watched.recv_timeout(WATCHDOG) {
            Ok(source) => last = source,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => panic!("nothing ends this: {last}"),
        }
    }
    attacker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Attacks and their instructions; what ends them is compared with what must.
fn attack_all(engine: &dyn Engine, progress: &dyn Fn(&'static str)) -> Vec<(&'static str, u64)> {
    let honest = "local n = 0 function main() n += 1 return ('a,b'):split(',')[2] .. n end";
    let honest = engine.compile(honest, &limits()).unwrap();
    let before = honest.call("main", &[], &limits(), 0, &mut NoHost);
    let mut counts = Vec::new();
    let mut wrong = Vec::new();
    for (source, ends) in ATTACKS {
        progress(source);
        let started = Instant::now();
        let called = run(engine, source);
        let took = started.elapsed();
        if !is_as_it_must_be(*ends, &called.outcome) || took > Duration::from_secs(2) {
            wrong.push(format!("{source}\n    {:?} after {took:?}", called.outcome));
        }
        assert!(
            called.memory_peak_bytes <= limits().memory_bytes_max,
            "{source} used {}",
            called.memory_peak_bytes
        );
        assert!(called.instructions <= limits().instructions_max);
        let again = run(engine, source);
        if !matches!(ends, Ends::Slow) {
            assert_eq!(again.outcome, called.outcome, "{source}");
        }
        assert_eq!(again.instructions, called.instructions, "{source}");
        let after = honest.call("main", &[], &limits(), 0, &mut NoHost);
        assert_eq!(
            (&after.outcome, after.instructions),
            (&before.outcome, before.instructions),
            "after {source}"
        );
        counts.push((*source, called.instructions));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    counts
}

#[test]
fn attacks_end_alike_in_process_and_in_a_worker() {
    let worker = Arc::new(crate::worker::engine_with(1, &["read"]));
    let in_worker = Arc::clone(&worker);
    assert_eq!(attack(Arc::new(LuauEngine::new(&["read"]))), attack(in_worker));
    assert_eq!(worker.workers_lost(), 0, "no attack even ends a worker");
}

#[test]
fn hostile_sources_do_not_crash_the_parser() {
    let worker = crate::worker::engine_with(1, &["read"]);
    let large = Limits { source_bytes_max: 4 << 20, source_depth_max: u32::MAX, ..Limits::default() };
    let n = 100_000;
    for source in [
        format!("return {}1{}", "(".repeat(n), ")".repeat(n)),
        format!("return {}{}", "{".repeat(n), "}".repeat(n)),
        format!("return 1{}", " + 1".repeat(n)),
        format!("return a{}", " .. a".repeat(n)),
        format!("return {}1", "- ".repeat(n)),
        format!("return a{}", ".b".repeat(n)),
        format!("return a{}", "()".repeat(n)),
        format!("if a then {} end", "elseif b then ".repeat(n)),
        format!("return {}1", "if a then b else ".repeat(n)),
        format!("{} {}", "do ".repeat(n), "end ".repeat(n)),
        format!("type T = {}", "A | ".repeat(n) + "A"),
        format!("type T = {}A{}", "{".repeat(n), "}".repeat(n)),
        "`{".repeat(n),
        "local function f() ".repeat(n),
    ] {
        let started = Instant::now();
        // Even with the look at the nesting switched off.
        for engine in [&LuauEngine::new(&[]) as &dyn Engine, &worker] {
            let _ = engine.compile(&source, &large);
            assert!(engine.compile(&source, &Limits::default()).is_err(), "{}", &source[..40]);
        }
        assert!(started.elapsed() < Duration::from_secs(5), "{}", &source[..40]);
    }
    assert_eq!(run(&worker, "function main() return 1 end").outcome, Ok(Value::Int(1)));
}

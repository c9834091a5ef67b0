//! Contracts that hang, exhaust, crash or tamper: each is a no with a reason, and nothing else happens.

use ecology_types::{RefusalCode, Time};

use super::arena::*;

/// The body of a `check_permission`, by what it tries.
const ATTACKS: &[(&str, &str)] = &[
    ("an endless loop", "while true do end"),
    ("an endless loop that catches its end", "while true do pcall(function() while true do end end) end"),
    ("an endless iterator", "for k in function() return 1 end do end"),
    (
        "a catastrophic pattern",
        "return string.find(string.rep('a', 30000), string.rep('a?', 30) .. string.rep('a', 30) .. 'b')",
    ),
    ("balanced brackets", "return string.find(string.rep('(', 150000), '%b()')"),
    ("lazy repetitions", "return string.find(string.rep('a', 150000), '.-.-.-.-b')"),
    ("a native that moves without end", "table.move({}, 1, 1e15, 1)"),
    ("a native that joins without end", "return table.concat({}, 'x', 1, 1e15)"),
    (
        "a sort that never agrees",
        "local t = {} for i = 1, 5000 do t[i] = i % 7 end table.sort(t, function() return true end)",
    ),
    (
        "a long string as a number",
        "local s = string.rep(' ', 150000) .. '1' local n = 0 while true do n += s end",
    ),
    ("a string that doubles", "local s = 'x' while true do s = s .. s end"),
    (
        "a string that doubles and is caught",
        "local s = 'x' while true do pcall(function() s = s .. s end) end",
    ),
    ("a huge repetition", "return ('x'):rep(1e9)"),
    ("a huge table", "return table.create(1e15)"),
    ("tables in tables", "local t = {} while true do t[#t + 1] = t end"),
    ("coroutines without end", "local t = {} while true do t[#t + 1] = coroutine.create(function() end) end"),
    (
        "a coroutine that swells",
        "pcall(coroutine.wrap(function() local s = 'x' while true do s = s .. s end end)) return true",
    ),
    ("recursion", "return check_permission(request) + 1"),
    ("recursion through pcall", "return { pcall(check_permission, request) }"),
    ("recursion through coroutines", "local function f() return coroutine.wrap(f)() end return f()"),
    (
        "recursion through a metatable",
        "local t = setmetatable({}, {}) getmetatable(t).__index = function(_, k) return t[k] end return t.x",
    ),
    ("a table that names itself", "local t = {allow = true} t.reason = t return t"),
    ("a table that doubles", "local t = {1} for i = 1, 25 do t = {t, t} end return t"),
    ("a deep table", "local t = {} for i = 1, 40 do t = {t} end return t"),
    ("a huge string", "return string.rep('x', 700000)"),
    ("a yield", "return coroutine.yield(true)"),
    ("an error that is a table", "error({allow = true})"),
    (
        "an error that never prints",
        "error(setmetatable({}, {__tostring = function() while true do end end}))",
    ),
    ("a native that is replaced", "string.rep = function() return '' end return true"),
    ("the metatable of strings", "getmetatable('').__index = nil return true"),
    ("the table world", "world.balance = function() return 1e9 end return true"),
    ("a raw write into world", "rawset(world, 'me', nil) return true"),
    (
        "more questions than anybody may ask",
        "for i = 1, 100000 do pcall(world.balance, 'ann') end return true",
    ),
    ("functions of tools: pay", "world.pay{to = 'mallory', amount = 1} return true"),
    ("functions of tools: state", "world.set_state(1) return true"),
    ("functions of tools: invoke", "world.invoke{artifact = 'page', method = 'go'} return true"),
    ("files", "return io.open('/etc/passwd')"),
    ("the system", "os.execute('true') return true"),
    ("modules", "require('os') return true"),
    ("loading code", "return loadstring('return true')()"),
];

#[test]
fn whatever_a_contract_does_it_is_a_no_and_nobody_else_notices() {
    for (name, body) in ATTACKS {
        let mut arena = Arena::new();
        arena.code("gate", &format!("function check_permission(request) {body} end"));
        arena.governed(ATTACKER, "bait", "gate");
        let outcome = arena.unharmed(name, |arena| arena.act("bob", read("bait")));
        let refusal = outcome.err().unwrap_or_else(|| panic!("{name} is a yes"));
        assert_eq!(refusal.code, RefusalCode::NotPermitted, "{name}: {refusal}");
        assert!(!refusal.detail.chars().any(char::is_control), "{name}: {refusal:?}");
    }
}

#[test]
fn sources_that_choke_a_parser_are_refused_when_they_are_asked() {
    for (name, source) in [
        (
            "brackets in brackets",
            format!("function check_permission() return {}1{} end", "(".repeat(30_000), ")".repeat(30_000)),
        ),
        ("terms in a chain", format!("function check_permission() return 1{} end", " + 1".repeat(20_000))),
        (
            "tables in tables",
            format!("function check_permission() return {}{} end", "{".repeat(30_000), "}".repeat(30_000)),
        ),
        (
            "blocks in blocks",
            format!("function check_permission() {} {} end", "do ".repeat(15_000), "end ".repeat(15_000)),
        ),
        ("code that was compiled before", "\u{1b}Lua\u{0}".to_owned()),
        ("no code at all", "}{".to_owned()),
        ("nothing", String::new()),
        (
            "a loop beside the function",
            "while true do end function check_permission() return true end".to_owned(),
        ),
    ] {
        let mut arena = Arena::new();
        // What does not fit into an artifact cannot be asked.
        if arena.act(ATTACKER, executable("gate", &source)).is_err() {
            continue;
        }
        arena.governed(ATTACKER, "bait", "gate");
        let refusal = arena.unharmed(name, |arena| arena.refused("bob", read("bait")));
        assert_eq!(refusal.code, RefusalCode::NotPermitted, "{name}: {refusal}");
    }
}

#[test]
fn what_one_contract_leaves_behind_no_other_sees() {
    let mut arena = Arena::new();
    arena.code(
        "poison",
        "count = (count or 0) + 1 function check_permission(request) \
         seen = request count += 1 pcall(function() string.lower = nil end) \
         return { allow = count == 2, reason = 'it was asked ' .. count .. ' times' } end",
    );
    arena.code(
        "clean",
        "function check_permission(request) return seen == nil and count == nil and string.lower('A') == 'a' end",
    );
    arena.governed(ATTACKER, "bait", "poison");
    arena.governed(ATTACKER, "other", "clean");
    for _ in 0..3 {
        // A call sees its own globals only, not those of the call before.
        arena.done("bob", read("bait"));
        arena.done("bob", read("other"));
        arena.now = Time(arena.now.0 + 1_000_000);
    }
    arena.goes_on("shared globals");
}

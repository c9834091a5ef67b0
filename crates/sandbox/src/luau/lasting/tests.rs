//! Which programs last, which never may, and that nobody can tell the difference.

use ecology_types::Value;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::bytecode::Bytecode;
use super::made_lasting;
use super::top_level::TopLevel;
use crate::luau::program::{Code, LuauProgram, with_machine};
use crate::luau::{LuauEngine, bytecode};
use crate::{Called, Engine, Host, HostError, Limits, NoHost, Program};

fn lasts(source: &str) -> bool {
    made_lasting(&mut bytecode(source).unwrap_or_else(|fault| panic!("{source}: {fault}"))).is_some()
}

/// Answers with what it is asked.
struct Echo;

impl Host for Echo {
    fn call(&mut self, function: &str, args: &[Value]) -> Result<Value, HostError> {
        match args {
            [Value::Int(number)] if *number < 0 => Err(HostError::Refused(format!("{function} not below 0"))),
            args => Ok(Value::List(args.to_vec())),
        }
    }
}

/// All that the contracts of the library ask.
const HOST_FUNCTIONS: &[&str] =
    &["read", "state", "set_state", "now", "caller", "artifact", "me", "pay", "allowance"];

/// What can be told of a call. At which byte memory runs out is nobody's promise, so one that recurs without end may end by either limit.
fn told(called: Called) -> (Result<Value, crate::Fault>, u64) {
    let outcome = match called.outcome {
        Err(crate::Fault::OutOfMemory) => Err(crate::Fault::OutOfInstructions),
        outcome => outcome,
    };
    (outcome, called.instructions)
}

fn limits() -> Limits {
    Limits { instructions_max: 20_000, ..Limits::default() }
}

/// Calls a program three times each way and with every few instructions that may end it, and wants the same every time.
fn same_either_way(source: &str, args: &[Value]) {
    same_function_either_way(source, "main", args);
}

fn same_function_either_way(source: &str, function: &str, args: &[Value]) {
    let once = LuauEngine::new(HOST_FUNCTIONS);
    let always = once.defining_for_every_call();
    let [once, always] = [once, always].map(|engine| engine.compile(source, &limits()));
    let (once, always) = match (once, always) {
        (Ok(once), Ok(always)) => (once, always),
        (once, always) => {
            assert_eq!(once.err(), always.err(), "{source}");
            return;
        }
    };
    assert_eq!(once.functions(), always.functions(), "{source}");
    let call =
        |program: &dyn Program, limits: &Limits| told(program.call(function, args, limits, 7, &mut Echo));
    let first = call(&*always, &limits());
    for _ in 0..3 {
        assert_eq!(call(&*once, &limits()), first, "{source}");
        assert_eq!(call(&*always, &limits()), first, "{source}");
    }
    for (value_bytes_max, value_depth_max) in [(1000, 1), (1000, 2), (16, 9), (20, 9), (30, 9)] {
        let limits = Limits { value_bytes_max, value_depth_max, ..limits() };
        assert_eq!(call(&*once, &limits), call(&*always, &limits), "{limits:?}: {source}");
    }
    for instructions_max in (0..30).chain([first.1.saturating_sub(1), first.1, first.1 + 1]) {
        let limits = Limits { instructions_max, ..limits() };
        assert_eq!(call(&*once, &limits), call(&*always, &limits), "{instructions_max}: {source}");
    }
}

/// Programs whose top level lasts.
const LASTING: &[&str] = &[
    "function main(x) return x end",
    "local function half(n) return n // 2 end function main(x) return half(84) end",
    "local price, name = 20, 'x' function main(x) return price .. name end",
    "local list = {1, 2, 3} function main(x) return list[2] + #list end",
    "local list = {'a', 'b'} function main(x) for i, v in list do if v == 'b' then return i end end end",
    "local list = {'a', 'b'} function main(x) for i, v in ipairs(list) do if v == 'b' then return i end end end",
    "local set = {a = true} function main(x) local n = 0 for k in pairs(set) do n += #k end return n end",
    "local list = {'a', 'b'} function main(x) return table.find(list, 'b') or 0 end",
    "local list = {'a', 'b'} function main(x) return table.concat(list, x.y) .. #list end",
    "local list = {'a', 'b'} function main(x) local a, b = unpack(list) return b .. a .. type(list) .. next(list) end",
    "local function has(list, one) for _, each in list do if each == one then return true end end return false end
     local some, other = {'a'}, {'b'} function main(x) return has(some, 'b') or has(if x then other else some, 'b') end",
    "local allowed = { bob = 3 } function main(x) return (allowed[x.caller] or 0) + (allowed.bob or 1) end",
    "local f = {go = function(n) return n + 1 end} function main(x) return f.go(1) end",
    "local function fact(n) return if n < 2 then 1 else n * fact(n - 1) end function main(x) return fact(9) end",
    "function other(n) return n * 2 end function main(x) return other(21) end",
    "function main(x) local n = 0 local function up() n += 1 return n end up() return up() end",
    "function main(x) local t = {} t.x = x t.f = main t.f = nil return t end",
    "function main(x) local n = 0 return coroutine.wrap(function() n += 1 coroutine.yield(n) end)() end",
    "local find = string.find function main(x) return find('abc', 'c', 1, true) end",
    "limit = 7 function main(x) return limit end",
    "function main(x) return world.read(1) end",
    "local known = {1} function main(x) return pcall(world.read, -1) == false and #known end",
    "function main(...) return select('#', ...) end",
    "local t = {1} function main(x) return t and t[1] or not t end",
    "local t = {5} function main(x) local u = t return u[1] end",
    "local t = {5} function main(x) return (function() return t[1] end)() end",
    "local t = {5} function main(x) local s = 0 for i = 1, 50 do s += (function(n) return t[1] * n end)(i) end return s end",
    "function main(x) error('no') end",
    "function main(x) error({message = 'no'}) end",
    "function main(x) return main(x) + 1 end",
    "function main(x) return (pcall(main, x)) end",
    "function main(x) while true do end end",
    "function main(x) return {main} end",
    "local t = {} function main(x) return t[x] == nil end",
    "function main(x) return later end later = string",
];

/// Programs whose calls would find something of the ones before, if their top level lasted.
const NOT_LASTING: &[&str] = &[
    // The order of this table is one of addresses.
    "local function f() end local t = {} t[f] = 1 function main(x) for k, v in t do return v end end",
    // A variable of the top level, from the first function, from one within, from a forward declaration.
    "local n = 0 function main(x) n += 1 return n end",
    "local n = 0 local function up() n += 1 end function main(x) up() return n end",
    "local n = 0 function main(x) (function() n += 1 end)() return n end",
    "local n = 0 function main(x) local function a() local function b() n += 1 end b() end a() return n end",
    "local n local function get() return n end function main(x) local was = get() n = x return was == nil end",
    "local f function main(x) local was = f f = main return was == nil end",
    "local f, n = nil, 0 f = function() n = n + 1 return n end function main(x) return f() end",
    // A global.
    "n = 0 function main(x) n += 1 return n end",
    "function main(x) local was = mark mark = true return was == nil end",
    "function main(x) local was = other function other() end return was == nil end",
    "function main(x) string = 'x' return 1 end",
    "function main(x) (function() (function() mark = (mark or 0) + 1 end)() end)() return mark end",
    // A table of the top level: written to, in all ways.
    "local t = {} function main(x) t.n = (t.n or 0) + 1 return t.n end",
    "local t = {} function main(x) t[1] = (t[1] or 0) + 1 return t[1] end",
    "local t = {} function main(x) local k = 'n' t[k] = (t[k] or 0) + 1 return t[k] end",
    "local t = {} function main(x) t[#t + 1] = 1 return #t end",
    "local t = {} function main(x) local u = t u.n = (u.n or 0) + 1 return u.n end",
    "local t = {} function main(x) local u = if x then t else nil u.n = (u.n or 0) + 1 return u.n end",
    "local t = {} function main(x) local u = x and t u.n = (u.n or 0) + 1 return u.n end",
    "local t = {} function main(x) local u = t or x u.n = (u.n or 0) + 1 return u.n end",
    "local t = {} function main(x) local u = {} for i = 1, 2 do u.n = (u.n or 0) + 1 u = t end return t.n == nil end",
    "local t = {} function main(x) (function() t.n = (t.n or 0) + 1 end)() return t.n end",
    "local t = {} function main(x) local u = t local function f() u.n = (u.n or 0) + 1 end f() return u.n end",
    "local t = {} function main(x) local u local function f() u.n = (u.n or 0) + 1 end u = t f() return u.n end",
    "local t = {} local function put(u) u.n = (u.n or 0) + 1 end function main(x) put(t) return t.n end",
    "local t = {} local function put(a, b, ...) local u = ... u.n = (u.n or 0) + 1 end function main(x) put(1, 2, t) return t.n end",
    "local t = {} local function get() return t end function main(x) get().n = (get().n or 0) + 1 return t.n end",
    "local t = {} function main(x) table.insert(t, 1) return #t end",
    "local t = {} function main(x) rawset(t, #t + 1, 1) return #t end",
    "local t = {3, 1, 2} function main(x) local first = t[1] table.sort(t) return first end",
    "local t = {} function main(x) setmetatable(t, {__index = function(_, k) return (rawget(x, k)) end}) return getmetatable(t) ~= nil end",
    "local t = {1} function main(x) table.remove(t) return #t end",
    "local t = {1} function main(x) local was = table.isfrozen(t) table.freeze(t) return was end",
    // Given to somebody, kept somewhere, or compared.
    "local t = {} function main(x) local all = {t} all[1].n = (all[1].n or 0) + 1 return t.n end",
    "local t = {} function main(x) local all = {} all.t = t all.t.n = (all.t.n or 0) + 1 return t.n end",
    "local t = {} function main(x) local all = {[t] = 1} for k in all do k.n = (k.n or 0) + 1 end return t.n end",
    "local t = {} function main(x) x.t = t x.t.n = (x.t.n or 0) + 1 return t.n end",
    "local t = {} function main(x) pcall(rawset, t, 'n', (t.n or 0) + 1) return t.n end",
    "local t = {} function main(x) return t end",
    "local t = {} function main(x) error(t) end",
    "local t = {} function main(x) local co = coroutine.wrap(function(u) u.n = (u.n or 0) + 1 end) co(t) return t.n end",
    "local t = {} function main(x) local co = coroutine.wrap(function() coroutine.yield(t) end) co().n = (t.n or 0) + 1 return t.n end",
    "local t = {} function main(x) local m = setmetatable({}, {__index = t, __newindex = t}) m.n = (m.n or 0) + 1 return t.n end",
    "local t = {} function main(x) local m = setmetatable({}, {__add = function(a, b) b.n = (b.n or 0) + 1 return b.n end}) return m + t end",
    "local t = {} function main(x) local m = setmetatable({}, {__lt = function(a, b) b.n = (b.n or 0) + 1 return true end}) return m < t and t.n end",
    "local t = {} function main(x) local m = setmetatable({}, {__concat = function(a, b) b.n = (b.n or 0) + 1 return '' end}) return (m .. t) and t.n end",
    "local t = {} function main(x) local m = setmetatable({}, {__index = function(_, k) k.n = (k.n or 0) + 1 return 1 end}) return m[t] + t.n end",
    "local t = {} function main(x) local m = setmetatable({}, {__call = function(_, u) u.n = (u.n or 0) + 1 end}) m(t) return t.n end",
    "local t = {} function main(x) for u in function(s, i) if i == nil then s.n = (s.n or 0) + 1 return 1 end end, t do end return t.n end",
    "local t = {} function main(x) for _, u in next, {t} do u.n = (u.n or 0) + 1 end return t.n end",
    "local t = {} function main(x) local _, u = pairs(t) u.n = (u.n or 0) + 1 return t.n end",
    "local t = {} function main(x) return select(1, t) == t end",
    "local t = {} function main(x) return tostring(t) end",
    // A native of another name, or another thing by its name.
    "function pairs(t) t.n = (t.n or 0) + 1 return next, t end local t = {} function main(x) for k in pairs(t) do end return t.n end",
    "type = function(t) t.n = (t.n or 0) + 1 return 'table' end local t = {} function main(x) type(t) return t.n end",
    "table = { find = function(t) t.n = (t.n or 0) + 1 end } local t = {} function main(x) table.find(t) return t.n end",
    "local pairs = function(t) t.n = (t.n or 0) + 1 return next, t end local t = {} function main(x) for k in pairs(t) do end return t.n end",
    // A top level that does more than to define.
    "local t = setmetatable({}, {}) function main(x) return #t end",
    "local t = {{}} function main(x) t[1].n = (t[1].n or 0) + 1 return t[1].n end",
    "local u = {} local t = {u = u} function main(x) t.u.n = (t.u.n or 0) + 1 return t.u.n end",
    "t = {} function main(x) t.n = (t.n or 0) + 1 return t.n end",
    "local n = math.random(1, 9) function main(x) return n end",
    "local n = 0 for i = 1, 3 do n += i end function main(x) return n end",
    "local n = tonumber('7') function main(x) return n end",
    "if string then function main(x) return 1 end end",
    "local a = string or 1 function main(x) return a ~= nil end",
    "local t = {...} function main(x) return #t end",
    "function main(x) return 1 end return main",
    "do local t = {1} function main(x) return t[1] end end local a, b, c = string, table, math",
    "local was = later later = 1 function main(x) return was == nil end",
];

#[test]
fn programs_that_only_define_last_and_nobody_can_tell() {
    let args = [Value::map([("caller", Value::text("bob")), ("y", Value::text("-"))])];
    for source in LASTING {
        assert!(lasts(source), "{source}");
        same_either_way(source, &args);
        same_either_way(source, &[]);
    }
}

#[test]
fn programs_that_could_leave_something_behind_do_not_last() {
    let args = [Value::map([("caller", Value::text("bob"))])];
    for source in NOT_LASTING {
        assert!(!lasts(source), "{source}");
        same_either_way(source, &args);
    }
}

/// Constant answers that are read in advance, by source.
const ANSWERED: &[(&str, usize)] = &[
    ("function main(x) return { a = 1, b = 'x', c = true, d = false } end", 1),
    ("function main(x) if x.caller == 'bob' then return { a = 1 } end return { a = 2, b = 'ü' } end", 2),
    ("function main(x) return { a = 1, a = 2 } end", 1),
    ("function main(x) return { a = nil, b = 1 } end", 1),
    ("function main(x) local t = { a = -5, b = 9007199254740991 } return t end", 1),
    (
        "function main(x) if x.no then return { a = 1 } elseif x.y then return { a = 2 } else return { a = 3 } end end",
        3,
    ),
    ("function main(x) while true do if x then return { a = 1, b = 2 } end end end", 1),
    ("local price = 7 function main(x) return { cost = price, payer = 'invoker' } end", 1),
    ("local function other() return { a = 1 } end function main(x) return { b = other().a, c = 1 } end", 0),
    ("function main(x) return { a = 1, b = x.caller } end", 0),
    ("function main(x) return { a = x.caller == 'bob', b = 1 } end", 0),
    ("function main(x) return { a = x.y or 'z', b = 1 } end", 0),
    ("function main(x) return { a = if x.y then 1 else 2, b = 1 } end", 0),
    ("function main(x) return { a = 1.5, b = 1 } end", 0),
    ("function main(x) return { a = 9007199254740992, b = 1 } end", 0),
    ("function main(x) return { a = '\\255', b = 1 } end", 0),
    ("function main(x) return { a = { b = 1 } } end", 0),
    ("function main(x) return { a = 1, 2 } end", 0),
    ("function main(x) return { a = 1 }, 2 end", 0),
    ("function main(x) return {} end", 0),
    ("function main(x) local t = { a = 1 } t.b = 2 return t end", 0),
    ("function main(x) local t = { a = 1, b = 2 } t.b = x.y return t end", 0),
    ("function main(x) local t = { a = 1, b = 2 } t.b = 3 return t end", 1),
    ("function main(x) local t = { a = x.y } return { b = t.a, c = 1 } end", 0),
    // Somebody else could see the number.
    ("function main(x) if x.n then return { a = 1 } end x.n = 1 return { a = main(x).a } end", 0),
    ("function inner(x) return { a = 1 } end function main(x) return inner(x).a end", 0),
    ("function inner(x) return { a = 1 } end function main(x) local f = inner return f(x).a end", 0),
    ("local function inner(x) return { a = 1 } end function main(x) return inner(x).a end", 0),
    ("local function inner(x) return { a = 1 } end first = inner function main(x) return inner(x).a end", 0),
    ("local t = { f = function(x) return { a = 1 } end } function main(x) return t.f(x).a end", 0),
    ("local t = { function(x) return { a = 1 } end } function main(x) return t[1](x).a end", 0),
    ("function main(x) return pcall(function() return { a = 1 } end) end", 0),
    ("function main(x) local function f() return { a = 1 } end return f().a end", 0),
    ("function inner(x) return { a = 1 } end function main(x) return coroutine.wrap(inner)(x).a end", 0),
    (
        "local inner = function(x) return { a = 1 } end local t = {} t[1] = inner function main(x) return t[1](x).a end",
        0,
    ),
    ("--!optimize 0\nfunction main(x) return { x = 1, y = 'no' } end", 0),
    ("--!optimize 2\nfunction main(x) return { x = 1, y = 'no' } end", 1),
    (COPIED, 0),
];

/// A function that is made at the top level and, where its maker is called, in others: code asks for that by its first line.
const COPIED: &str = "--!optimize 2
    local function make() return function(x) return { x = 5, y = 1 } end end
    main = make()
    function read(x) return make()(x).x end
    function reckon(x) return make()(x) * 0 + make()(x) end
    function name(x) return type(make()(x)) end";

#[test]
fn no_code_gets_to_see_a_number_wherever_a_function_is_copied_to() {
    let args = [Value::map([("caller", Value::text("bob"))])];
    for first in ["--!optimize 2", "--!optimize 1", "--!optimize 0", "--!native"] {
        let source = COPIED.replace("--!optimize 2", first);
        for function in ["main", "read", "reckon", "name"] {
            same_function_either_way(&source, function, &args);
        }
    }
}

#[test]
fn constant_answers_are_read_in_advance_and_nobody_can_tell() {
    let args = [Value::map([("caller", Value::text("bob")), ("y", Value::text("-"))])];
    for (source, count) in ANSWERED {
        let answers = made_lasting(&mut bytecode(source).unwrap()).expect(source);
        assert_eq!(answers.len(), *count, "{source}");
        same_either_way(source, &args);
    }
    let many: String =
        (0..300).map(|at| format!("if x == {at} then return {{ a = {at}, b = 'x' }} end\n")).collect();
    let many = format!("function main(x)\n{many} end");
    assert_eq!(made_lasting(&mut bytecode(&many).unwrap()).unwrap().len(), 256);
    for at in [0, 1, 100, 255, 256, 299, 300] {
        same_either_way(&many, &[Value::Int(at)]);
    }
}

/// The program of a source whose functions nobody has followed; nothing when its top level does more than to define.
fn unfollowed(source: &str) -> Option<LuauProgram> {
    let mut chunk = bytecode(source).unwrap();
    let (at, instruction) = {
        let read = Bytecode::read(&chunk).unwrap();
        let top_level = TopLevel::read(&read)?;
        (top_level.return_at, top_level.return_all)
    };
    chunk[at..at + 4].copy_from_slice(&instruction.to_le_bytes());
    let mut code = Code::new(chunk, false, false);
    code.lasts = true;
    let functions = with_machine(&[], |vm| (vm.define(&code, &limits()), true)).unwrap().unwrap();
    Some(LuauProgram { code, functions: functions.into(), host_functions: &[] })
}

#[test]
fn what_is_frozen_leaves_nothing_behind_even_where_nothing_was_followed() {
    let args = [Value::map([("caller", Value::text("bob"))])];
    let mut tried = 0;
    for source in NOT_LASTING {
        let Some(program) = unfollowed(source) else { continue };
        tried += 1;
        let call = || told(program.call("main", &args, &limits(), 7, &mut NoHost));
        let first = call();
        for _ in 0..3 {
            assert_eq!(call(), first, "{source}");
        }
    }
    assert!(tried > 40, "{tried}");
}

#[test]
fn the_contracts_of_the_library_last() {
    let library = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts/library");
    let mut last = Vec::new();
    let mut all = 0;
    for entry in std::fs::read_dir(library).unwrap() {
        let path = entry.unwrap().path();
        let source = std::fs::read_to_string(&path).unwrap();
        all += 1;
        if lasts(&source) {
            last.push(path.file_stem().unwrap().to_string_lossy().into_owned());
        }
        let request = ["action", "artifact", "caller", "contract", "creator", "owner"];
        for (action, owner) in [("read", "alice"), ("write", "bob"), ("invoke", "bob"), ("transfer", "alice")]
        {
            let values = [action, "report", "alice", "gate", "carol", owner];
            let mut at = 0;
            let request = Value::map(request.map(|name| {
                at += 1;
                (name, Value::text(values[at - 1]))
            }));
            same_function_either_way(&source, "check_permission", &[request]);
        }
    }
    assert_eq!(last.len(), all, "all of them, and not only {last:?}");
}

#[test]
fn what_is_no_chunk_of_the_known_version_does_not_last() {
    let sound = bytecode(LASTING[4]).unwrap();
    assert!(made_lasting(&mut sound.clone()).is_some());
    for at in 0..sound.len() {
        let mut cut = sound[..at].to_vec();
        assert!(made_lasting(&mut cut).is_none(), "cut at {at}");
    }
    for version in [0, 3, 8, 10, 14, 100] {
        let mut other = sound.clone();
        other[0] = version;
        assert!(made_lasting(&mut other).is_none(), "version {version}");
    }
    // Whatever is in it, looking at it ends.
    for at in 0..sound.len() {
        for byte in [0, 1, 20, 21, 70, 127, 128, 255] {
            let mut other = sound.clone();
            other[at] = byte;
            let _ = made_lasting(&mut other);
        }
    }
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c", "x", "l", "g"])
}

fn expression() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        4 => prop::sample::select(vec!["b", "x", "l", "g", "b", "x", "a"]).prop_map(str::to_owned),
        1 => Just("nil".to_owned()),
        1 => Just("true".to_owned()),
        2 => "[0-3]",
        1 => Just("'k'".to_owned()),
        1 => Just("{}".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            4 => name().prop_map(|name| format!("{name}.k")),
            2 => (name(), inner.clone()).prop_map(|(name, at)| format!("{name}[{at}]")),
            2 => name().prop_map(|name| format!("#{name}")),
            2 => (pair.clone(), prop::sample::select(vec!["==", "and", "or", "+", "..", "<"]))
                .prop_map(|((one, two), operator)| format!("({one} {operator} {two})")),
            2 => (prop::sample::select(vec!["f", "f", "type", "next", "pairs", "tostring", "rawlen", "pcall", "table.find"]), pair.clone())
                .prop_map(|(function, (one, two))| format!("{function}({one}, {two})")),
            1 => pair.clone().prop_map(|(one, two)| format!("{{{one}, k = {two}}}")),
            1 => Just("{k = 1, b = 'x', c = true}".to_owned()),
            1 => inner.clone().prop_map(|value| format!("(if {value} then a else c)")),
            1 => inner.prop_map(|value| format!("(function(y) return {value} end)")),
        ]
    })
    .boxed()
}

fn statement() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        6 => expression().prop_map(|value| format!("local l = {value}\n")),
        3 => expression().prop_map(|value| format!("f({value})\n")),
        4 => (name(), expression()).prop_map(|(name, value)| format!("{name}.k = {value}\n")),
        1 => (name(), expression()).prop_map(|(name, value)| format!("{name} = {value}\n")),
        1 => (name(), expression()).prop_map(|(name, value)| format!("table.insert({name}, {value})\n")),
        2 => expression().prop_map(|value| format!("l = {value}\n")),
    ];
    leaf.prop_recursive(2, 8, 2, |inner| {
        prop_oneof![
            (expression(), inner.clone()).prop_map(|(test, body)| format!("if {test} then {body} end\n")),
            (name(), inner.clone()).prop_map(|(name, body)| format!("for k, v in {name} do {body} end\n")),
            (name(), inner.clone())
                .prop_map(|(name, body)| format!("for k, v in ipairs({name}) do {body} end\n")),
            inner.clone().prop_map(|body| format!("for i = 1, 2 do {body} end\n")),
            inner.clone().prop_map(|body| format!("local _ = (function(y) {body} end)(x)\n")),
            (inner.clone(), inner).prop_map(|(one, two)| format!("{one}{two}")),
        ]
    })
    .boxed()
}

/// Two tables, a number and a function at the top level, and a function that tries this and that with them, goes on after every error, and tells what
/// it finds of them in the end.
fn program() -> impl Strategy<Value = String> {
    let table = prop::sample::select(vec!["{1, 2}", "{k = 1}", "{}", "{3, k = 'k', [2] = true}"]);
    let body = || (prop::collection::vec(statement(), 0..4), expression());
    // How the compiler goes about it is for the source to say.
    let first = prop::sample::select(vec!["", "--!optimize 2\n", "--!optimize 0\n", "--!native\n"]);
    let parts = (first, table.clone(), table, body(), body());
    parts.prop_map(|(first, a, c, (inner, inner_result), (outer, result))| {
        let tried: String =
            outer.iter().map(|statement| format!("pcall(function() {statement} end)\n")).collect();
        format!(
            "{first}local a, b = {a}, 3 local c = {c}
            local function make() return function(y) return {{ k = 1, x = 2 }} end end
            made = make()
            function other(x) return make()(x).x end
            local function f(x, y) local l = y {} return {inner_result} end
            function main(x) local l = 1
            {tried}
            local done, result = pcall(function() return {result} end)
            local found = tostring(done) .. type(result) .. #a .. #c .. tostring(pcall(f, x, 1))
            for _, key in {{'k', 1, 2, 3}} do found = found .. tostring(a[key]) .. tostring(c[key]) end
            if x.k == l then return {{ k = 2, b = 'x' }} end
            return found end",
            inner.concat(),
        )
    })
}

#[test]
fn random_programs_are_of_both_kinds() {
    let mut runner = TestRunner::deterministic();
    let sources: Vec<String> = (0..200).map(|_| program().new_tree(&mut runner).unwrap().current()).collect();
    let lasting: Vec<&String> = sources.iter().filter(|source| lasts(source)).collect();
    assert!((20..180).contains(&lasting.len()), "{} of 200 last", lasting.len());
    let writing = sources.iter().filter(|source| unfollowed(source).is_some() && !lasts(source));
    assert!(writing.count() > 20);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn random_programs_are_the_same_either_way(source in program()) {
        same_either_way(&source, &[Value::map([("k", Value::Int(1))])]);
    }

    #[test]
    fn random_programs_leave_nothing_behind_even_unfollowed(source in program()) {
        if let Some(program) = unfollowed(&source) {
            let args = [Value::map([("k", Value::Int(1))])];
            let call = || told(program.call("main", &args, &limits(), 7, &mut NoHost));
            let first = call();
            prop_assert_eq!(call(), first);
        }
    }
}

#[test]
fn a_hostile_source_is_not_followed_for_long() {
    let branches = "if x then t = x end ".repeat(2500);
    let functions = "local function f(x, y) return t[x] end ".repeat(150);
    let loops = format!("{}{}", "while x do local u = if x then t else s ".repeat(40), "end ".repeat(40));
    for body in [branches, functions, loops] {
        let source = format!("local t, s = {{}}, {{}} function main(x) {body} return t[1] end");
        let mut chunk = bytecode(&source).unwrap();
        let started = std::time::Instant::now();
        let _ = made_lasting(&mut chunk);
        assert!(started.elapsed() < std::time::Duration::from_secs(1), "{}", &source[..80]);
    }
}

//! Tests.
use ecology_sandbox::*;
use ecology_types::Value;

fn run(source: &str) -> Called {
    let engine = LuauEngine::new(&["read"]);
    match engine.compile(source, &Limits::default()) {
        Ok(program) => program.call("main", &[], &Limits::default(), 7, &mut NoHost),
        Err(fault) => Called::not_run(fault),
    }
}

#[test]
fn smoke() {
    for source in [
        "function main() return 1 + 2 end",
        "function main() return {a = 1, b = {1,2,3}, c = 'x', d = true} end",
        "function main() while true do end end",
        "function main() pcall(function() while true do end end) return 1 end",
        "function main() local t = {} while true do t[#t+1] = string.rep('x', 1000) end end",
        "function main() local ok, e = pcall(string.rep, 'x', 1e9) return tostring(e) end",
        "function main() return string.find(string.rep('a', 30000), string.rep('a?', 30) .. string.rep('a', 30) .. 'b') end",
        "function main() return main() + 1 end",
        "local function f() return f() + 1 end function main() return pcall(f) end",
        "function main() return 1.5 end",
        "function main() return 0/0 end",
        "function main() return function() end end",
        "function main() local t = {} t.t = t return t end",
        "function main() error('boom\\nx') end",
        "function main() error({}) end",
        "function main() return world.read('a') end",
        "function main() return math.random(1, 100) end",
        "function main() return os end",
        "function main() return ('a,b,c'):split(',') end",
        "function main() return (('hello world'):gsub('o', '0')) end",
        "function main() return {('k=v'):match('(%w)=(%w)')} end",
        "function main() local t = {3,1,2} table.sort(t) return t end",
        "function main() return `{1 + 1} {tostring({})} {print}` end",
        "function main() local s = 0 for k in ('a b c'):gmatch('%a') do s = s .. k end return s end",
        "function main() x",
        "function main() return 2^53 end",
        "function main() return _G end",
        "n = 0 function main() n += 1 return n end",
        "while true do end",
        "function main() return pcall(function() local s = '' for i = 1, 100 do s = s .. s .. 'xxxxxxxxxxxx' end end) end",
    ] {
        let called = run(source);
        let again = run(source);
        println!("{source}\n    {:?} {} {}", called.outcome, called.instructions, called.memory_peak_bytes);
        assert_eq!((called.outcome, called.instructions), (again.outcome, again.instructions));
    }
    let _ = Value::Null;
}

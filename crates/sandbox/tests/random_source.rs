//! Random source: whatever it is, it ends within its limits, twice in the same way.

use ecology_sandbox::{Engine, Limits, LuauEngine, NoHost};
use proptest::prelude::*;

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("x".to_owned()),
        Just("{}".to_owned()),
        Just("main".to_owned()),
        Just("nil".to_owned()),
        Just("'a%b'".to_owned()),
        Just("string".to_owned()),
        Just("0/0".to_owned()),
        Just("...".to_owned()),
        "[0-9]{1,4}",
    ];
    leaf.prop_recursive(4, 40, 3, |inner| {
        let name = prop::sample::select(vec![
            "string.rep",
            "string.find",
            "string.gsub",
            "string.format",
            "string.split",
            "string.byte",
            "table.concat",
            "table.move",
            "table.sort",
            "table.insert",
            "table.remove",
            "table.unpack",
            "setmetatable",
            "pcall",
            "xpcall",
            "coroutine.wrap",
            "tostring",
            "world.read",
            "select",
            "math.random",
            "utf8.len",
            "bit32.band",
            "next",
            "error",
        ]);
        prop_oneof![
            (name, prop::collection::vec(inner.clone(), 0..4))
                .prop_map(|(name, args)| format!("{name}({})", args.join(", "))),
            (
                inner.clone(),
                inner.clone(),
                prop::sample::select(vec!["..", "+", "==", "<", "^", "%", "and", "or"])
            )
                .prop_map(|(a, b, operator)| format!("({a} {operator} {b})")),
            inner.clone().prop_map(|a| format!("function(...) x = {a} return {a} end")),
            inner.clone().prop_map(|a| format!("{{{a}, k = {a}}}")),
            inner.prop_map(|a| format!("({a})[1]")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn ends_within_its_limits(parts in prop::collection::vec(expression(), 1..5), cut in any::<prop::sample::Index>(), mutate in any::<bool>()) {
        let mut source = String::from("function main(...) local t = {}\n");
        for part in parts {
            source += &format!("for i = 1, 3 do t[i] = {part} end x = {part}\n");
        }
        source += "return x end";
        if mutate {
            source.remove(cut.index(source.len()));
        }
        let limits = Limits { instructions_max: 20_000, ..Limits::default() };
        let run = || {
            let program = LuauEngine::new(&["read"]).compile(&source, &limits).ok()?;
            program.has("main").then(|| program.call("main", &[], &limits, 3, &mut NoHost))
        };
        if let Some(called) = run() {
            prop_assert!(called.instructions <= limits.instructions_max);
            prop_assert!(called.memory_peak_bytes <= limits.memory_bytes_max);
            let again = run().map(|again| (again.outcome, again.instructions));
            prop_assert_eq!(again, Some((called.outcome, called.instructions)));
        }
    }
}

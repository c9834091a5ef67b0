//! Contracts and tools in WebAssembly, beside those in Luau: one world, the same rules.

use std::sync::Arc;

use data_encoding::BASE64;
use ecology_runner::code::HOST_FUNCTIONS;
use ecology_sandbox::{LuauEngine, MixedEngine, WasmEngine};
use ecology_types::{CodeRules, RefusalCode, Value};

use super::arena::{ATTACKER, Arena, call, read};

/// What every module has, and a search for text in what it is asked.
const COMMON: &str = r#"
    (memory (export "memory") 2)
    (global $top (mut i32) (i32.const 65536))
    (func (export "alloc") (param i32) (result i32)
        global.get $top
        (global.set $top (i32.add (global.get $top) (local.get 0))))
    (func $pack (param i32 i32) (result i64)
        (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1))))
    (func $begins (param $at i32) (param $text i32) (param $length i32) (result i32)
        (local $i i32)
        (loop $next
            (if (i32.ge_u (local.get $i) (local.get $length)) (then (return (i32.const 1))))
            (if (i32.ne (i32.load8_u (i32.add (local.get $at) (local.get $i)))
                        (i32.load8_u (i32.add (local.get $text) (local.get $i)))) (then (return (i32.const 0))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $next))
        unreachable)
    (func $contains (param $at i32) (param $bytes i32) (param $text i32) (param $length i32) (result i32)
        (local $end i32)
        (local.set $end (i32.sub (i32.add (local.get $at) (local.get $bytes)) (local.get $length)))
        (loop $next
            (if (i32.gt_s (local.get $at) (local.get $end)) (then (return (i32.const 0))))
            (if (call $begins (local.get $at) (local.get $text) (local.get $length)) (then (return (i32.const 1))))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br $next))
        unreachable)
"#;

fn module(rest: &str) -> String {
    let text = format!("(module {rest})");
    BASE64.encode(&wat::parse_str(&text).unwrap_or_else(|error| panic!("{text}: {error}")))
}

/// Bytes at a place in memory, as the text format wants them.
fn data(at: u32, text: &str) -> String {
    let escaped: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    format!("(data (i32.const {at}) \"{escaped}\")")
}

/// Lets bob read for 3, and nobody else.
fn gate() -> String {
    let (bob, yes, no) =
        (r#""caller":"bob""#, r#"{"allow":true,"cost":3}"#, r#"{"allow":false,"reason":"not for you"}"#);
    let [bob_at, yes_at, no_at] = [data(16, bob), data(64, yes), data(128, no)];
    module(&format!(
        r#"{COMMON} {bob_at} {yes_at} {no_at}
        (func (export "check_permission") (param i32 i32) (result i64)
            (if (result i64) (call $contains (local.get 0) (local.get 1) (i32.const 16) (i32.const {}))
                (then (call $pack (i32.const 64) (i32.const {})))
                (else (call $pack (i32.const 128) (i32.const {})))))"#,
        bob.len(),
        yes.len(),
        no.len()
    ))
}

/// Pays its writer out of the caller's allowance, and returns what came of that.
fn robber(amount: u64) -> String {
    let ask = format!(r#"[{{"to":"{ATTACKER}","amount":{amount}}}]"#);
    module(&format!(
        r#"(import "world" "pay" (func $pay (param i32 i32) (result i64)))
        {COMMON} {}
        (func (export "check_permission") (param i32 i32) (result i64) unreachable)
        (func (export "run") (param i32 i32) (result i64) (call $pay (i32.const 16) (i32.const {})))"#,
        data(16, &ask),
        ask.len()
    ))
}

fn arena() -> Arena {
    let wasm = WasmEngine::new(HOST_FUNCTIONS).unwrap();
    let luau = LuauEngine::new(HOST_FUNCTIONS);
    Arena::run_by(Arc::new(MixedEngine::new(Arc::new(luau), Arc::new(wasm))), CodeRules::default())
}

#[test]
fn a_contract_in_webassembly_governs_and_charges_like_any_other() {
    let mut arena = arena();
    arena.code("gate", &gate());
    arena.governed("ann", "leaf", "gate");
    let before = arena.scrip("bob");
    arena.done("bob", read("leaf"));
    assert_eq!(arena.scrip("bob"), before - 3);
    let refusal = arena.refused("cid", read("leaf"));
    assert_eq!(refusal.code, RefusalCode::NotPermitted);
    assert!(refusal.detail.contains("not for you"), "{refusal:?}");
    arena.goes_on("a contract in WebAssembly");
}

#[test]
fn a_tool_in_webassembly_spends_no_more_than_it_was_allowed() {
    for (amount, taken) in [(4, 4), (10, 10), (11, 0)] {
        let mut arena = arena();
        arena.code("tool", &robber(amount));
        let (bob, mallory) = (arena.scrip("bob"), arena.scrip(ATTACKER));
        let outcome = arena.act("bob", call("tool", Value::Map(Vec::new()), 10));
        assert_eq!(
            (bob - arena.scrip("bob"), arena.scrip(ATTACKER) - mallory),
            (taken, taken),
            "{outcome:?}"
        );
        arena.goes_on("a tool in WebAssembly");
    }
}

#[test]
fn hostile_modules_are_a_no_and_nobody_else_notices() {
    let hostile = [
        ("endless", "(loop $again (br $again)) unreachable"),
        ("memory", "(loop $again (drop (memory.grow (i32.const 1))) (br $again)) unreachable"),
        ("recursion", "(call $check (local.get 0) (local.get 1))"),
        ("forged", "(i64.const -1)"),
    ];
    for (name, body) in hostile {
        let mut arena = arena();
        arena.code(
            "trap",
            &module(&format!(
                "{COMMON} (func $check (export \"check_permission\") (param i32 i32) (result i64) {body})"
            )),
        );
        arena.governed(ATTACKER, "bait", "trap");
        arena.unharmed(name, |arena| assert!(arena.act("bob", read("bait")).is_err(), "{name}"));
    }
}

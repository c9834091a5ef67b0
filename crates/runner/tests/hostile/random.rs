//! Random code: whatever it says, the laws hold, and what is refused changes nothing.

use proptest::prelude::*;

use super::arena::*;
use ecology_types::Value;

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        (-3_i64..1_200).prop_map(|n| n.to_string()),
        Just("0/0".to_owned()),
        Just("1e300".to_owned()),
        Just("2^53".to_owned()),
        Just("0.5".to_owned()),
        Just("'7'".to_owned()),
    ]
}

fn somebody() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "mallory",
        "ann",
        "bob",
        "cid",
        "nobody",
        "secret",
        "tool_0",
        "tool_1",
        "genesis_escrow",
        "gate_0",
    ])
    .prop_map(str::to_owned)
}

fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just("allow = true".to_owned()),
        1 => Just("allow = false".to_owned()),
        2 => number().prop_map(|n| format!("cost = {n}")),
        2 => prop::sample::select(vec!["invoker", "owner", "artifact", "split", "ann"]).prop_map(|who| format!("payer = '{who}'")),
        1 => number().prop_map(|n| format!("payer_share = {n}")),
        2 => (somebody(), number()).prop_map(|(to, n)| format!("pay = {{ {{ to = '{to}', amount = {n} }} }}")),
        1 => number().prop_map(|n| format!("state = {{ {n}, 'x' }}")),
        1 => Just("cacheable = true".to_owned()),
        1 => Just("reason = request.caller".to_owned()),
    ]
}

fn statement() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => (somebody(), number(), any::<bool>()).prop_map(|(to, n, own)| {
            format!("world.pay{{ to = '{to}', amount = {n}, from = '{}' }}", if own { "own" } else { "allowance" })
        }),
        2 => (0_u8..4, number()).prop_map(|(tool, n)| format!("world.invoke{{ artifact = 'tool_{tool}', method = 'go', allowance = {n} }}")),
        1 => number().prop_map(|n| format!("world.set_state({{ {n} }})")),
        1 => somebody().prop_map(|who| format!("world.balance('{who}')")),
        1 => somebody().prop_map(|who| format!("world.read('{who}')")),
        1 => Just("world.state()".to_owned()),
        1 => Just("error('no')".to_owned()),
    ]
    .prop_flat_map(|statement| {
        any::<bool>().prop_map(move |is_caught| {
            if is_caught { format!("pcall(function() {statement} end)") } else { statement.clone() }
        })
    })
}

fn gate() -> impl Strategy<Value = String> {
    prop::collection::vec(field(), 0..5).prop_map(|fields| {
        format!("function check_permission(request) return {{ {} }} end", fields.join(", "))
    })
}

fn tool() -> impl Strategy<Value = String> {
    prop::collection::vec(statement(), 0..6).prop_map(|body| {
        format!("function run(method, args) {} return world.allowance() end", body.join(" "))
    })
}

#[derive(Debug, Clone)]
enum Deed {
    Read(String, u8),
    Use(String, u8, u64),
    Delete(String, u8),
    Rewrite(u8, String),
}

fn deed() -> impl Strategy<Value = Deed> {
    let who = || prop::sample::select(vec!["ann", "bob", "cid", "mallory"]).prop_map(str::to_owned);
    prop_oneof![
        4 => (who(), 0_u8..4).prop_map(|(who, at)| Deed::Read(who, at)),
        4 => (who(), 0_u8..4, 0_u64..30).prop_map(|(who, at, allowance)| Deed::Use(who, at, allowance)),
        1 => (who(), 0_u8..4).prop_map(|(who, at)| Deed::Delete(who, at)),
        1 => (0_u8..4, gate()).prop_map(|(at, source)| Deed::Rewrite(at, source)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_code_breaks_a_law(
        gates in prop::collection::vec(gate(), 4),
        tools in prop::collection::vec(tool(), 4),
        owners in prop::collection::vec(any::<bool>(), 4),
        deeds in prop::collection::vec(deed(), 1..24),
    ) {
        let mut arena = Arena::new();
        for (at, source) in gates.iter().enumerate() {
            let owner = if owners[at] { "ann" } else { ATTACKER };
            let _ = arena.act(owner, executable(&format!("gate_{at}"), source));
            let _ = arena.act(owner, executable(&format!("tool_{at}"), &tools[at]));
            let _ = arena.act("ann", governed(&format!("thing_{at}"), &format!("gate_{at}")));
        }
        for deed in deeds {
            let before = ["ann", "bob", "cid", ATTACKER].map(|who| arena.scrip(who));
            let (who, allowance, outcome) = match deed {
                Deed::Read(who, at) => (who.clone(), 1_000, arena.act(&who, read(&format!("thing_{at}")))),
                Deed::Use(who, at, allowance) => {
                    let action = call(&format!("tool_{at}"), Value::Map(Vec::new()), allowance);
                    (who.clone(), allowance, arena.act(&who, action))
                }
                Deed::Delete(who, at) => (who.clone(), 1_000, arena.act(&who, delete(&format!("thing_{at}")))),
                Deed::Rewrite(at, source) => {
                    (ATTACKER.to_owned(), 1_000, arena.act(ATTACKER, executable(&format!("gate_{at}"), &source)))
                }
            };
            let after = ["ann", "bob", "cid", ATTACKER].map(|who| arena.scrip(who));
            if outcome.is_err() {
                prop_assert_eq!(before, after, "a refused action moves no scrip");
            }
            for (at, name) in ["ann", "bob", "cid", ATTACKER].into_iter().enumerate() {
                let paid = before[at].saturating_sub(after[at]);
                // Who does not act pays only what a contract of her own says of her own things.
                prop_assert!(paid == 0 || name == who || name == "ann", "{} paid {}", name, paid);
                prop_assert!(name != who || paid <= allowance, "{} paid {} of {}", name, paid, allowance);
            }
        }
        arena.goes_on("random code");
    }
}

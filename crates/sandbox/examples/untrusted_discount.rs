//! A shop lets its customers write the rule of their own discount, and does not trust one of them.
//!
//! `cargo run -p ecology-sandbox --example untrusted_discount`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use ecology_sandbox::{Engine, Host, HostError, Limits, LuauEngine};
use ecology_types::Value;

/// What the rules may ask.
struct Shop;

impl Host for Shop {
    fn call(&mut self, _function: &str, args: &[Value]) -> Result<Value, HostError> {
        match args.first().and_then(Value::as_text) {
            Some("alice") => Ok(Value::Int(12)),
            Some(_) => Ok(Value::Int(0)),
            None => Err(HostError::Refused("whose orders?".to_owned())),
        }
    }
}

fn main() {
    let engine = LuauEngine::new(&["orders"]);
    let limits = Limits::default();
    let rules = [
        (
            "fair",
            "function discount(who, price) return if world.orders(who) > 10 then price // 10 else 0 end",
        ),
        ("hangs", "function discount() while true do end end"),
        ("hoards", "function discount() local s = 'x' while true do s = s .. s end end"),
        ("guesses", "function discount(who, price) return price / 3 end"),
        ("spies", "function discount() return os.getenv('HOME') end"),
        ("is no program", "function discount("),
    ];
    for (name, source) in rules {
        let outcome = engine.compile(source, &limits).and_then(|program| {
            let args = [Value::text("alice"), Value::Int(250)];
            program.call("discount", &args, &limits, 0, &mut Shop).outcome
        });
        match outcome {
            Ok(value) => println!("{name}: a discount of {value:?}"),
            Err(fault) => println!("{name}: no discount, {fault}"),
        }
    }
}

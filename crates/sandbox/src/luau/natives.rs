//! What the prelude is given besides the libraries of the machine.

use std::rc::Rc;

use mlua::{Lua, LuaString, MultiValue, Table};

use super::pattern::{self, Capture, Trouble};
use super::vm::stopped;
use crate::Fault;
use crate::meter::Meter;

/// The natives of the prelude, which charge what they do.
pub(super) fn natives(lua: &Lua, meter: &Rc<Meter>) -> mlua::Result<Table> {
    let native = lua.create_table()?;
    let counting = Rc::clone(meter);
    native.raw_set(
        "charge",
        lua.create_function(move |_, amount: f64| counting.charge(count(amount)).map_err(|_| stopped()))?,
    )?;
    let counting = Rc::clone(meter);
    native.raw_set(
        "stop_out_of_memory",
        lua.create_function(move |_, ()| {
            counting.stop(Fault::OutOfMemory);
            Err::<(), _>(stopped())
        })?,
    )?;
    let counting = Rc::clone(meter);
    native.raw_set(
        "random",
        lua.create_function(move |_, (low, high): (Option<f64>, Option<f64>)| {
            Ok(random(counting.random(), low.zip(high)))
        })?,
    )?;
    let counting = Rc::clone(meter);
    native.raw_set(
        "pattern",
        lua.create_function(
            move |lua, (text, pattern, init, is_literal_caret): (LuaString, LuaString, f64, bool)| {
                find(lua, &text, &pattern, init, is_literal_caret, &counting)
            },
        )?,
    )?;
    let counting = Rc::clone(meter);
    native.raw_set(
        "plain_find",
        lua.create_function(move |_, (text, wanted, init): (LuaString, LuaString, f64)| {
            let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
            let from = position(init).min(text.len());
            counting
                .charge((text.len() - from + wanted.len()) as u64 / crate::BYTES_PER_INSTRUCTION)
                .map_err(|_| stopped())?;
            Ok(memchr::memmem::find(&text[from..], &wanted)
                .map(|at| (from + at + 1, from + at + wanted.len()))
                .unzip())
        })?,
    )?;
    native.raw_set("null", mlua::Value::NULL)?;
    native.raw_set("bytes_per_instruction", crate::BYTES_PER_INSTRUCTION)?;
    native.raw_set("items_per_instruction", crate::ITEMS_PER_INSTRUCTION)?;
    Ok(native)
}

fn find(
    lua: &Lua,
    text: &LuaString,
    pattern: &LuaString,
    init: f64,
    is_literal_caret: bool,
    meter: &Meter,
) -> mlua::Result<MultiValue> {
    let (text, pattern) = (text.as_bytes(), pattern.as_bytes());
    let found = match pattern::find(&text, &pattern, position(init), is_literal_caret, meter) {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(MultiValue::new()),
        Err(Trouble::Stopped) => return Err(stopped()),
        Err(Trouble::Malformed(why)) => return Err(mlua::Error::runtime(why)),
    };
    let mut results = MultiValue::with_capacity(2 + found.captures.len());
    results.push_back(number(found.from + 1));
    results.push_back(number(found.to));
    for capture in found.captures {
        results.push_back(match capture {
            Capture::Text(from, to) => mlua::Value::String(lua.create_string(&text[from..to])?),
            Capture::Position(at) => number(at),
        });
    }
    Ok(results)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "positions in a string are far below 2^53; 53 random bits are what a float holds"
)]
mod floats {
    /// A position as the code sees it.
    pub(super) fn number(at: usize) -> mlua::Value {
        mlua::Value::Number(at as f64)
    }

    /// A number in [0, 1), or a whole one between two, both included.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole numbers within 2^53, as the prelude makes sure"
    )]
    pub(super) fn random(bits: u64, between: Option<(f64, f64)>) -> f64 {
        let Some((low, high)) = between else { return (bits >> 11) as f64 / (1_u64 << 53) as f64 };
        let (low, high) = (low as i64, high as i64);
        let span = u128::from(high.abs_diff(low)) + 1;
        // Multiply and shift (Lemire 2019) without the rejection: the bias is below 2^-10 even for the widest span.
        let offset = (u128::from(bits) * span) >> 64;
        (i128::from(low) + offset as i128) as f64
    }
}
use floats::{number, random};

/// A zero-based position from one that counts from 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, as wanted")]
fn position(init: f64) -> usize {
    (init as usize).saturating_sub(1)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, as wanted")]
fn count(amount: f64) -> u64 {
    amount as u64
}

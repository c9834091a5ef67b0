//! Values across the border between the machine and the code, refused rather than rounded.

use ecology_types::{SmolStr, Value};
use mlua::{Either, Lua};

use crate::{Fault, Limits};

/// The largest whole number below which every whole number is exact in 64-bit floating point.
const WHOLE_MAX: i64 = (1 << 53) - 1;

/// The most items of one table read back: an item takes 8 bytes at least.
const BYTES_PER_ITEM: u64 = 8;

/// Refuses values that are too large or nest too deep.
pub(crate) fn check(values: &[Value], limits: &Limits) -> Result<(), Fault> {
    let depth_max = usize::try_from(limits.value_depth_max).unwrap_or(usize::MAX);
    // The depth first: size is counted by recursion.
    let fits = values.iter().all(|value| value.depth(depth_max) <= depth_max)
        && values.iter().map(|value| value.bytes() as u64).sum::<u64>() <= limits.value_bytes_max;
    if fits { Ok(()) } else { Err(too_large(limits)) }
}

/// Hands a checked value to the code.
pub(crate) fn to_lua(lua: &Lua, value: &Value) -> Result<mlua::Value, Refused> {
    Ok(match value {
        Value::Null => mlua::Value::Nil,
        Value::Bool(truth) => mlua::Value::Boolean(*truth),
        Value::Int(number) => mlua::Value::Number(exact(*number)?),
        Value::Text(text) => mlua::Value::String(lua.create_string(text.as_bytes())?),
        Value::List(items) => {
            let table = lua.create_table_with_capacity(items.len(), 0)?;
            for (index, item) in items.iter().enumerate() {
                // A hole would end the list early: nothing inside a list is the constant `null`.
                let item = if *item == Value::Null { mlua::Value::NULL } else { to_lua(lua, item)? };
                table.raw_seti(index + 1, item)?;
            }
            mlua::Value::Table(table)
        }
        Value::Map(pairs) => {
            let table = lua.create_table_with_capacity(0, pairs.len())?;
            for (name, value) in pairs {
                let name = name.as_str();
                // Plain ones go in without a handle of their own, which would cost as much again.
                match (plain(value)?, value) {
                    (Some(value), _) => table.raw_set(name, value)?,
                    (None, Value::Null) => {}
                    (None, other) => table.raw_set(name, to_lua(lua, other)?)?,
                }
            }
            mlua::Value::Table(table)
        }
    })
}

/// A truth, a number or a text, as what goes in without a handle; nothing for the rest.
pub(super) type Plain<'a> = Either<&'a str, Either<f64, bool>>;

/// The plain form of a value that has one.
pub(super) fn plain(value: &Value) -> Result<Option<Plain<'_>>, Refused> {
    Ok(match value {
        Value::Bool(truth) => Some(Either::Right(Either::Right(*truth))),
        Value::Int(number) => Some(Either::Right(Either::Left(exact(*number)?))),
        Value::Text(text) => Some(Either::Left(text.as_str())),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    })
}

/// Why a value does not pass.
pub(crate) enum Refused {
    /// It is no value, or too large.
    Fault(Fault),
    /// No memory for it.
    Memory,
}

impl From<mlua::Error> for Refused {
    fn from(_: mlua::Error) -> Self {
        Self::Memory
    }
}

#[expect(clippy::cast_precision_loss, reason = "below 2^53 every whole number is exact")]
fn exact(number: i64) -> Result<f64, Refused> {
    if number.unsigned_abs() <= WHOLE_MAX.unsigned_abs() {
        Ok(number as f64)
    } else {
        Err(Refused::Fault(no_value(format!("the number {number}, beyond 2^53,"))))
    }
}

/// Takes a value from the code.
pub(crate) fn from_lua(value: &mlua::Value, limits: &Limits) -> Result<Value, Refused> {
    Reader { limits, bytes_left: limits.value_bytes_max }.read(value, 0)
}

/// Takes several values from the code that share one size limit.
pub(crate) fn all_from_lua(values: &[mlua::Value], limits: &Limits) -> Result<Vec<Value>, Refused> {
    let mut reader = Reader { limits, bytes_left: limits.value_bytes_max };
    values.iter().map(|value| reader.read(value, 0)).collect()
}

struct Reader<'a> {
    limits: &'a Limits,
    bytes_left: u64,
}

impl Reader<'_> {
    fn read(&mut self, value: &mlua::Value, depth: u32) -> Result<Value, Refused> {
        if depth >= self.limits.value_depth_max {
            return Err(Refused::Fault(too_large(self.limits)));
        }
        match value {
            mlua::Value::Nil => self.take(BYTES_PER_ITEM).map(|()| Value::Null),
            value if *value == mlua::Value::NULL => self.take(BYTES_PER_ITEM).map(|()| Value::Null),
            mlua::Value::Boolean(truth) => self.take(BYTES_PER_ITEM).map(|()| Value::Bool(*truth)),
            mlua::Value::Integer(number) => self.take(BYTES_PER_ITEM).and_then(|()| {
                exact(*number)?;
                Ok(Value::Int(*number))
            }),
            mlua::Value::Number(number) => self.take(BYTES_PER_ITEM).and_then(|()| whole(*number)),
            mlua::Value::String(text) => {
                let bytes = text.as_bytes();
                self.take((bytes.len() as u64).max(BYTES_PER_ITEM))?;
                self.text(&bytes).map(Value::Text)
            }
            mlua::Value::Table(table) => self.table(table, depth),
            other => Err(Refused::Fault(no_value(format!("a {}", other.type_name())))),
        }
    }

    fn table(&mut self, table: &mlua::Table, depth: u32) -> Result<Value, Refused> {
        self.take(BYTES_PER_ITEM)?;
        let length = table.raw_len();
        if length > 0 {
            self.may_take(length as u64)?;
            let mut items = Vec::with_capacity(length);
            for index in 1..=length {
                items.push(self.read(&table.raw_get(index)?, depth + 1)?);
            }
            let mut count = 0_usize;
            table.for_each::<mlua::Value, mlua::Value>(|_, _| {
                count += 1;
                Ok(())
            })?;
            if count != length {
                return Err(Refused::Fault(no_value("a table that is neither a list nor a map".to_owned())));
            }
            return Ok(Value::List(items));
        }
        let mut pairs = Vec::new();
        if !self.named_pairs(table, depth, &mut pairs)? {
            self.other_pairs(table, depth, &mut pairs)?;
        }
        if pairs.is_empty() {
            return Ok(Value::List(Vec::new()));
        }
        // The order of a table depends on how it was filled; sorted, equal content is an equal value.
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Value::Map(pairs))
    }

    /// Reads pairs up to the first one whose key is no name: nearly all are, and read without handles, which cost as much again. Whether that is all.
    fn named_pairs(
        &mut self,
        table: &mlua::Table,
        depth: u32,
        pairs: &mut Vec<(SmolStr, Value)>,
    ) -> Result<bool, Refused> {
        let mut refused = None;
        // An error ends the walk; which one is kept aside, because the walk has its own type of error.
        let walked = table.for_each::<String, mlua::Value>(|name, value| {
            // A number read as text is no name.
            if !is_name(&name) {
                return Err(mlua::Error::StackError);
            }
            match self.named_pair(&name, &value, depth) {
                Ok(pair) => pairs.push(pair),
                Err(why) => {
                    refused = Some(why);
                    return Err(mlua::Error::StackError);
                }
            }
            Ok(())
        });
        match refused {
            Some(refused) => Err(refused),
            None => Ok(walked.is_ok()),
        }
    }

    fn named_pair(
        &mut self,
        name: &str,
        value: &mlua::Value,
        depth: u32,
    ) -> Result<(SmolStr, Value), Refused> {
        self.take(name.len() as u64)?;
        Ok((SmolStr::new(name), self.read(value, depth + 1)?))
    }

    /// The pairs that follow those that were read, whatever their keys, or what is wrong with them. Nothing is read twice: of tables in tables
    /// the innermost would be read as often as two to the power of their depth.
    fn other_pairs(
        &mut self,
        table: &mlua::Table,
        depth: u32,
        pairs: &mut Vec<(SmolStr, Value)>,
    ) -> Result<(), Refused> {
        let mut known = pairs.len();
        let mut refused = None;
        let walked = table.for_each::<mlua::Value, mlua::Value>(|key, value| {
            if known > 0 {
                known -= 1;
                return Ok(());
            }
            match self.pair(&key, &value, depth) {
                Ok(pair) => pairs.push(pair),
                Err(why) => {
                    refused = Some(why);
                    return Err(mlua::Error::StackError);
                }
            }
            Ok(())
        });
        match refused {
            Some(refused) => Err(refused),
            None => walked.map_err(Refused::from),
        }
    }

    fn pair(
        &mut self,
        key: &mlua::Value,
        value: &mlua::Value,
        depth: u32,
    ) -> Result<(SmolStr, Value), Refused> {
        let mlua::Value::String(name) = key else {
            return Err(Refused::Fault(no_value(format!("a map with a key that is a {}", key.type_name()))));
        };
        let bytes = name.as_bytes();
        self.take(bytes.len() as u64)?;
        Ok((self.text(&bytes)?, self.read(value, depth + 1)?))
    }

    fn text(&self, bytes: &[u8]) -> Result<SmolStr, Refused> {
        std::str::from_utf8(bytes)
            .map(SmolStr::new)
            .map_err(|_| Refused::Fault(no_value("text that is not UTF-8".to_owned())))
    }

    fn may_take(&self, items: u64) -> Result<(), Refused> {
        if items.saturating_mul(BYTES_PER_ITEM) > self.bytes_left {
            return Err(Refused::Fault(too_large(self.limits)));
        }
        Ok(())
    }

    fn take(&mut self, bytes: u64) -> Result<(), Refused> {
        match self.bytes_left.checked_sub(bytes) {
            Some(left) => {
                self.bytes_left = left;
                Ok(())
            }
            None => Err(Refused::Fault(too_large(self.limits))),
        }
    }
}

/// Whether a key is a text, from what it reads as: no number begins like this, but for `inf` and `nan`.
fn is_name(key: &str) -> bool {
    key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') && key != "inf" && key != "nan"
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "whole and below 2^53, as just checked"
)]
#[expect(clippy::float_cmp, reason = "whole numbers compare exactly")]
fn whole(number: f64) -> Result<Value, Refused> {
    if number.is_finite() && number.trunc() == number && number.abs() <= WHOLE_MAX as f64 {
        return Ok(Value::Int(number as i64));
    }
    let what = if number.is_nan() {
        "a number that is not a number (NaN)".to_owned()
    } else if number.is_infinite() {
        "an infinite number".to_owned()
    } else if number.abs() > WHOLE_MAX as f64 {
        "a number beyond 2^53".to_owned()
    } else {
        format!("the number {number}, which is not whole,")
    };
    Err(Refused::Fault(no_value(what)))
}

fn too_large(limits: &Limits) -> Fault {
    Fault::ValueTooLarge { bytes_max: limits.value_bytes_max, depth_max: limits.value_depth_max }
}

fn no_value(what: String) -> Fault {
    Fault::NotAValue { what }
}

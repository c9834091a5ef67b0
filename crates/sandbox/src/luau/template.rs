//! A map that was handed to code, kept so that the next one like it costs a copy and no building.

use ecology_types::{SmolStr, Value};
use mlua::{Lua, Table};

use super::convert::{Refused, plain, to_lua};
use crate::Limits;

/// Fields of a map that is kept at most.
const FIELDS_MAX: usize = 32;
/// Bytes of a map that is kept at most.
const BYTES_MAX: usize = 4096;

/// The last flat map that calls of a machine were handed, as a table that code never sees: each call gets a copy.
///
/// Requests to contracts all have the same fields, and most of them the values of the one before. What code can tell of the copy, the order of its
/// fields included, is what it could tell of a table built for it alone.
pub(super) struct Template {
    fields: Vec<(SmolStr, Value)>,
    bytes: usize,
    table: Table,
}

impl Template {
    /// The fields of a call's only argument, when it is a map that can be handed over as a copy. Depends on the arguments alone.
    pub(super) fn fields_of(args: &[Value]) -> Option<&[(SmolStr, Value)]> {
        let [map @ Value::Map(fields)] = args else { return None };
        let is_flat = fields.iter().all(|(_, value)| !matches!(value, Value::List(_) | Value::Map(_)));
        // A name that comes twice has one place in the table, and which value is there hangs on the order.
        let is_unique = |at: usize| fields[..at].iter().all(|(name, _)| *name != fields[at].0);
        (is_flat
            && fields.len() <= FIELDS_MAX
            && map.bytes() <= BYTES_MAX
            && (1..fields.len()).all(is_unique))
        .then_some(fields)
    }

    /// A template made anew.
    pub(super) fn new(lua: &Lua, map: &Value, fields: &[(SmolStr, Value)]) -> Result<Self, Refused> {
        match to_lua(lua, map)? {
            mlua::Value::Table(table) => Ok(Self { fields: fields.to_vec(), bytes: map.bytes(), table }),
            _ => Err(Refused::Memory),
        }
    }

    /// Takes over the values of arguments that differ in nothing else; whether they did. When they do not, or are refused, the template is some mixture,
    /// but what it remembers is still what its table holds.
    pub(super) fn take_over(&mut self, args: &[Value]) -> Result<bool, Refused> {
        let [Value::Map(fields)] = args else { return Ok(false) };
        if fields.len() != self.fields.len() {
            return Ok(false);
        }
        for ((name, old), (new_name, new)) in self.fields.iter_mut().zip(fields) {
            if name != new_name {
                return Ok(false);
            }
            if old != new {
                let bytes = self.bytes - old.bytes() + new.bytes();
                // What is null has no place in the table, so a value that becomes null or was it is no matter of values alone.
                if bytes > BYTES_MAX || *old == Value::Null {
                    return Ok(false);
                }
                let Some(value) = plain(new)? else { return Ok(false) };
                self.table.raw_set(name.as_str(), value)?;
                self.bytes = bytes;
                *old = new.clone();
            }
        }
        Ok(true)
    }

    /// Whether it may be handed over within these limits.
    pub(super) const fn fits(&self, limits: &Limits) -> bool {
        self.bytes as u64 <= limits.value_bytes_max
            && (limits.value_depth_max > 1 || (self.fields.is_empty() && limits.value_depth_max == 1))
    }

    pub(super) const fn table(&self) -> &Table {
        &self.table
    }
}

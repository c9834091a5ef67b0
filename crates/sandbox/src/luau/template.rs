//! A map that was handed to code, kept so that the next one like it costs a copy and no building.

use ecology_types::{SmolStr, Value};
use mlua::{Lua, Table};

use super::convert::{Refused, plain, to_lua};

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
    table: Table,
}

impl Template {
    /// The fields of a call's only argument, when it is a map that can be handed over as a copy. Depends on the arguments alone.
    pub(super) fn fields_of(args: &[Value]) -> Option<&[(SmolStr, Value)]> {
        let [map @ Value::Map(fields)] = args else { return None };
        let is_flat = fields.iter().all(|(_, value)| !matches!(value, Value::List(_) | Value::Map(_)));
        (is_flat && fields.len() <= FIELDS_MAX && map.bytes() <= BYTES_MAX).then_some(fields)
    }

    /// A template made anew.
    pub(super) fn new(lua: &Lua, map: &Value, fields: &[(SmolStr, Value)]) -> Result<Self, Refused> {
        match to_lua(lua, map)? {
            mlua::Value::Table(table) => Ok(Self { fields: fields.to_vec(), table }),
            _ => Err(Refused::Memory),
        }
    }

    /// Whether these fields differ in nothing but values: what is null has no place in the table.
    pub(super) fn fits(&self, fields: &[(SmolStr, Value)]) -> bool {
        self.fields.len() == fields.len()
            && self.fields.iter().zip(fields).all(|((known, old), (name, new))| {
                known == name && (*old == Value::Null) == (*new == Value::Null)
            })
    }

    /// Takes over the values of fields that fit.
    pub(super) fn fill(&mut self, fields: &[(SmolStr, Value)]) -> Result<(), Refused> {
        for ((name, old), (_, new)) in self.fields.iter_mut().zip(fields) {
            if old != new {
                if let Some(value) = plain(new)? {
                    self.table.raw_set(name.as_str(), value)?;
                }
                // Only now: what is remembered is what the table holds, also when a value is refused.
                *old = new.clone();
            }
        }
        Ok(())
    }

    pub(super) const fn table(&self) -> &Table {
        &self.table
    }
}

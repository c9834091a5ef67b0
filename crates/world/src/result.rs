//! Building results without copying names and ids.

use ecology_types::{Id, SmolStr, Value};

/// A map whose names are spelled out in the code.
pub(crate) fn row<const N: usize>(pairs: [(&'static str, Value); N]) -> Value {
    let mut row = Vec::with_capacity(N);
    for (name, value) in pairs {
        row.push((SmolStr::new_static(name), value));
    }
    Value::Map(row)
}

/// An id as a value.
pub(crate) fn id_value(id: &Id) -> Value {
    Value::Text(SmolStr::from(id.clone()))
}

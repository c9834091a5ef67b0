//! Moving what exists in a world to the other half of an axis.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Axis, Interface, Key, Method, Side, SmolStr, Value};

/// One step of a migration. A migration begins, converts artifacts batch by batch, and finishes; a crash in between loses no batch, and
/// beginning the same migration again goes over everything once more without converting anything twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Migration {
    /// It begins, or begins again after the world has run meanwhile.
    Begin {
        /// The axis.
        axis: Axis,
        /// The half to move to.
        to: Side,
        /// Why it goes ahead although not every gate is met.
        forced: Option<Box<str>>,
        /// What the gates found, in one line.
        evidence: Box<str>,
    },
    /// The next keys, at most so many.
    Batch {
        /// At least 1.
        keys_max: u32,
    },
    /// Everything has been converted: the other half may serve.
    Finish,
    /// It is given up: what was converted is restored by a migration back.
    Abandon,
}

/// What a batch did to one artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Converted {
    /// Which one.
    pub key: Key,
    /// What changed.
    pub field: ConvertedField,
    /// Whether the world keeps what was there before, so that the way back restores it. Otherwise what it kept is let go.
    pub keeps: bool,
}

/// A field that a migration changes. Neither the version nor the time of the last change move with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConvertedField {
    /// The contract that answers for the artifact.
    AccessContract(Option<Key>),
    /// Its methods.
    Interface(Option<Arc<Interface>>),
    /// Nothing: only what was kept of it is let go, because somebody has changed the field meanwhile.
    Nothing,
}

/// A digest of a range of keys.
pub type RangeDigest = [u8; 16];

impl Interface {
    /// The methods of an executable that came without a description of any: it has one entry, whose arguments nobody has described.
    #[must_use]
    pub fn undescribed() -> Self {
        let input_schema = Value::map([("type", Value::text("object"))]);
        Self {
            description: SmolStr::new_static("made before executables described their methods"),
            methods: vec![Method {
                name: SmolStr::new_static("run"),
                description: SmolStr::new_static("the only entry; its arguments are not described"),
                input_schema,
            }],
        }
    }
}

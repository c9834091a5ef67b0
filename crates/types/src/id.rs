//! Names of things: the id that people and agents write, and the key that the world counts with.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The id of an artifact or principal, as agents and people write it.
///
/// At most [`Id::BYTES_MAX`] bytes of ASCII letters, digits, `_`, `-`, `.` and `:`, beginning with a letter, a digit or `_`.
/// The narrow alphabet is deliberate: an id ends up in logs, terminals, web pages and file names, and no two ids look alike.
/// A world may set a lower length limit ([`crate::Limits::id_bytes_max`]).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(try_from = "SmolStr")]
#[schemars(with = "String")]
pub struct Id(SmolStr);

/// As its text.
impl Serialize for Id {
    #[inline]
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Id {
    /// The longest id any world can hold, in bytes.
    pub const BYTES_MAX: usize = 128;

    /// Checks `text` and makes it an id.
    ///
    /// # Errors
    /// [`IdError`] says what is wrong and at which byte.
    pub fn new(text: impl AsRef<str>) -> Result<Self, IdError> {
        let text = text.as_ref();
        if text.is_empty() {
            return Err(IdError::Empty);
        }
        if text.len() > Self::BYTES_MAX {
            return Err(IdError::TooLong { bytes: text.len(), bytes_max: Self::BYTES_MAX });
        }
        for (at, byte) in text.bytes().enumerate() {
            let word = byte.is_ascii_alphanumeric() || byte == b'_';
            if !(word || (at > 0 && matches!(byte, b'-' | b'.' | b':'))) {
                let found = text[floor_char_boundary(text, at)..].chars().next().unwrap_or('\u{fffd}');
                return Err(IdError::Character { at, found });
            }
        }
        Ok(Self(SmolStr::new(text)))
    }

    /// An id of a genesis artifact or another name that the code itself spells out.
    ///
    /// # Panics
    /// When `text` is not a valid id, which is a mistake in the calling code and never depends on input.
    #[must_use]
    pub fn known(text: &'static str) -> Self {
        match Self::new(text) {
            Ok(id) => id,
            Err(error) => panic!("{text:?} is not an id: {error}"),
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

fn floor_char_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

impl std::borrow::Borrow<str> for Id {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Id {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl TryFrom<SmolStr> for Id {
    type Error = IdError;
    fn try_from(text: SmolStr) -> Result<Self, IdError> {
        Self::new(text)
    }
}

impl FromStr for Id {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::new(text)
    }
}

impl From<Id> for SmolStr {
    fn from(id: Id) -> Self {
        id.0
    }
}

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text has no characters.
    #[error("an id cannot be empty; write 1 to {max} letters, digits, '_', '-', '.' or ':'", max = Id::BYTES_MAX)]
    Empty,
    /// The text is longer than any world allows.
    #[error("an id has at most {bytes_max} bytes, this one has {bytes}; shorten it")]
    TooLong {
        /// Length found, in bytes.
        bytes: usize,
        /// Length allowed, in bytes.
        bytes_max: usize,
    },
    /// A character that an id cannot hold.
    #[error(
        "{found:?} at byte {at} cannot stand in an id; use letters, digits, '_', '-', '.' or ':' and begin with a letter, a digit or '_'"
    )]
    Character {
        /// Byte offset of the character.
        at: usize,
        /// The character.
        found: char,
    },
}

/// The dense number that a world gives to an id when it first meets it.
///
/// A key stands for one id for the whole life of a world and is never given to another one. Keys make ledgers slabs
/// instead of string tables: that is worth a factor of 8 to 50.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Key(pub u32);

impl Key {
    /// The creator of everything that exists at time zero. Always the first key of a world.
    pub const GENESIS: Self = Self(0);

    /// The key as an index into a slab.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_checked() {
        assert!(Id::new("genesis_ledger").is_ok());
        assert!(Id::new("a-b.c:d").is_ok());
        assert_eq!(Id::new(""), Err(IdError::Empty));
        assert_eq!(Id::new("-a"), Err(IdError::Character { at: 0, found: '-' }));
        assert_eq!(Id::new("a\nb"), Err(IdError::Character { at: 1, found: '\n' }));
        assert_eq!(Id::new("aé"), Err(IdError::Character { at: 1, found: 'é' }));
        assert!(matches!(Id::new("x".repeat(129)), Err(IdError::TooLong { bytes: 129, .. })));
    }
}

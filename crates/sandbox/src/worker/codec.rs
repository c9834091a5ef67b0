//! Values as bytes. Reading keeps a depth limit, because the other side may be a worker that hostile code took over.

use ecology_types::{SmolStr, Value};
use serde::{Deserialize, Serialize};

/// How deep values between processes may nest, whatever the limits of a call say.
const DEPTH_MAX: u32 = 200;

/// Values as bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Packed(#[serde(with = "bytes")] Vec<u8>);

/// Bytes that are no values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Garbled;

impl Packed {
    pub(super) fn of(values: &[Value]) -> Self {
        let mut bytes = Vec::with_capacity(64);
        number(&mut bytes, values.len() as u64);
        for value in values {
            write(&mut bytes, value);
        }
        Self(bytes)
    }

    pub(super) fn one(value: &Value) -> Self {
        Self::of(std::slice::from_ref(value))
    }

    pub(super) fn values(&self) -> Result<Vec<Value>, Garbled> {
        let mut rest = &self.0[..];
        let count = length(&mut rest)?;
        let values = (0..count).map(|_| read(&mut rest, 0)).collect::<Result<_, _>>()?;
        if rest.is_empty() { Ok(values) } else { Err(Garbled) }
    }

    pub(super) fn value(&self) -> Result<Value, Garbled> {
        let mut values = self.values()?;
        match (values.pop(), values.is_empty()) {
            (Some(value), true) => Ok(value),
            _ => Err(Garbled),
        }
    }
}

fn write(bytes: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => bytes.push(0),
        Value::Bool(false) => bytes.push(1),
        Value::Bool(true) => bytes.push(2),
        Value::Int(int) => {
            bytes.push(3);
            bytes.extend_from_slice(&int.to_le_bytes());
        }
        Value::Text(text) => {
            bytes.push(4);
            string(bytes, text);
        }
        Value::List(items) => {
            bytes.push(5);
            number(bytes, items.len() as u64);
            items.iter().for_each(|item| write(bytes, item));
        }
        Value::Map(pairs) => {
            bytes.push(6);
            number(bytes, pairs.len() as u64);
            for (name, value) in pairs {
                string(bytes, name);
                write(bytes, value);
            }
        }
    }
}

fn read(rest: &mut &[u8], depth: u32) -> Result<Value, Garbled> {
    if depth > DEPTH_MAX {
        return Err(Garbled);
    }
    Ok(match take(rest, 1)?[0] {
        0 => Value::Null,
        1 => Value::Bool(false),
        2 => Value::Bool(true),
        3 => Value::Int(i64::from_le_bytes(take(rest, 8)?.try_into().map_err(|_| Garbled)?)),
        4 => Value::Text(text(rest)?),
        5 => {
            let count = length(rest)?;
            Value::List((0..count).map(|_| read(rest, depth + 1)).collect::<Result<_, _>>()?)
        }
        6 => {
            let count = length(rest)?;
            Value::Map(
                (0..count).map(|_| Ok((text(rest)?, read(rest, depth + 1)?))).collect::<Result<_, _>>()?,
            )
        }
        _ => return Err(Garbled),
    })
}

fn string(bytes: &mut Vec<u8>, text: &str) {
    number(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

fn text(rest: &mut &[u8]) -> Result<SmolStr, Garbled> {
    let length = length(rest)?;
    std::str::from_utf8(take(rest, length)?).map(SmolStr::new).map_err(|_| Garbled)
}

/// LEB128.
#[expect(clippy::cast_possible_truncation, reason = "seven bits at a time")]
fn number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// A count of things that take a byte each at least: never more than what is left.
fn length(rest: &mut &[u8]) -> Result<usize, Garbled> {
    let mut length = 0_u64;
    for shift in (0..35).step_by(7) {
        let byte = take(rest, 1)?[0];
        length |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            let length = usize::try_from(length).map_err(|_| Garbled)?;
            return if length <= rest.len() { Ok(length) } else { Err(Garbled) };
        }
    }
    Err(Garbled)
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], Garbled> {
    let (taken, left) = rest.split_at_checked(count).ok_or(Garbled)?;
    *rest = left;
    Ok(taken)
}

mod bytes {
    use serde::{Deserializer, Serializer, de::Visitor};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Vec<u8>;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_and_garbage_does_not() {
        let value = Value::map([
            ("list", Value::List(vec![Value::Int(i64::MIN), Value::Null, Value::Bool(true)])),
            ("text", Value::text("ä".repeat(200))),
        ]);
        assert_eq!(Packed::one(&value).value(), Ok(value));
        assert_eq!(Packed(vec![1, 4, 200]).value(), Err(Garbled));
        let mut deep = vec![1];
        deep.extend([5, 1].repeat(100_000));
        assert_eq!(Packed(deep).value(), Err(Garbled));
    }
}

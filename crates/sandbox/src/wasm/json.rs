//! Values as JSON text. Reading keeps the limits of the call while it reads, because the text is the code's.

use std::cell::{Cell, RefCell};
use std::fmt;

use ecology_types::{SmolStr, Value};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::{Fault, Limits, clean};

/// The largest number that passes: below it every whole number is exact in 64-bit floating point, whatever the code is written in.
const WHOLE_MAX: u64 = (1 << 53) - 1;
/// The least that a value counts for.
const BYTES_PER_ITEM: u64 = 8;

/// The longest text that is looked at: a value of the size limit, badly written.
pub(super) const fn text_bytes_max(limits: &Limits) -> u64 {
    limits.value_bytes_max.saturating_mul(8)
}

/// Values as the list of arguments.
pub(super) fn list(values: &[Value]) -> Result<String, Fault> {
    values.iter().try_for_each(whole_throughout)?;
    text(&values.iter().map(Written).collect::<Vec<_>>())
}

/// `{"ok": value}`.
pub(super) fn answer(value: &Value) -> Result<String, Fault> {
    whole_throughout(value)?;
    text(&std::collections::BTreeMap::from([("ok", Written(value))]))
}

/// `{"error": "sentence"}`.
pub(super) fn refusal(sentence: &str) -> String {
    text(&std::collections::BTreeMap::from([("error", sentence)])).unwrap_or_default()
}

/// One value.
pub(super) fn one(text: &[u8], limits: &Limits) -> Result<Value, Fault> {
    let reader = Reader::new(limits);
    reader.read(text, Item { reader: &reader, depth: 0 })
}

/// A list of arguments, each as deep as a value may be.
pub(super) fn many(text: &[u8], limits: &Limits) -> Result<Vec<Value>, Fault> {
    let reader = Reader::new(limits);
    reader.read(text, Arguments(&reader))
}

pub(super) const fn too_large(limits: &Limits) -> Fault {
    Fault::ValueTooLarge { bytes_max: limits.value_bytes_max, depth_max: limits.value_depth_max }
}

fn text(written: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(written).map_err(|error| Fault::NotAValue { what: clean(&error.to_string()) })
}

fn whole_throughout(value: &Value) -> Result<(), Fault> {
    match value {
        Value::Int(number) if number.unsigned_abs() > WHOLE_MAX => {
            Err(Fault::NotAValue { what: format!("the number {number}, beyond 2^53,") })
        }
        Value::List(items) => items.iter().try_for_each(whole_throughout),
        Value::Map(pairs) => pairs.iter().try_for_each(|(_, value)| whole_throughout(value)),
        _ => Ok(()),
    }
}

struct Written<'a>(&'a Value);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(truth) => serializer.serialize_bool(*truth),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(items) => serializer.collect_seq(items.iter().map(Written)),
            Value::Map(pairs) => {
                let mut map = serializer.serialize_map(Some(pairs.len()))?;
                for (name, value) in pairs {
                    map.serialize_entry(name.as_str(), &Written(value))?;
                }
                map.end()
            }
        }
    }
}

struct Reader<'a> {
    limits: &'a Limits,
    bytes_left: Cell<u64>,
    /// Why reading was given up, when it was not for the text's form.
    fault: RefCell<Option<Fault>>,
}

impl<'a> Reader<'a> {
    const fn new(limits: &'a Limits) -> Self {
        Self { limits, bytes_left: Cell::new(limits.value_bytes_max), fault: RefCell::new(None) }
    }

    fn read<'de, S: DeserializeSeed<'de>>(&self, text: &'de [u8], seed: S) -> Result<S::Value, Fault> {
        let mut input = serde_json::Deserializer::from_slice(text);
        let read = seed.deserialize(&mut input).and_then(|value| input.end().map(|()| value));
        read.map_err(|error| {
            let garbled = || Fault::NotAValue { what: clean(&format!("text that is not JSON ({error})")) };
            self.fault.borrow_mut().take().unwrap_or_else(garbled)
        })
    }

    fn give_up<E: serde::de::Error>(&self, fault: Fault) -> E {
        self.fault.borrow_mut().get_or_insert(fault);
        E::custom("given up")
    }

    fn take<E: serde::de::Error>(&self, bytes: u64) -> Result<(), E> {
        match self.bytes_left.get().checked_sub(bytes) {
            Some(left) => {
                self.bytes_left.set(left);
                Ok(())
            }
            None => Err(self.give_up(too_large(self.limits))),
        }
    }
}

#[derive(Clone, Copy)]
struct Item<'a> {
    reader: &'a Reader<'a>,
    depth: u32,
}

impl Item<'_> {
    const fn below(self) -> Self {
        Self { reader: self.reader, depth: self.depth + 1 }
    }

    fn plain<E: serde::de::Error>(self, value: Value) -> Result<Value, E> {
        self.reader.take(BYTES_PER_ITEM).map(|()| value)
    }

    fn number<E: serde::de::Error>(self, number: Option<i64>, text: impl fmt::Display) -> Result<Value, E> {
        match number {
            Some(number) if number.unsigned_abs() <= WHOLE_MAX => self.plain(Value::Int(number)),
            _ => Err(self.reader.give_up(Fault::NotAValue { what: clean(&format!("the number {text}")) })),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Item<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.depth >= self.reader.limits.value_depth_max {
            return Err(self.reader.give_up(too_large(self.reader.limits)));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Item<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        self.plain(Value::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, truth: bool) -> Result<Value, E> {
        self.plain(Value::Bool(truth))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Value, E> {
        self.number(Some(number), number)
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Value, E> {
        self.number(i64::try_from(number).ok(), number)
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Value, E> {
        self.number(None, number)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        self.reader.take((text.len() as u64).max(BYTES_PER_ITEM))?;
        Ok(Value::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.reader.take(BYTES_PER_ITEM)?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.below())? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Value, A::Error> {
        self.reader.take(BYTES_PER_ITEM)?;
        let mut map = Vec::new();
        while let Some(name) = pairs.next_key::<std::borrow::Cow<'_, str>>()? {
            self.reader.take(name.len() as u64)?;
            let name = SmolStr::new(name);
            map.push((name, pairs.next_value_seed(self.below())?));
        }
        // Sorted, equal content is an equal value.
        map.sort_by(|a: &(SmolStr, Value), b| a.0.cmp(&b.0));
        if map.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            let what = "a map with the same name twice".to_owned();
            return Err(self.reader.give_up(Fault::NotAValue { what }));
        }
        Ok(Value::Map(map))
    }
}

struct Arguments<'a>(&'a Reader<'a>);

impl<'de> DeserializeSeed<'de> for Arguments<'_> {
    type Value = Vec<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Value>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Arguments<'_> {
    type Value = Vec<Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the list of arguments")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<Value>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Item { reader: self.0, depth: 0 })? {
            list.push(item);
        }
        if list.len() > 255 { Err(A::Error::custom("more than 255 arguments")) } else { Ok(list) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_and_what_is_none_does_not() {
        let limits = Limits { value_bytes_max: 200, value_depth_max: 3, ..Limits::default() };
        let value =
            Value::map([("a", Value::List(vec![Value::Int(-3), Value::Null])), ("b", Value::text("ä\n"))]);
        let text = list(std::slice::from_ref(&value)).unwrap();
        assert_eq!(many(text.as_bytes(), &limits), Ok(vec![value]));
        assert_eq!(one(br#"{"b":1,"a":2}"#, &limits), one(br#"{ "a": 2, "b": 1 }"#, &limits));
        for text in [
            "1.5",
            "1.0",
            "1e3",
            "9007199254740992",
            "-9007199254740992",
            "99999999999999999999",
            "NaN",
            "",
            "{",
            "1 2",
            r#"{"a":1,"a":2}"#,
            "\"\u{0}\"",
            "[1,]",
        ] {
            assert!(matches!(one(text.as_bytes(), &limits), Err(Fault::NotAValue { .. })), "{text}");
        }
        assert!(matches!(one(b"\"\xff\"", &limits), Err(Fault::NotAValue { .. })));
        assert_eq!(one(b"[[[1]]]", &limits), Err(too_large(&limits)));
        assert_eq!(one("[".repeat(100_000).as_bytes(), &limits), Err(too_large(&limits)));
        assert_eq!(one(format!("[{}0]", "0,".repeat(100)).as_bytes(), &limits), Err(too_large(&limits)));
        assert_eq!(one(format!("\"{}\"", "x".repeat(300)).as_bytes(), &limits), Err(too_large(&limits)));
        assert!(list(&[Value::Int(1 << 53)]).is_err());
    }
}

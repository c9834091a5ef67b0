//! The encoding of records, written straight into a buffer.
//!
//! The format is that of postcard, and records are read back with it. Nearly everything in a record is a number of one or two bytes or a
//! short text; here each takes a comparison and a push, where the general encoder goes through a buffer of its own.

use std::fmt;

use serde::ser::{self, Serialize};

/// Puts values behind each other into a buffer.
pub(crate) struct Encoder<'v>(pub(crate) &'v mut Vec<u8>);

/// Why a value cannot be encoded.
#[derive(Debug)]
pub(crate) struct Unencodable(String);

impl fmt::Display for Unencodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unencodable {}

impl ser::Error for Unencodable {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl Encoder<'_> {
    /// Seven bits a byte, the lowest first; the highest bit says that another one follows.
    #[inline]
    fn number(&mut self, number: u64) {
        match u8::try_from(number) {
            Ok(small) if small < 0x80 => self.0.push(small),
            _ => self.large(number),
        }
    }

    #[inline]
    fn large(&mut self, mut number: u64) {
        self.0.reserve(10);
        while number >= 0x80 {
            self.0.push(low(number) | 0x80);
            number >>= 7;
        }
        self.0.push(low(number));
    }

    fn wide(&mut self, mut number: u128) {
        while number >= 0x80 {
            self.0.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.0.push(number.to_le_bytes()[0]);
    }

    #[inline]
    fn length(&mut self, length: usize) {
        self.number(length as u64);
    }
}

const fn low(number: u64) -> u8 {
    number.to_le_bytes()[0]
}

/// Small numbers of either sign become small numbers.
const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

impl<'e, 'v> ser::Serializer for &'e mut Encoder<'v> {
    type Ok = ();
    type Error = Unencodable;
    type SerializeSeq = &'e mut Encoder<'v>;
    type SerializeTuple = &'e mut Encoder<'v>;
    type SerializeTupleStruct = &'e mut Encoder<'v>;
    type SerializeTupleVariant = &'e mut Encoder<'v>;
    type SerializeMap = &'e mut Encoder<'v>;
    type SerializeStruct = &'e mut Encoder<'v>;
    type SerializeStructVariant = &'e mut Encoder<'v>;

    fn is_human_readable(&self) -> bool {
        false
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), Unencodable> {
        self.0.push(u8::from(value));
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), Unencodable> {
        self.0.push(value.cast_unsigned());
        Ok(())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Unencodable> {
        self.number(zigzag(i64::from(value)));
        Ok(())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Unencodable> {
        self.number(zigzag(i64::from(value)));
        Ok(())
    }

    #[inline]
    fn serialize_i64(self, value: i64) -> Result<(), Unencodable> {
        self.number(zigzag(value));
        Ok(())
    }

    fn serialize_i128(self, value: i128) -> Result<(), Unencodable> {
        self.wide(((value << 1) ^ (value >> 127)).cast_unsigned());
        Ok(())
    }

    #[inline]
    fn serialize_u8(self, value: u8) -> Result<(), Unencodable> {
        self.0.push(value);
        Ok(())
    }

    #[inline]
    fn serialize_u16(self, value: u16) -> Result<(), Unencodable> {
        self.number(u64::from(value));
        Ok(())
    }

    #[inline]
    fn serialize_u32(self, value: u32) -> Result<(), Unencodable> {
        self.number(u64::from(value));
        Ok(())
    }

    #[inline]
    fn serialize_u64(self, value: u64) -> Result<(), Unencodable> {
        self.number(value);
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Result<(), Unencodable> {
        self.wide(value);
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), Unencodable> {
        self.0.extend_from_slice(&value.to_bits().to_le_bytes());
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Unencodable> {
        self.0.extend_from_slice(&value.to_bits().to_le_bytes());
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Unencodable> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), Unencodable> {
        self.serialize_bytes(value.as_bytes())
    }

    #[inline]
    fn serialize_bytes(self, value: &[u8]) -> Result<(), Unencodable> {
        self.length(value.len());
        self.0.extend_from_slice(value);
        Ok(())
    }

    #[inline]
    fn serialize_none(self) -> Result<(), Unencodable> {
        self.0.push(0);
        Ok(())
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unencodable> {
        self.0.push(1);
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Unencodable> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unencodable> {
        Ok(())
    }

    #[inline]
    fn serialize_unit_variant(self, _: &'static str, at: u32, _: &'static str) -> Result<(), Unencodable> {
        self.number(u64::from(at));
        Ok(())
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unencodable> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        at: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unencodable> {
        self.number(u64::from(at));
        value.serialize(self)
    }

    #[inline]
    fn serialize_seq(self, length: Option<usize>) -> Result<Self, Unencodable> {
        let Some(length) = length else {
            return Err(Unencodable("a sequence whose length is not known beforehand".to_owned()));
        };
        self.length(length);
        Ok(self)
    }

    #[inline]
    fn serialize_tuple(self, _: usize) -> Result<Self, Unencodable> {
        Ok(self)
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Unencodable> {
        Ok(self)
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        at: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Unencodable> {
        self.number(u64::from(at));
        Ok(self)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self, Unencodable> {
        self.serialize_seq(length)
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Unencodable> {
        Ok(self)
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        at: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Unencodable> {
        self.number(u64::from(at));
        Ok(self)
    }
}

macro_rules! part_by_part {
    ($($kind:ident, $method:ident $(, $name:ty)?;)*) => {$(
        impl ser::$kind for &mut Encoder<'_> {
            type Ok = ();
            type Error = Unencodable;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, $(_: $name,)? value: &T) -> Result<(), Unencodable> {
                value.serialize(&mut **self)
            }

            #[inline]
            fn end(self) -> Result<(), Unencodable> {
                Ok(())
            }
        }
    )*};
}

part_by_part! {
    SerializeSeq, serialize_element;
    SerializeTuple, serialize_element;
    SerializeTupleStruct, serialize_field;
    SerializeTupleVariant, serialize_field;
    SerializeStruct, serialize_field, &'static str;
    SerializeStructVariant, serialize_field, &'static str;
}

impl ser::SerializeMap for &mut Encoder<'_> {
    type Ok = ();
    type Error = Unencodable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unencodable> {
        key.serialize(&mut **self)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unencodable> {
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), Unencodable> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::*;

    /// Everything that can be encoded.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum Shape {
        Unit,
        Truth(bool),
        Signed(i8, i16, i32, i64, i128),
        Unsigned { one: u8, two: u16, four: u32, eight: u64, sixteen: u128 },
        Float(f32, f64),
        Text(String, char),
        Maybe(Option<Box<Shape>>),
        Many(Vec<Shape>),
        Named(BTreeMap<String, u64>),
        Nothing((), Empty),
        Wrapped(Wrapper),
        Pair(Couple),
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Empty;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Wrapper(u64);

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Couple(u16, [u32; 3]);

    /// Numbers of every length in bytes, and their neighbours.
    fn number() -> impl Strategy<Value = u64> {
        (0_u32..65, -2_i64..3).prop_map(|(bits, off)| {
            1_u64.checked_shl(bits).unwrap_or(u64::MAX).wrapping_add(off.cast_unsigned())
        })
    }

    #[expect(clippy::cast_possible_truncation, reason = "any number of that size will do")]
    fn shape() -> impl Strategy<Value = Shape> {
        let wide = |one: u64, other: u64| (u128::from(one) << 64) | u128::from(other);
        let leaf = prop_oneof![
            Just(Shape::Unit),
            Just(Shape::Nothing((), Empty)),
            any::<bool>().prop_map(Shape::Truth),
            (number(), number()).prop_map(move |(n, m)| {
                let signed = n.cast_signed();
                Shape::Signed(signed as i8, signed as i16, signed as i32, signed, wide(n, m).cast_signed())
            }),
            (number(), number()).prop_map(move |(n, m)| Shape::Unsigned {
                one: n as u8,
                two: n as u16,
                four: n as u32,
                eight: n,
                sixteen: wide(n, m),
            }),
            (-1e9_f32..1e9, -1e99_f64..1e99).prop_map(|(one, other)| Shape::Float(one, other)),
            (".{0,200}", any::<char>()).prop_map(|(text, one)| Shape::Text(text, one)),
            number().prop_map(|n| Shape::Wrapped(Wrapper(n))),
            number().prop_map(|n| Shape::Pair(Couple(n as u16, [n as u32, 0, 127]))),
            prop::collection::btree_map(".{0,5}", number(), 0..4).prop_map(Shape::Named),
        ];
        leaf.prop_recursive(3, 24, 5, |inner| {
            prop_oneof![
                prop::option::of(inner.clone().prop_map(Box::new)).prop_map(Shape::Maybe),
                prop::collection::vec(inner, 0..5).prop_map(Shape::Many),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_writes_what_postcard_writes(shapes in prop::collection::vec(shape(), 0..6)) {
            let mut bytes = b"before".to_vec();
            shapes.serialize(&mut Encoder(&mut bytes)).unwrap();
            prop_assert_eq!(&bytes[6..], postcard::to_allocvec(&shapes).unwrap());
        }
    }

    #[test]
    fn a_sequence_of_unknown_length_is_refused() {
        struct Unknown;
        impl Serialize for Unknown {
            fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq((0..10).filter(|n| n % 2 == 0))
            }
        }
        let refused = Unknown.serialize(&mut Encoder(&mut Vec::new())).unwrap_err();
        assert!(refused.to_string().contains("length"), "{refused}");
    }
}

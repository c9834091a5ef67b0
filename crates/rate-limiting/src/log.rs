//! What one principal used, in the order of time, in few bytes.

use crate::accounts::RENEWABLE_COUNT;

/// What was last used at one moment, of every resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Record {
    /// When.
    pub(crate) last: u64,
    /// How much: zero of what was not used, and not zero of everything.
    pub(crate) amounts: [u32; RENEWABLE_COUNT],
}

/// A queue of records, because reaching memory is what counting costs.
///
/// A record is a byte that says which amounts follow, and the amounts; between two records stands how much later the second one is. Numbers
/// have seven bits in a byte, the low ones first, so that a turn of an agent takes about ten bytes and six of them share a cache line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    /// Goes round: what is behind the last byte is at the first.
    bytes: Box<[u8]>,
    /// Place of the oldest record.
    head: u16,
    len: u16,
    /// Time of the oldest record.
    first: u64,
    /// Time of the newest record.
    last: u64,
}

/// The most bytes of a record with the time before it: ten of the time, one and five times five of the amounts.
const RECORD_BYTES_MAX: usize = 10 + 1 + 5 * RENEWABLE_COUNT;
/// Bytes of the first allocation. It grows by a half.
const BYTES_FIRST: usize = 64;
/// The most bytes. Records of one window and its cells fit, whatever their amounts.
const BYTES_MAX: usize = 1 << 14;

impl Log {
    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether it takes no room of its own.
    pub(crate) const fn is_bare(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The time of the oldest record.
    #[inline]
    pub(crate) const fn first(&self) -> Option<u64> {
        if self.len == 0 { None } else { Some(self.first) }
    }

    /// The time of the newest record.
    pub(crate) const fn last(&self) -> Option<u64> {
        if self.len == 0 { None } else { Some(self.last) }
    }

    /// Appends a record that is not older than the newest; false when it is as large as it may be.
    pub(crate) fn push(&mut self, record: &Record) -> bool {
        if usize::from(self.len) + RECORD_BYTES_MAX > self.bytes.len() && !self.grow() {
            return false;
        }
        let mut written = Writer { bytes: [0; RECORD_BYTES_MAX], len: 0 };
        if self.is_empty() {
            self.first = record.last;
        } else {
            written.number(record.last - self.last);
        }
        self.last = record.last;
        let mut mask = 0;
        for (at, amount) in record.amounts.iter().enumerate() {
            mask |= u8::from(*amount > 0) << at;
        }
        written.byte(mask);
        for amount in record.amounts {
            if amount > 0 {
                written.number(amount.into());
            }
        }
        self.append(&written.bytes[..written.len]);
        true
    }

    fn append(&mut self, written: &[u8]) {
        let capacity = self.bytes.len();
        let end = usize::from(self.head) + usize::from(self.len);
        let at = if end < capacity { end } else { end - capacity };
        let straight = written.len().min(capacity - at);
        self.bytes[at..at + straight].copy_from_slice(&written[..straight]);
        self.bytes[..written.len() - straight].copy_from_slice(&written[straight..]);
        self.len += narrow(written.len());
    }

    #[cold]
    fn grow(&mut self) -> bool {
        let capacity = self.bytes.len();
        if capacity == BYTES_MAX {
            return false;
        }
        let larger = (capacity + capacity / 2).next_multiple_of(BYTES_FIRST).clamp(BYTES_FIRST, BYTES_MAX);
        let mut bytes = vec![0; larger].into_boxed_slice();
        let head = usize::from(self.head);
        let straight = usize::from(self.len).min(capacity - head);
        bytes[..straight].copy_from_slice(&self.bytes[head..head + straight]);
        let rest = usize::from(self.len) - straight;
        bytes[straight..straight + rest].copy_from_slice(&self.bytes[..rest]);
        (self.bytes, self.head) = (bytes, 0);
        true
    }

    /// About how many records there are: for whoever makes room for them.
    pub(crate) fn records_about(&self) -> usize {
        usize::from(self.len) / 8 + 2
    }

    /// Takes the oldest record.
    pub(crate) fn pop(&mut self) -> Option<Record> {
        let mut reader = self.reader();
        let record = reader.record()?;
        let (at, left, time) = (reader.at, reader.left, reader.time);
        (self.head, self.len, self.first) = (narrow(at), narrow(left), time);
        Some(record)
    }

    /// All records, the oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Record> + '_ {
        let mut reader = self.reader();
        std::iter::from_fn(move || reader.record())
    }

    fn reader(&self) -> Reader<'_> {
        Reader { bytes: &self.bytes, at: self.head.into(), left: self.len.into(), time: self.first }
    }

    /// Reads where the oldest record is. Nobody waits for what is only written, so the place of the next one is left alone.
    #[inline]
    pub(crate) fn touch(&self) -> u64 {
        self.bytes.get(usize::from(self.head)).copied().unwrap_or(0).into()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a log has at most BYTES_MAX bytes")]
const fn narrow(bytes: usize) -> u16 {
    bytes as u16
}

struct Writer {
    bytes: [u8; RECORD_BYTES_MAX],
    len: usize,
}

impl Writer {
    #[inline]
    fn byte(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    #[inline]
    fn number(&mut self, mut number: u64) {
        while number > 0x7f {
            self.byte(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.byte(number.to_le_bytes()[0]);
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    left: usize,
    /// Time of the record that comes next.
    time: u64,
}

impl Reader<'_> {
    #[inline]
    fn record(&mut self) -> Option<Record> {
        if self.left == 0 {
            return None;
        }
        let mut record = Record { last: self.time, ..Record::default() };
        let mut mask = self.byte();
        while mask > 0 {
            let at = mask.trailing_zeros() as usize;
            let amount = u32::try_from(self.number()).unwrap_or(u32::MAX);
            if let Some(place) = record.amounts.get_mut(at) {
                *place = amount;
            }
            mask &= mask - 1;
        }
        if self.left > 0 {
            self.time += self.number();
        }
        Some(record)
    }

    #[inline]
    fn byte(&mut self) -> u8 {
        let byte = self.bytes[self.at];
        self.at = if self.at + 1 < self.bytes.len() { self.at + 1 } else { 0 };
        self.left -= 1;
        byte
    }

    #[inline]
    fn number(&mut self) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return number;
            }
            shift += 7;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amount() -> impl Strategy<Value = u32> {
        prop_oneof![3 => Just(0), 3 => 1_u32..200, 1 => any::<u32>()]
    }

    proptest! {
        #[test]
        fn it_is_a_queue(
            steps in prop::collection::vec(
                (prop::array::uniform5(amount()), prop_oneof![0_u64..300, any::<u64>().prop_map(|n| n >> 8)], 0_usize..3),
                1..200,
            ),
        ) {
            let (mut log, mut model) = (Log::default(), std::collections::VecDeque::new());
            let mut last = 0;
            for (amounts, later, pops) in steps {
                last += later;
                let record = Record { last, amounts };
                if amounts != [0; RENEWABLE_COUNT] {
                    prop_assert!(log.push(&record));
                    model.push_back(record);
                }
                for _ in 0..pops.saturating_sub(usize::from(model.len() < 60)) {
                    prop_assert_eq!(log.pop(), model.pop_front());
                }
                prop_assert!(log.iter().eq(model.iter().copied()));
                prop_assert_eq!(log.first(), model.front().map(|record| record.last));
                prop_assert_eq!(log.last(), model.back().map(|record| record.last));
                prop_assert_eq!(log.is_empty(), model.is_empty());
            }
        }
    }

    #[test]
    fn it_is_bounded() {
        let mut log = Log::default();
        let record = |last| Record { last, amounts: [1; RENEWABLE_COUNT] };
        let pushed = (0..10_000).take_while(|last| log.push(&record(*last))).count();
        assert!(log.bytes.len() == BYTES_MAX && pushed * 7 > BYTES_MAX - 2 * RECORD_BYTES_MAX, "{pushed}");
        assert!(log.pop() == Some(record(0)) && log.iter().count() == pushed - 1);
    }
}

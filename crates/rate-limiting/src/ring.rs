//! The entries of a window between the oldest and the newest, packed.

/// Uses that are released together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Time of the last of them.
    pub(crate) last: u64,
    /// Their sum.
    pub(crate) amount: u64,
}

/// A queue of entries in eight bytes each, because reaching memory is what a decision costs.
///
/// A word holds the low half of the time and an amount below 2^32. An amount of zero marks the long form: the time and the amount follow in
/// full. The high half of a short time is that of the entry before it, which is less than 2^32 microseconds older.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ring {
    /// Its length is zero or a power of two.
    words: Box<[u64]>,
}

/// The low half of a word.
const LOW: u64 = u32::MAX as u64;
/// Words of the first allocation; it doubles when full.
const WORDS_FIRST: u16 = 8;
/// The largest allocation. Short entries of one window and its cells fit; when others do not, the window merges its oldest.
const WORDS_MAX: u16 = 1024;
/// The most words that one entry takes.
const ENTRY_WORDS_MAX: u16 = 3;

/// Where the entries lie in the ring: kept by the window, beside what it reads anyway.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Extent {
    /// Index of the first word.
    pub(crate) head: u16,
    /// How many words there are.
    pub(crate) len: u16,
}

impl Ring {
    /// Makes room for one more entry; false when the ring is as large as it may be.
    pub(crate) fn make_room(&mut self, span: &mut Extent) -> bool {
        let capacity = self.capacity();
        if span.len + ENTRY_WORDS_MAX <= capacity {
            return true;
        }
        if capacity == WORDS_MAX {
            return false;
        }
        let mut words = vec![0; usize::from((capacity * 2).max(WORDS_FIRST))].into_boxed_slice();
        for (at, word) in (0..span.len).zip(words.iter_mut()) {
            *word = self.words[self.wrap(span.head + at)];
        }
        (self.words, span.head) = (words, 0);
        true
    }

    /// Appends an entry; there is room. `is_near` says that the entry before it is less than 2^32 microseconds older.
    #[inline]
    pub(crate) fn push(&mut self, span: &mut Extent, entry: Entry, is_near: bool) {
        if is_near && entry.amount <= LOW {
            self.push_word(span, entry.last << 32 | entry.amount);
        } else {
            for word in [0, entry.last, entry.amount] {
                self.push_word(span, word);
            }
        }
    }

    #[inline]
    fn push_word(&mut self, span: &mut Extent, word: u64) {
        let at = self.wrap(span.head + span.len);
        self.words[at] = word;
        span.len += 1;
    }

    /// Takes the first entry; `before` is the time of the one before it.
    #[inline]
    pub(crate) fn pop(&self, span: &mut Extent, before: u64) -> Option<Entry> {
        let word = self.pop_word(span)?;
        let amount = word & LOW;
        if amount > 0 {
            let ago = (word >> 32).wrapping_sub(before) & LOW;
            return Some(Entry { last: before + ago, amount });
        }
        let (last, amount) = (self.pop_word(span)?, self.pop_word(span)?);
        Some(Entry { last, amount })
    }

    #[inline]
    fn pop_word(&self, span: &mut Extent) -> Option<u64> {
        span.len = span.len.checked_sub(1)?;
        let word = self.words[self.wrap(span.head)];
        span.head += 1;
        if span.head == self.capacity() {
            span.head = 0;
        }
        Some(word)
    }

    /// The entries in order; `before` is the time of the one before them.
    pub(crate) fn iter(&self, mut span: Extent, mut before: u64) -> impl Iterator<Item = Entry> + '_ {
        std::iter::from_fn(move || {
            let entry = self.pop(&mut span, before)?;
            before = entry.last;
            Some(entry)
        })
    }

    /// Bytes that it occupies.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.words)
    }

    #[expect(clippy::cast_possible_truncation, reason = "a ring has at most WORDS_MAX words")]
    fn capacity(&self) -> u16 {
        self.words.len() as u16
    }

    #[inline]
    fn wrap(&self, at: u16) -> usize {
        usize::from(at) & self.words.len().wrapping_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_every_size_come_back_in_order() {
        let (mut ring, mut span) = (Ring::default(), Extent::default());
        let mut last = u64::from(u32::MAX) - 500;
        let mut pushed = std::collections::VecDeque::new();
        let mut before = last;
        for (n, amount) in (0..5_000_u64).zip([1, 7, LOW, 1 << 32, u64::MAX].into_iter().cycle()) {
            let gap = if n % 11 == 0 { 1 << 33 } else { n % 400 };
            last += gap;
            if ring.make_room(&mut span) {
                ring.push(&mut span, Entry { last, amount }, gap < 1 << 32);
                pushed.push_back(Entry { last, amount });
            } else {
                last -= gap;
            }
            assert!(ring.iter(span, before).eq(pushed.iter().copied()));
            if n % 3 == 0 || n > 2_000 {
                let popped = ring.pop(&mut span, before);
                assert_eq!(popped, pushed.pop_front());
                before = popped.map_or(last, |entry| entry.last);
            }
        }
    }
}

//! Lua patterns, matched in the open: every step is counted, so that none can run for long unseen.
//!
//! The language is that of the reference manual (Lua 5.1, section 5.4.1, with `%f` and `%g`); the shape follows its reference implementation.

use crate::meter::{Meter, Stopped};

/// Captures a pattern may have.
const CAPTURES_MAX: usize = 32;
/// How deep the matcher may nest.
const DEPTH_MAX: u32 = 200;
/// Steps of the matcher for one instruction.
const STEPS_PER_INSTRUCTION: u64 = 8;

/// Why there is no answer.
pub(super) enum Trouble {
    /// The pattern is malformed.
    Malformed(&'static str),
    /// The instructions ran out.
    Stopped,
}

impl From<Stopped> for Trouble {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

/// What a capture holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Capture {
    /// Bytes from, to (exclusive).
    Text(usize, usize),
    /// A position, from 1.
    Position(usize),
}

/// A match: its bytes and captures.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) captures: Vec<Capture>,
}

/// The first match at or after `init`. With `is_literal_caret` a `^` at the start is an ordinary character.
pub(super) fn find(
    text: &[u8],
    pattern: &[u8],
    init: usize,
    is_literal_caret: bool,
    meter: &Meter,
) -> Result<Option<Match>, Trouble> {
    let (is_anchored, pattern) = match pattern {
        [b'^', rest @ ..] if !is_literal_caret => (true, rest),
        _ => (false, pattern),
    };
    let mut matcher = Matcher { text, pattern, captures: Vec::new(), depth: 0, steps: 0, meter };
    let mut from = init;
    let found = loop {
        matcher.captures.clear();
        if let Some(to) = matcher.run(from, 0)? {
            let captures = matcher.captures.iter().map(|slot| slot.done()).collect::<Result<_, _>>()?;
            break Some(Match { from, to, captures });
        }
        if is_anchored || from >= text.len() {
            break None;
        }
        from += 1;
    };
    meter.charge(matcher.steps / STEPS_PER_INSTRUCTION)?;
    Ok(found)
}

#[derive(Clone, Copy)]
enum Slot {
    Open(usize),
    Closed(usize, usize),
    Position(usize),
}

impl Slot {
    const fn done(&self) -> Result<Capture, Trouble> {
        match *self {
            Self::Open(_) => Err(Trouble::Malformed("unfinished capture")),
            Self::Closed(from, to) => Ok(Capture::Text(from, to)),
            Self::Position(at) => Ok(Capture::Position(at + 1)),
        }
    }
}

struct Matcher<'a> {
    text: &'a [u8],
    pattern: &'a [u8],
    captures: Vec<Slot>,
    depth: u32,
    steps: u64,
    meter: &'a Meter,
}

impl Matcher<'_> {
    fn step(&mut self, steps: u64) -> Result<(), Trouble> {
        self.steps += steps;
        if self.steps >= 64 * STEPS_PER_INSTRUCTION {
            self.meter.charge(self.steps / STEPS_PER_INSTRUCTION)?;
            self.steps %= STEPS_PER_INSTRUCTION;
        }
        Ok(())
    }

    fn run(&mut self, s: usize, p: usize) -> Result<Option<usize>, Trouble> {
        if self.depth >= DEPTH_MAX {
            return Err(Trouble::Malformed("pattern too complex"));
        }
        self.depth += 1;
        let result = self.run_inner(s, p);
        self.depth -= 1;
        result
    }

    fn run_inner(&mut self, mut s: usize, mut p: usize) -> Result<Option<usize>, Trouble> {
        loop {
            self.step(1)?;
            match self.pattern.get(p) {
                None => return Ok(Some(s)),
                Some(b'(') if self.pattern.get(p + 1) == Some(&b')') => {
                    return self.with_capture(Slot::Position(s), s, p + 2);
                }
                Some(b'(') => return self.with_capture(Slot::Open(s), s, p + 1),
                Some(b')') => {
                    let open = self.captures.iter().rposition(|slot| matches!(slot, Slot::Open(_)));
                    let Some(open) = open else { return Err(Trouble::Malformed("invalid pattern capture")) };
                    let before = self.captures[open];
                    if let Slot::Open(from) = before {
                        self.captures[open] = Slot::Closed(from, s);
                    }
                    let found = self.run(s, p + 1)?;
                    if found.is_none() {
                        self.captures[open] = before;
                    }
                    return Ok(found);
                }
                Some(b'$') if p + 1 == self.pattern.len() => {
                    return Ok((s == self.text.len()).then_some(s));
                }
                Some(b'%') => match self.pattern.get(p + 1) {
                    Some(b'b') => match self.balance(s, p + 2)? {
                        Some(after) => {
                            s = after;
                            p += 4;
                            continue;
                        }
                        None => return Ok(None),
                    },
                    Some(b'f') => {
                        p += 2;
                        if self.pattern.get(p) != Some(&b'[') {
                            return Err(Trouble::Malformed("missing '[' after '%f' in pattern"));
                        }
                        let end = self.class_end(p)?;
                        let before = if s == 0 { 0 } else { self.text[s - 1] };
                        let here = self.text.get(s).copied().unwrap_or(0);
                        if !self.in_set(before, p, end - 1)? && self.in_set(here, p, end - 1)? {
                            p = end;
                            continue;
                        }
                        return Ok(None);
                    }
                    Some(digit @ b'0'..=b'9') => {
                        let index = usize::from(*digit).wrapping_sub(usize::from(b'1'));
                        let Some(Slot::Closed(from, to)) = self.captures.get(index).copied() else {
                            return Err(Trouble::Malformed("invalid capture index in pattern"));
                        };
                        self.step((to - from) as u64 / 8)?;
                        if self.text[s..].starts_with(&self.text[from..to]) {
                            s += to - from;
                            p += 2;
                            continue;
                        }
                        return Ok(None);
                    }
                    _ => {}
                },
                Some(_) => {}
            }
            let end = self.class_end(p)?;
            match self.pattern.get(end) {
                Some(b'?') => {
                    if self.single(s, p, end)?
                        && let Some(found) = self.run(s + 1, end + 1)?
                    {
                        return Ok(Some(found));
                    }
                    p = end + 1;
                }
                Some(b'+') => {
                    return if self.single(s, p, end)? { self.most(s + 1, p, end) } else { Ok(None) };
                }
                Some(b'*') => return self.most(s, p, end),
                Some(b'-') => return self.least(s, p, end),
                _ => {
                    if !self.single(s, p, end)? {
                        return Ok(None);
                    }
                    s += 1;
                    p = end;
                }
            }
        }
    }

    fn with_capture(&mut self, slot: Slot, s: usize, p: usize) -> Result<Option<usize>, Trouble> {
        if self.captures.len() >= CAPTURES_MAX {
            return Err(Trouble::Malformed("too many captures"));
        }
        let level = self.captures.len();
        self.captures.push(slot);
        let found = self.run(s, p)?;
        if found.is_none() {
            self.captures.truncate(level);
        }
        Ok(found)
    }

    fn most(&mut self, s: usize, p: usize, end: usize) -> Result<Option<usize>, Trouble> {
        let mut count = 0;
        while self.single(s + count, p, end)? {
            count += 1;
        }
        loop {
            if let Some(found) = self.run(s + count, end + 1)? {
                return Ok(Some(found));
            }
            if count == 0 {
                return Ok(None);
            }
            count -= 1;
        }
    }

    fn least(&mut self, mut s: usize, p: usize, end: usize) -> Result<Option<usize>, Trouble> {
        loop {
            if let Some(found) = self.run(s, end + 1)? {
                return Ok(Some(found));
            }
            if !self.single(s, p, end)? {
                return Ok(None);
            }
            s += 1;
        }
    }

    fn balance(&mut self, s: usize, p: usize) -> Result<Option<usize>, Trouble> {
        let (Some(&open), Some(&close)) = (self.pattern.get(p), self.pattern.get(p + 1)) else {
            return Err(Trouble::Malformed("missing arguments to '%b'"));
        };
        if self.text.get(s) != Some(&open) {
            return Ok(None);
        }
        let mut level = 1_usize;
        for at in s + 1..self.text.len() {
            self.step(1)?;
            let byte = self.text[at];
            if byte == close {
                level -= 1;
                if level == 0 {
                    return Ok(Some(at + 1));
                }
            } else if byte == open {
                level += 1;
            }
        }
        Ok(None)
    }

    /// The index after the character class at `p`.
    fn class_end(&mut self, mut p: usize) -> Result<usize, Trouble> {
        let first = self.pattern.get(p).copied();
        p += 1;
        match first {
            Some(b'%') if p >= self.pattern.len() => {
                Err(Trouble::Malformed("malformed pattern (ends with '%')"))
            }
            Some(b'%') => Ok(p + 1),
            Some(b'[') => {
                let start = p;
                if self.pattern.get(p) == Some(&b'^') {
                    p += 1;
                }
                let mut is_first = true;
                loop {
                    match self.pattern.get(p) {
                        None => return Err(Trouble::Malformed("malformed pattern (missing ']')")),
                        Some(b']') if !is_first => {
                            self.step((p - start) as u64)?;
                            return Ok(p + 1);
                        }
                        Some(b'%') => p += 2,
                        Some(_) => p += 1,
                    }
                    is_first = false;
                }
            }
            _ => Ok(p),
        }
    }

    fn single(&mut self, s: usize, p: usize, end: usize) -> Result<bool, Trouble> {
        self.step(1)?;
        let Some(&byte) = self.text.get(s) else { return Ok(false) };
        Ok(match self.pattern[p] {
            b'.' => true,
            b'%' => in_class(byte, self.pattern[p + 1]),
            b'[' => self.in_set(byte, p, end - 1)?,
            literal => literal == byte,
        })
    }

    /// Whether the set between `p` (at its `[`) and `last` (at its `]`) has the byte.
    fn in_set(&mut self, byte: u8, mut p: usize, last: usize) -> Result<bool, Trouble> {
        self.step((last - p) as u64)?;
        p += 1;
        let mut is_member = true;
        if self.pattern.get(p) == Some(&b'^') {
            is_member = false;
            p += 1;
        }
        while p < last {
            let here = self.pattern[p];
            if here == b'%' && p + 1 < last {
                if in_class(byte, self.pattern[p + 1]) {
                    return Ok(is_member);
                }
                p += 2;
            } else if p + 2 < last && self.pattern[p + 1] == b'-' {
                if here <= byte && byte <= self.pattern[p + 2] {
                    return Ok(is_member);
                }
                p += 3;
            } else {
                if here == byte {
                    return Ok(is_member);
                }
                p += 1;
            }
        }
        Ok(!is_member)
    }
}

fn in_class(byte: u8, class: u8) -> bool {
    let is_in = match class.to_ascii_lowercase() {
        b'a' => byte.is_ascii_alphabetic(),
        b'c' => byte.is_ascii_control(),
        b'd' => byte.is_ascii_digit(),
        b'g' => byte.is_ascii_graphic(),
        b'l' => byte.is_ascii_lowercase(),
        b'p' => byte.is_ascii_punctuation(),
        b's' => byte.is_ascii_whitespace() || byte == 0x0b,
        b'u' => byte.is_ascii_uppercase(),
        b'w' => byte.is_ascii_alphanumeric(),
        b'x' => byte.is_ascii_hexdigit(),
        b'z' => byte == 0,
        _ => return class == byte,
    };
    is_in != class.is_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    fn first(text: &str, pattern: &str) -> Option<(usize, usize, Vec<Capture>)> {
        let meter = Meter::default();
        meter.start(&Limits::default(), 1, 0);
        match find(text.as_bytes(), pattern.as_bytes(), 0, false, &meter) {
            Ok(found) => found.map(|found| (found.from, found.to, found.captures)),
            Err(Trouble::Malformed(why)) => panic!("{why}"),
            Err(Trouble::Stopped) => panic!("stopped"),
        }
    }

    #[test]
    fn the_language() {
        assert_eq!(first("hello world", "o w"), Some((4, 7, vec![])));
        assert_eq!(
            first("key = value", "^(%w+)%s*=%s*(%w+)$"),
            Some((0, 11, vec![Capture::Text(0, 3), Capture::Text(6, 11)]))
        );
        assert_eq!(first("f(a(b)c)d", "%b()"), Some((1, 8, vec![])));
        assert_eq!(first("THE (quick) fox", "%f[%a]%a+%f[%A]"), Some((0, 3, vec![])));
        assert_eq!(first("aXbX", ".-X()"), Some((0, 2, vec![Capture::Position(3)])));
        assert_eq!(
            first("say 'it'", "(['\"])(.-)%1"),
            Some((4, 8, vec![Capture::Text(4, 5), Capture::Text(5, 7)]))
        );
        assert_eq!(first("a]b", "[]]"), Some((1, 2, vec![])));
        assert_eq!(first("x-1", "[^%d-]"), Some((0, 1, vec![])));
        assert_eq!(first("colour", "colou?r"), Some((0, 6, vec![])));
        assert_eq!(first("abc", "^b"), None);
    }
}

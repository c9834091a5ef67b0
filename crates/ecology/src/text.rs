//! Text that is safe to show, and numbers that are easy to read.

use std::borrow::Cow;

/// Whether a character could steer a terminal or reorder what is shown: control characters and those that change the direction of writing.
const fn steers(c: char) -> bool {
    matches!(c, '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with everything that could steer a terminal written as an escape. Line breaks are escaped too.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().fold(String::with_capacity(text.len() + 8), |mut out, c| {
        if steers(c) {
            out.extend(c.escape_default())
        } else {
            out.push(c)
        }
        out
    }))
}

/// The same, but line breaks stay and tabs become spaces.
pub(crate) fn clean_lines(text: &str) -> String {
    let lines: Vec<String> =
        text.lines().map(|line| clean(&line.replace('\t', "    ")).into_owned()).collect();
    lines.join("\n")
}

/// The text with every character that could steer a terminal replaced by one that takes as many bytes, so that spans into it stay right.
pub(crate) fn clean_in_place(text: &str) -> String {
    let replace = |c: char| match (steers(c) && c != '\n', c.len_utf8()) {
        (false, _) => c,
        (true, 1) => ' ',
        (true, 2) => '\u{b7}',
        (true, _) => '\u{fffd}',
    };
    text.chars().map(replace).collect()
}

/// JSON in which nothing steers a terminal either: serde escapes only the first 32 characters. Outside strings there are none of them.
pub(crate) fn clean_json(json: String) -> String {
    if !json.chars().any(|c| steers(c) && c != '\n') {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if steers(c) && c != '\n' {
            out += &format!("\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// `1234567` as `1,234,567`.
pub(crate) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun, which gets an `s` unless there is one of it.
pub(crate) fn count(value: u64, noun: &str) -> String {
    counted(value, noun, &format!("{noun}s"))
}

/// A count with the words for one and those for any other number.
pub(crate) fn counted(value: u64, one: &str, others: &str) -> String {
    format!("{} {}", number(value), if value == 1 { one } else { others })
}

/// Millionths as a decimal number with `decimals` places (at most 6), rounded half away from zero.
pub(crate) fn millionths(value: i64, decimals: u32) -> String {
    let decimals = decimals.min(6);
    let step = 10_u64.pow(6 - decimals);
    let rounded = (value.unsigned_abs() + step / 2) / step;
    let one = 10_u64.pow(decimals);
    let sign = if value < 0 && rounded > 0 { "-" } else { "" };
    let whole = number(rounded / one);
    if decimals == 0 {
        return format!("{sign}{whole}");
    }
    format!("{sign}{whole}.{:0width$}", rounded % one, width = decimals as usize)
}

/// Bytes in a unit that keeps the number short.
pub(crate) fn bytes(value: u64) -> String {
    const UNITS: [(&str, u64); 4] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match UNITS.iter().find(|(_, unit)| value >= *unit) {
        // One decimal: tenths of the unit, rounded down.
        Some((name, unit)) => {
            let tenths = u128::from(value) * 10 / u128::from(*unit);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        None => format!("{value} B"),
    }
}

/// A span of time, given in microseconds, in a unit that keeps the number short.
pub(crate) fn micros(us: u64) -> String {
    match us {
        0..=999 => format!("{us} µs"),
        1_000..=999_999 => format!("{}.{} ms", us / 1_000, us % 1_000 / 100),
        1_000_000..=119_999_999 => format!("{}.{:02} s", us / 1_000_000, us % 1_000_000 / 10_000),
        _ => {
            let secs = us / 1_000_000;
            let (hours, minutes, secs) = (secs / 3_600, secs % 3_600 / 60, secs % 60);
            if hours > 0 {
                format!("{} h {minutes:02} min", number(hours))
            } else {
                format!("{minutes} min {secs:02} s")
            }
        }
    }
}

/// The text cut to `width` characters, the last one telling that something is missing.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(width.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// Columns that a text takes: what switches colours takes none.
fn columns_of(text: &str) -> usize {
    let (mut columns, mut switches) = (0, false);
    for c in text.chars() {
        match c {
            '\u{1b}' => switches = true,
            'm' if switches => switches = false,
            _ if switches => {}
            _ => columns += 1,
        }
    }
    columns
}

/// Words broken into lines of at most `width` columns. A longer word stays whole.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && columns_of(&line) + 1 + columns_of(word) > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// A paragraph of at most `width` columns behind `first`; its other lines begin after `hanging` columns.
pub(crate) fn paragraph(first: &str, hanging: usize, text: &str, width: usize) -> String {
    let mut shown = String::new();
    for (at, line) in wrap(text, width.saturating_sub(columns_of(first).max(hanging))).iter().enumerate() {
        if at == 0 {
            shown += first;
        } else {
            shown += &" ".repeat(hanging);
        }
        shown += line;
        shown.push('\n');
    }
    shown
}

/// JSON on one line with a space wherever it may be broken.
pub(crate) fn json_words(value: &serde_json::Value) -> String {
    struct Spaced;
    impl serde_json::ser::Formatter for Spaced {
        fn begin_array_value<W: ?Sized + std::io::Write>(
            &mut self,
            to: &mut W,
            first: bool,
        ) -> std::io::Result<()> {
            to.write_all(if first { b"" } else { b", " })
        }
        fn begin_object_key<W: ?Sized + std::io::Write>(
            &mut self,
            to: &mut W,
            first: bool,
        ) -> std::io::Result<()> {
            to.write_all(if first { b"" } else { b", " })
        }
        fn begin_object_value<W: ?Sized + std::io::Write>(&mut self, to: &mut W) -> std::io::Result<()> {
            to.write_all(b": ")
        }
    }
    let mut bytes = Vec::new();
    let mut writer = serde_json::Serializer::with_formatter(&mut bytes, Spaced);
    // A value always encodes, and JSON is UTF-8.
    let _ = serde::Serialize::serialize(value, &mut writer);
    clean_json(String::from_utf8_lossy(&bytes).into_owned())
}

/// Text as one word of a POSIX shell.
pub(crate) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,@%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// The name that is nearest to `wanted`, if any is near.
pub(crate) fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain =
        |name: &str| name.chars().take(64).collect::<String>().to_lowercase().replace(['-', ':'], "_");
    let wanted = plain(wanted);
    names
        .map(|name| {
            let other = plain(name);
            let distance = strsim::damerau_levenshtein(&wanted, &other);
            let near = distance <= (other.chars().count() / 3).max(1)
                || strsim::jaro_winkler(&wanted, &other) >= 0.9
                || (wanted.len() >= 4 && other.contains(&wanted));
            (near, distance, name)
        })
        .filter(|(near, ..)| *near)
        .min_by_key(|(_, distance, _)| *distance)
        .map(|(.., name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\nc\u{9b}d\u{202e}e"), "a\\u{1b}[2Jb\\nc\\u{9b}d\\u{202e}e");
        assert_eq!(clean_lines("a\tb\n\u{7}c"), "a    b\n\\u{7}c");
        let json = clean_json(serde_json::json!({ "a": "\u{9b}31m\u{1b}\u{202e}" }).to_string());
        assert_eq!(json, r#"{"a":"\u009b31m\u001b\u202e"}"#);
        let text = "é\u{1b}\u{9b}\u{202e}\n!";
        assert_eq!(clean_in_place(text).len(), text.len());
        assert!(!clean_in_place(text).contains('\u{1b}'));
    }

    #[test]
    fn numbers_are_easy_to_read() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!(millionths(628_349, 3), "0.628");
        assert_eq!(millionths(98_765_432, 1), "98.8");
        assert_eq!(millionths(-500_000, 1), "-0.5");
        assert_eq!(millionths(-4, 2), "0.00");
        assert_eq!(millionths(1_500_000, 0), "2");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1_536), "1.5 KiB");
        assert_eq!(bytes(u64::MAX), "16777215.9 TiB");
        assert_eq!(micros(1_234), "1.2 ms");
        assert_eq!(micros(61_500_000), "61.50 s");
        assert_eq!(micros(3_661_000_000), "1 h 01 min");
    }

    #[test]
    fn a_paragraph_hangs_and_colours_take_no_room() {
        let text = format!("one {} three four", "\u{1b}[1;31mtwo\u{1b}[0m");
        assert_eq!(paragraph("- ", 4, &text, 18), "- one \u{1b}[1;31mtwo\u{1b}[0m three\n    four\n");
        assert_eq!(paragraph("  label   ", 10, "a b", 11), "  label   a\n          b\n");
        assert_eq!(
            paragraph("", 2, "a_word_that_is_longer_than_that b", 8),
            "a_word_that_is_longer_than_that\n  b\n"
        );
    }

    #[test]
    fn json_can_be_broken_between_its_parts() {
        let value = serde_json::json!({ "a": [1, 2], "b": { "c": "d,e:f\u{9b}" } });
        assert_eq!(json_words(&value), r#"{"a": [1, 2], "b": {"c": "d,e:f\u009b"}}"#);
    }

    #[test]
    fn words_of_a_shell() {
        assert_eq!(shell_word("worlds/market-001.world"), "worlds/market-001.world");
        assert_eq!(shell_word("it's here"), r"'it'\''s here'");
        assert_eq!(shell_word(""), "''");
    }
}

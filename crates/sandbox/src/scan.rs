//! A look at source text before a parser sees it: size and nesting.

use crate::{Fault, Limits};

/// Base64 of the eight bytes that every binary module of WebAssembly begins with, as far as the next ones have no part in it.
const MODULE: &str = "AGFzbQEAAA";

/// Whether source is the base64 text of a module of WebAssembly.
pub(crate) fn is_module(source: &str) -> bool {
    source.trim_start().starts_with(MODULE)
}

/// Refuses source that is too long or nests too deep. Linear, without recursion, and independent of the grammar's finer points: it may count
/// a little too much, never too little.
///
/// # Errors
/// [`Fault::Compile`] with the line where the limit is passed.
pub(crate) fn scan(source: &str, limits: &Limits) -> Result<(), Fault> {
    if source.len() as u64 > limits.source_bytes_max {
        let message =
            format!("the source has {} bytes; at most {} are allowed", source.len(), limits.source_bytes_max);
        return Err(Fault::Compile { line: 0, message });
    }
    if is_module(source) {
        let message = "this is a module of WebAssembly, and here only Luau is run (an engine for both is built with the feature wasm)";
        return Err(Fault::Compile { line: 0, message: message.to_owned() });
    }
    let bytes = source.as_bytes();
    if let Some(at) = bytes.iter().position(|byte| *byte == 0 || *byte == 0x1b) {
        return Err(Fault::Compile {
            line: line_of(bytes, at),
            message: "the source must be plain text".to_owned(),
        });
    }
    let mut depth = 0_u32;
    let mut interpolations = Vec::new();
    // Whether an expression is expected here: there `if` opens no block that an `end` closes.
    let mut in_expression = false;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {
                at += 1;
                continue;
            }
            b'-' if bytes.get(at + 1) == Some(&b'-') => at = after_comment(bytes, at + 2),
            b'"' | b'\'' => {
                at = after_string(bytes, at + 1, byte);
                in_expression = false;
            }
            b'`' => {
                let (after, opens) = after_text(bytes, at + 1);
                at = after;
                in_expression = opens;
                if opens {
                    depth += 1;
                    interpolations.push(depth);
                }
            }
            b'[' if long_bracket(bytes, at).is_some() => {
                at = after_long(bytes, at);
                in_expression = false;
            }
            b'(' | b'[' | b'{' => {
                depth += 1;
                at += 1;
                in_expression = true;
            }
            b'}' if interpolations.last() == Some(&depth) => {
                let (after, opens) = after_text(bytes, at + 1);
                at = after;
                in_expression = opens;
                if !opens {
                    interpolations.pop();
                    depth -= 1;
                }
            }
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                at += 1;
                in_expression = false;
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let end = bytes[at..]
                    .iter()
                    .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
                    .map_or(bytes.len(), |length| at + length);
                let word = &bytes[at..end];
                match word {
                    b"if" if in_expression => {}
                    b"function" | b"do" | b"if" | b"repeat" => depth += 1,
                    b"end" | b"until" => depth = depth.saturating_sub(1),
                    _ => {}
                }
                in_expression = matches!(
                    word,
                    b"return" | b"and" | b"or" | b"not" | b"in" | b"if" | b"elseif" | b"while" | b"until"
                );
                at = end;
            }
            _ => {
                at += 1;
                in_expression = !byte.is_ascii_digit() && byte != b';' && byte != b'.';
            }
        }
        if depth > limits.source_depth_max {
            let message = format!("brackets and blocks nest deeper than {}", limits.source_depth_max);
            return Err(Fault::Compile { line: line_of(bytes, at.min(bytes.len())), message });
        }
    }
    Ok(())
}

fn line_of(bytes: &[u8], at: usize) -> u32 {
    let lines = bytes[..at].iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(lines).map_or(u32::MAX, |lines| lines + 1)
}

/// The number of equals signs when a long bracket `[==[` opens here.
fn long_bracket(bytes: &[u8], at: usize) -> Option<usize> {
    let level = bytes[at + 1..].iter().take_while(|byte| **byte == b'=').count();
    (bytes.get(at + 1 + level) == Some(&b'[')).then_some(level)
}

fn after_long(bytes: &[u8], at: usize) -> usize {
    let Some(level) = long_bracket(bytes, at) else { return at + 1 };
    let mut close = vec![b'='; level + 2];
    close[0] = b']';
    close[level + 1] = b']';
    let body = at + level + 2;
    bytes[body..]
        .windows(close.len())
        .position(|window| window == close)
        .map_or(bytes.len(), |end| body + end + close.len())
}

fn after_comment(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at) == Some(&b'[') && long_bracket(bytes, at).is_some() {
        return after_long(bytes, at);
    }
    bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| at + end)
}

/// The end of the text of an interpolated string, and whether it ends because an expression opens.
fn after_text(bytes: &[u8], mut at: usize) -> (usize, bool) {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'`' => return (at + 1, false),
            b'{' => return (at + 1, true),
            _ => at += 1,
        }
    }
    (bytes.len(), false)
}

fn after_string(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'\n' => return at + 1,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(source: &str) -> Option<u32> {
        match scan(source, &Limits::default()) {
            Ok(()) => None,
            Err(Fault::Compile { line, .. }) => Some(line),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn ordinary_code_passes() {
        assert_eq!(line(&"local function f() if a then return {1, {2}} end end\n".repeat(500)), None);
        assert_eq!(line(&"local x = if a then b else c\n".repeat(500)), None);
        assert_eq!(line(&"local x = `it's {a} (({b}`\n".repeat(500)), None);
        assert_eq!(
            line("local s = \"((((\" .. '[[[[' .. [[ (((( ]] .. [==[ ]] ((( ]==] -- ((((\n--[[ (((( ]]"),
            None
        );
    }

    #[test]
    fn depth_is_limited_with_the_line() {
        assert_eq!(line(&format!("x = 1\nlocal a = {}1{}", "(".repeat(101), ")".repeat(101))), Some(2));
        assert_eq!(line(&"if a then\n".repeat(200)), Some(101));
        assert_eq!(line(&format!("local s = {}", "`{".repeat(200))), Some(1));
        assert_eq!(line(&format!("local s = `it's` .. {}", "(".repeat(200))), Some(1));
        assert_eq!(line(&format!("local x = {}1", "if a then b else ".repeat(200))), Some(1));
    }

    #[test]
    fn nothing_but_text_and_not_too_much_of_it() {
        assert_eq!(line("\u{1b}Lua"), Some(1));
        assert_eq!(line(&" ".repeat(70_000)), Some(0));
        assert_eq!(line("x = '\\"), None);
        assert_eq!(line("--[==["), None);
    }
}

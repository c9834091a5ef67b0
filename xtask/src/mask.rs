//! Blanks parts of Rust source so that a plain search means code. Lengths and line breaks stay, so places stay true.

/// What is blanked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Blank {
    /// Contents of string and character literals.
    pub(crate) strings: bool,
    /// Comments.
    pub(crate) comments: bool,
    /// Modules and functions under `#[cfg(test)]`.
    pub(crate) tests: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Code,
    Comment,
    Literal,
}

/// `source` with what `blank` names replaced by spaces.
pub(crate) fn masked(source: &str, blank: Blank) -> String {
    let bytes = source.as_bytes();
    let classes = classify(bytes);
    let mut out: Vec<u8> = bytes.to_vec();
    for (at, class) in classes.iter().enumerate() {
        let hide = match class {
            Class::Code => false,
            Class::Comment => blank.comments,
            Class::Literal => blank.strings,
        };
        if hide && out[at] != b'\n' {
            out[at] = b' ';
        }
    }
    if blank.tests {
        let code: Vec<u8> = bytes
            .iter()
            .zip(&classes)
            .map(|(byte, class)| if *class == Class::Code || *byte == b'\n' { *byte } else { b' ' })
            .collect();
        for (from, to) in test_items(&code) {
            for byte in &mut out[from..to] {
                if *byte != b'\n' {
                    *byte = b' ';
                }
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Where `word` stands in `text` as a whole word.
pub(crate) fn find_word(text: &str, word: &str) -> Option<usize> {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let bytes = text.as_bytes();
    text.match_indices(word).map(|(at, _)| at).find(|at| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        !is_word(before) && !is_word(bytes.get(at + word.len()))
    })
}

/// The line of a byte, from 1.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1
}

fn classify(bytes: &[u8]) -> Vec<Class> {
    let mut classes = vec![Class::Code; bytes.len()];
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let (length, class) = if rest.starts_with(b"//") {
            (rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()), Class::Comment)
        } else if rest.starts_with(b"/*") {
            (block_comment(rest), Class::Comment)
        } else if let Some(length) = raw_string(bytes, at) {
            (length, Class::Literal)
        } else if rest[0] == b'"' {
            (quoted(rest, b'"'), Class::Literal)
        } else if rest[0] == b'\'' && is_character(rest) {
            (quoted(rest, b'\''), Class::Literal)
        } else {
            (1, Class::Code)
        };
        let end = (at + length).min(bytes.len());
        classes[at..end].fill(class);
        // The quotes themselves stay, so that `"` still ends what came before.
        at = end.max(at + 1);
    }
    classes
}

fn block_comment(rest: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// Length of `r"..."`, `r#"..."#`, `br"..."`, when one begins at `at`.
fn raw_string(bytes: &[u8], at: usize) -> Option<usize> {
    let before = at.checked_sub(1).map(|before| bytes[before]);
    if before
        .is_some_and(|byte| (byte.is_ascii_alphanumeric() && byte != b'b' && byte != b'c') || byte == b'_')
    {
        return None;
    }
    let rest = bytes[at..].strip_prefix(b"r")?;
    let hashes = rest.iter().take_while(|byte| **byte == b'#').count();
    if rest.get(hashes) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'#'; hashes + 1];
    close[0] = b'"';
    let body = &rest[hashes + 1..];
    let end = body.windows(close.len()).position(|window| window == close).unwrap_or(body.len());
    Some(1 + hashes + 1 + end + close.len())
}

fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// Tells `'a'` and `'\n'` from the lifetime `'a`.
fn is_character(rest: &[u8]) -> bool {
    match rest.get(1) {
        Some(b'\\') => true,
        Some(byte) if byte.is_ascii() => rest.get(2) == Some(&b'\''),
        Some(_) => true,
        None => false,
    }
}

/// The items under `#[cfg(test)]`, from the attribute to the closing brace or semicolon.
fn test_items(code: &[u8]) -> Vec<(usize, usize)> {
    const MARK: &[u8] = b"#[cfg(test)]";
    let mut items = Vec::new();
    let mut at = 0;
    while let Some(found) = code[at..].windows(MARK.len()).position(|window| window == MARK) {
        let start = at + found;
        let mut depth = 0_usize;
        let mut end = code.len();
        for (offset, byte) in code[start + MARK.len()..].iter().enumerate() {
            match byte {
                b'{' => depth += 1,
                b'}' => depth = depth.saturating_sub(1),
                b';' if depth == 0 => {}
                _ => continue,
            }
            if depth == 0 && (*byte == b'}' || *byte == b';') {
                end = start + MARK.len() + offset + 1;
                break;
            }
        }
        items.push((start, end));
        at = end;
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: Blank = Blank { strings: true, comments: true, tests: true };

    #[test]
    fn comments_strings_and_characters_are_no_code() {
        let source = "let a = \"Legacy \\\" x\"; // Legacy\nlet b = r#\"Legacy \" \"#; /* Legacy /* x */ Legacy */ let c = '\"'; Real";
        let code = masked(source, CODE);
        assert_eq!(code.len(), source.len());
        assert!(find_word(&code, "Legacy").is_none());
        assert_eq!(line_of(&code, find_word(&code, "Real").unwrap()), 2);
    }

    #[test]
    fn lifetimes_do_not_open_a_character() {
        let code = masked("fn f<'a>(x: &'a str) -> Legacy<'a> { '\\'' ; 'x' }", CODE);
        assert!(find_word(&code, "Legacy").is_some());
        assert!(!code.contains("'x'"));
    }

    #[test]
    fn test_modules_are_blanked_and_what_follows_is_not() {
        let source = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() { let x = \"}\"; Hidden } }\n#[cfg(test)]\nuse x::Hidden;\nfn c() { Seen }\n";
        let code = masked(source, CODE);
        assert!(find_word(&code, "Hidden").is_none());
        assert_eq!(line_of(&code, find_word(&code, "Seen").unwrap()), 6);
    }

    #[test]
    fn words_are_whole() {
        assert!(find_word("LegacyName not_Legacy", "Legacy").is_none());
        assert_eq!(find_word("x Legacy::new", "Legacy"), Some(2));
    }
}

//! Which files a list of globs means. `*` stays inside one folder, `**` crosses folders.

use anyhow::{Context as _, Result};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Compiles `patterns`.
///
/// # Errors
/// When a pattern is malformed.
pub(crate) fn compile(patterns: &[String]) -> Result<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = GlobBuilder::new(pattern)
            .literal_separator(true)
            .build()
            .with_context(|| format!("`{pattern}` is not a glob"))?;
        set.add(glob);
    }
    Ok(set.build()?)
}

/// The files that at least one of `patterns` matches, in the order of `files`.
///
/// # Errors
/// When a pattern is malformed.
pub(crate) fn matching<'a>(files: &'a [String], patterns: &[String]) -> Result<Vec<&'a str>> {
    let set = compile(patterns)?;
    Ok(files.iter().map(String::as_str).filter(|file| set.is_match(file)).collect())
}

/// The patterns that match none of `files`.
///
/// # Errors
/// When a pattern is malformed.
pub(crate) fn unmatched<'a>(files: &[String], patterns: &'a [String]) -> Result<Vec<&'a str>> {
    let mut left = Vec::new();
    for pattern in patterns {
        if matching(files, std::slice::from_ref(pattern))?.is_empty() {
            left.push(pattern.as_str());
        }
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_star_stays_in_its_folder() {
        let files = ["a/b.rs".to_owned(), "a/c/d.rs".to_owned()];
        assert_eq!(matching(&files, &["a/*.rs".to_owned()]).unwrap(), ["a/b.rs"]);
        assert_eq!(matching(&files, &["a/**".to_owned()]).unwrap(), ["a/b.rs", "a/c/d.rs"]);
        assert_eq!(unmatched(&files, &["a/**".to_owned(), "z/*".to_owned()]).unwrap(), ["z/*"]);
        assert!(matching(&files, &["a/[".to_owned()]).is_err());
    }
}

//! The head of a snapshot: which implementation wrote it.

/// What a snapshot begins with: the version of the form, then the name of the implementation.
const VERSION: u8 = 1;

/// The beginning of a snapshot of the implementation called `name`.
pub(crate) fn head(name: &str) -> Vec<u8> {
    let mut head = vec![VERSION];
    head.extend_from_slice(name.as_bytes());
    head.push(0);
    head
}

/// What follows the head, when the implementation called `name` wrote it.
pub(crate) fn body<'a>(name: &str, saved: &'a [u8]) -> Result<&'a [u8], String> {
    saved.strip_prefix(head(name).as_slice()).ok_or_else(|| {
        format!("this is not a snapshot of the rate limiter `{name}` in a form that this version reads")
    })
}

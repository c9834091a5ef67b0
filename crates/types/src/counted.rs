//! Counts in sentences.

/// A count with its noun: `one` beside 1, `others` beside every other number.
///
/// ```
/// use ecology_types::counted;
///
/// assert_eq!(counted(1, "byte", "bytes"), "1 byte");
/// assert_eq!(counted(0, "policy", "policies"), "0 policies");
/// ```
#[must_use]
pub fn counted(value: u64, one: &str, others: &str) -> String {
    format!("{value} {}", if value == 1 { one } else { others })
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn only_one_is_singular() {
        let told = [0, 1, 2, u64::MAX].map(|value| counted(value, "byte", "bytes"));
        assert_eq!(told, ["0 bytes", "1 byte", "2 bytes", "18446744073709551615 bytes"]);
    }
}

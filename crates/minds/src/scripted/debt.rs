//! Debt as an artifact: a promise that whoever owns it can sell, because scrip never goes below zero.

use ecology_types::{Id, SmolStr, Time};
use serde::{Deserialize, Serialize};

/// The kind of artifacts that are debts.
pub const DEBT_KIND: &str = "debt";

/// The content of a debt artifact: who pays how much to its owner, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DebtTerms {
    /// Who pays.
    pub issuer: Id,
    /// How much, in scrip.
    pub face: u64,
    /// When, in world time.
    pub due: Time,
}

impl DebtTerms {
    /// The terms as the content of an artifact: one line of JSON.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Text and integers only, which JSON always takes.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The terms in this content; `None` when it holds none. Anybody can write such an artifact, so reading is forgiving and short.
    #[must_use]
    pub fn parse(content: &str) -> Option<Self> {
        if content.len() > 1_024 { None } else { serde_json::from_str(content).ok() }
    }

    /// The kind as artifacts carry it.
    #[must_use]
    pub fn kind() -> SmolStr {
        SmolStr::new_static(DEBT_KIND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_survive_and_nonsense_does_not() {
        let terms = DebtTerms { issuer: Id::known("a"), face: 11, due: Time(5) };
        assert_eq!(DebtTerms::parse(&terms.to_text()), Some(terms));
        for text in ["", "{}", "null", r#"{"issuer":"","face":1,"due":1}"#, &"x".repeat(5_000)] {
            assert_eq!(DebtTerms::parse(text), None, "{text}");
        }
    }
}

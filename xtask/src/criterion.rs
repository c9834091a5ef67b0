//! The typed criteria of a plan. There is no shell in them: every kind says what it needs and nothing else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One thing that must hold before a gap is closed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Criterion {
    /// Unique in its plan; `GAP/name` names it everywhere else.
    pub(crate) name: String,
    /// Requirements (`docker`, ...) without which it is skipped.
    pub(crate) needs: Vec<String>,
    /// What is checked.
    #[serde(flatten)]
    pub(crate) check: Check,
    /// Line in the plan, for messages.
    #[serde(skip)]
    pub(crate) line: usize,
}

/// What a criterion checks, by its `kind`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum Check {
    /// Tests exist and pass.
    Test(TestCheck),
    /// The binary does something that shows.
    Run(RunCheck),
    /// A shadow pair agrees.
    Agree(AgreeCheck),
    /// A flag can be moved.
    Toggle(ToggleCheck),
    /// Measured ratios meet their targets.
    Bench(BenchCheck),
    /// A page says something.
    Docs(DocsCheck),
    /// A text does not occur.
    Absent(AbsentCheck),
}

impl Check {
    /// Every kind, as written in plans.
    pub(crate) const KINDS: [&'static str; 7] = ["test", "run", "agree", "toggle", "bench", "docs", "absent"];

    /// Its kind, as written in plans.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Test(_) => "test",
            Self::Run(_) => "run",
            Self::Agree(_) => "agree",
            Self::Toggle(_) => "toggle",
            Self::Bench(_) => "bench",
            Self::Docs(_) => "docs",
            Self::Absent(_) => "absent",
        }
    }
}

/// `kind = "test"`: at least `least` tests of `package` whose path contains `filter` pass, and none fails.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestCheck {
    /// The package that has the tests.
    pub(crate) package: String,
    /// What their paths contain; all tests of the package when absent.
    pub(crate) filter: Option<String>,
    /// How many there must be.
    #[serde(default = "one")]
    pub(crate) least: usize,
}

/// `kind = "run"`: `ecology ARGS --json --quiet` in a fresh world ends with `exit` and reports what `expect` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunCheck {
    /// Arguments of the binary, without `--world`, `--json` and `--quiet`.
    pub(crate) args: Vec<String>,
    /// The exit code.
    #[serde(default)]
    pub(crate) exit: i32,
    /// JSON pointers into the report, with what must be there.
    #[serde(default)]
    pub(crate) expect: BTreeMap<String, Bounds>,
    /// JSON pointers that must hold the same value when the run is repeated in another fresh world.
    #[serde(default)]
    pub(crate) repeats: Vec<String>,
    /// Whether `ecology replay` of the world must succeed afterwards.
    #[serde(default)]
    pub(crate) replay: bool,
}

/// What a value must be; at least one bound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bounds {
    /// Exactly this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) eq: Option<Value>,
    /// A number that is not smaller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ge: Option<f64>,
    /// A number that is not greater.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) le: Option<f64>,
}

/// `kind = "agree"`: every scenario with the other implementation of `axis` as a shadow, with seeds 1 to `seeds`, finds at most `unexplained` differences.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgreeCheck {
    /// The axis.
    pub(crate) axis: String,
    /// The implementation that runs in the shadow.
    pub(crate) shadow: String,
    /// Arguments of the binary, without `--shadow` and `--seed`.
    pub(crate) args: Vec<String>,
    /// Scenarios to run, each with every seed; without them the arguments name one.
    #[serde(default)]
    pub(crate) scenarios: Vec<String>,
    /// How many seeds.
    #[serde(default = "one")]
    pub(crate) seeds: usize,
    /// How many answers may differ for no registered reason, over all seeds.
    #[serde(default)]
    pub(crate) unexplained: u64,
    /// How many answers must have been compared with each seed: a shadow that is never asked agrees with nothing.
    #[serde(default = "one_u64")]
    pub(crate) least: u64,
}

/// `kind = "toggle"`: the flag walk passes for `axis`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToggleCheck {
    /// The axis; the walk's tests for it have this name in their path.
    pub(crate) axis: String,
    /// The package that has the walk.
    #[serde(default = "walk_package")]
    pub(crate) package: String,
    /// What the paths of the walk's tests contain.
    #[serde(default = "walk_filter")]
    pub(crate) filter: String,
}

/// `kind = "bench"`: every `RATIO` line of the bench meets its target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BenchCheck {
    /// The package that has the bench.
    pub(crate) package: String,
    /// Its name.
    pub(crate) bench: String,
    /// Only this case (`-- --only CASE`).
    pub(crate) only: Option<String>,
    /// How many ratios there must be.
    #[serde(default = "one")]
    pub(crate) least: usize,
    /// How often it may be measured at most. A busy machine only makes things slower, so each ratio counts with its best attempt, and the
    /// number of attempts is told.
    #[serde(default = "three")]
    pub(crate) attempts: usize,
}

/// `kind = "docs"`: `page` exists and contains every text of `mentions`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocsCheck {
    /// The page.
    pub(crate) page: String,
    /// What it must contain.
    pub(crate) mentions: Vec<String>,
}

/// `kind = "absent"`: `pattern`, a plain text, occurs in no file of `paths`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AbsentCheck {
    /// The text.
    pub(crate) pattern: String,
    /// Globs of the files; each must match something.
    pub(crate) paths: Vec<String>,
}

fn three() -> usize {
    3
}

fn one() -> usize {
    1
}

fn one_u64() -> u64 {
    1
}

fn walk_package() -> String {
    "ecology-tests".to_owned()
}

fn walk_filter() -> String {
    "flag_walk".to_owned()
}

impl Bounds {
    /// Whether `value` satisfies every bound; otherwise what was expected.
    pub(crate) fn check(&self, value: Option<&Value>) -> Result<(), String> {
        let Some(value) = value else { return Err(format!("is missing, expected {self}")) };
        let number = value.as_f64();
        let equal = self.eq.as_ref().is_none_or(|wanted| wanted == value);
        let above = self.ge.is_none_or(|least| number.is_some_and(|number| number >= least));
        let below = self.le.is_none_or(|most| number.is_some_and(|number| number <= most));
        if equal && above && below { Ok(()) } else { Err(format!("is {value}, expected {self}")) }
    }

    /// Whether nothing is asked.
    pub(crate) fn is_empty(&self) -> bool {
        self.eq.is_none() && self.ge.is_none() && self.le.is_none()
    }
}

impl std::fmt::Display for Bounds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut parts = Vec::new();
        if let Some(value) = &self.eq {
            parts.push(format!("= {value}"));
        }
        if let Some(least) = self.ge {
            parts.push(format!(">= {least}"));
        }
        if let Some(most) = self.le {
            parts.push(format!("<= {most}"));
        }
        f.write_str(&parts.join(" and "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bounds_compare_numbers_and_say_what_was_expected() {
        let bounds = Bounds { eq: None, ge: Some(1.0), le: Some(3.0) };
        assert!(bounds.check(Some(&json!(2))).is_ok());
        assert!(bounds.check(Some(&json!(1.0))).is_ok());
        assert_eq!(bounds.check(Some(&json!(0))).unwrap_err(), "is 0, expected >= 1 and <= 3");
        assert!(bounds.check(Some(&json!("2"))).is_err());
        assert_eq!(bounds.check(None).unwrap_err(), "is missing, expected >= 1 and <= 3");
        let exact = Bounds { eq: Some(json!("rolling")), ge: None, le: None };
        assert!(exact.check(Some(&json!("rolling"))).is_ok());
        assert!(exact.check(Some(&json!("tick"))).is_err());
    }
}

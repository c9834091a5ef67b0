//! The line in which a bench states a ratio and its target.
//!
//! `RATIO <name> <what> <value> [<=|>=] <target>`: `what` may have several words, a missing operator means `<=`, the operator may touch the target,
//! numbers may end in `x`. The bench's own judgement after the target (`PASS`, `FAIL`) is not taken over: the numbers decide.
//! A target `-` means that the ratio is told and not judged.

use serde::Serialize;

/// The operators, and whether they ask for at least the target.
const OPERATORS: [(&str, bool); 4] = [("<=", false), (">=", true), ("≤", false), ("≥", true)];

/// What a bench may say after the target.
const JUDGEMENTS: [&str; 5] = ["pass", "fail", "ok", "met", "missed"];

/// One measured ratio.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Ratio {
    /// Name of the case.
    pub(crate) name: String,
    /// What is divided by what.
    pub(crate) what: String,
    /// The measured value.
    pub(crate) value: f64,
    /// Whether the value must not be under the target; otherwise it must not be over it.
    pub(crate) at_least: bool,
    /// The target; none when the ratio is only told (`-`).
    pub(crate) target: Option<f64>,
}

impl Ratio {
    /// Whether the target is met. A value that is not a number meets nothing.
    pub(crate) fn met(&self) -> bool {
        self.target
            .is_none_or(|target| if self.at_least { self.value >= target } else { self.value <= target })
    }

    /// The target with its operator, as text.
    pub(crate) fn wanted(&self) -> String {
        let operator = if self.at_least { ">=" } else { "<=" };
        self.target.map_or_else(|| "told".to_owned(), |target| format!("{operator} {target}"))
    }
}

impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} is {}, target {}", self.name, self.what, self.value, self.wanted())
    }
}

/// Reads a line: `None` when it is no `RATIO` line, an error when it is one and cannot be understood.
pub(crate) fn parse(line: &str) -> Option<Result<Ratio, String>> {
    let rest = line.trim().strip_prefix("RATIO ")?;
    Some(
        parse_fields(rest).ok_or_else(|| {
            format!("`{}` is not `RATIO <name> <what> <value> [<=|>=] <target>`", line.trim())
        }),
    )
}

fn parse_fields(rest: &str) -> Option<Ratio> {
    let mut words: Vec<&str> = rest.split_whitespace().collect();
    let operator = words.iter().enumerate().rev().find_map(|(at, word)| {
        OPERATORS.iter().find_map(|(text, at_least)| Some((at, word.strip_prefix(text)?, *at_least)))
    });
    let (target, at_least) = match operator {
        Some((at, touching, at_least)) => {
            let target = if touching.is_empty() { words.get(at + 1)? } else { touching };
            words.truncate(at);
            (target, at_least)
        }
        None => {
            let own = |word: &&str| JUDGEMENTS.contains(&word.to_ascii_lowercase().as_str());
            words.pop_if(|last| own(last));
            (words.pop()?, false)
        }
    };
    let target = if target == "-" { None } else { Some(number(target)?) };
    let value = number(words.pop()?)?;
    let (name, what) = words.split_first()?;
    Some(Ratio { name: (*name).to_owned(), what: what.join(" "), value, at_least, target })
}

fn number(word: &str) -> Option<f64> {
    word.strip_suffix('x').unwrap_or(word).replace('_', "").parse().ok().filter(|n: &f64| n.is_finite())
}

/// Every ratio of a run, or the first line that cannot be understood.
pub(crate) fn parse_all(lines: &[String]) -> Result<Vec<Ratio>, String> {
    lines.iter().filter_map(|line| parse(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_operator_the_value_must_not_be_over_the_target() {
        let ratio = parse("RATIO rolling/direct ours/governor 0.25 0.3").unwrap().unwrap();
        assert_eq!((ratio.name.as_str(), ratio.what.as_str()), ("rolling/direct", "ours/governor"));
        assert!(ratio.met());
        assert!(!parse("RATIO a b/c 0.31 <= 0.3").unwrap().unwrap().met());
    }

    #[test]
    fn at_least_words_in_the_middle_and_a_trailing_x() {
        let ratio = parse("  RATIO journal committed per second / floor 0.92x >= 0.8x").unwrap().unwrap();
        assert_eq!(ratio.what, "committed per second / floor");
        assert!(ratio.met());
        assert_eq!(ratio.wanted(), ">= 0.8");
        assert!(!parse("RATIO j a/b 0.7 >= 0.8").unwrap().unwrap().met());
    }

    #[test]
    fn the_operator_may_touch_and_the_numbers_decide() {
        let ratio = parse("RATIO many ours/floor 0.70 >=0.80 PASS").unwrap().unwrap();
        assert!(ratio.at_least && !ratio.met());
        assert_eq!(ratio.what, "ours/floor");
        assert!(parse("RATIO many ours/floor 0.2 <=0.3 (too good to be true)").unwrap().unwrap().met());
    }

    #[test]
    fn a_ratio_without_a_target_is_told() {
        let ratio = parse("RATIO granted ours/log 99.7 -").unwrap().unwrap();
        assert!(ratio.target.is_none() && ratio.met());
        assert_eq!(ratio.to_string(), "granted ours/log is 99.7, target told");
    }

    #[test]
    fn other_lines_are_none_and_broken_ones_are_errors() {
        assert!(parse("ratio a").is_none());
        assert!(parse("RATIOS").is_none());
        assert!(parse("RATIO a b/c NaN 0.3").unwrap().is_err());
        assert!(parse("RATIO 0.2 0.3").unwrap().is_err());
        assert!(parse("RATIO a b/c fast <= 0.3").unwrap().unwrap_err().contains("RATIO <name>"));
        assert!(parse_all(&["RATIO a b 1 2".to_owned(), "RATIO".to_owned(), "RATIO x".to_owned()]).is_err());
    }
}

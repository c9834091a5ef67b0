//! How `verify-phase` says what it found: fixed-width lines, a summary, the next command.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use super::{Ask, Outcome, Verdict};
use crate::talk::{say, tell};

#[derive(Serialize)]
struct Report<'a> {
    results: &'a [Outcome],
    passed: usize,
    failed: usize,
    skipped: usize,
    /// Gaps that are not proven.
    open: BTreeSet<u32>,
    next: String,
}

/// One line; the detail comes last because its width is its own.
pub(super) fn line(result: &Outcome) -> String {
    #[expect(clippy::cast_precision_loss, reason = "seconds with two decimals are for reading")]
    let seconds = result.duration_ms as f64 / 1000.0;
    let detail = result.detail.replace('\n', "\n      ");
    format!(
        "{}  {:<34} {:<7} {seconds:>8.2} s  {detail}",
        result.verdict.word(),
        result.criterion,
        result.kind
    )
}

/// Prints the summary; whether what was asked for is proven. Of all phases, the gaps that are planned may stay open; of a phase asked for by its
/// number, none may.
pub(super) fn finish(ask: &Ask, results: &[Outcome], took: Duration) -> Result<bool> {
    let count = |verdict| results.iter().filter(|result| result.verdict == verdict).count();
    let (passed, failed, skipped) = (count(Verdict::Pass), count(Verdict::Fail), count(Verdict::Skip));
    let open: BTreeSet<u32> =
        results.iter().filter(|result| result.verdict != Verdict::Pass).map(|result| result.gap).collect();
    let next = next(ask, results);
    if ask.json {
        let report = Report { results, passed, failed, skipped, open, next };
        say!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        let numbers: Vec<_> = open.iter().map(ToString::to_string).collect();
        let open = if numbers.is_empty() { "none".to_owned() } else { numbers.join(", ") };
        say!(
            "PASS {passed}  FAIL {failed}  SKIP {skipped}  in {:.1} s; open gaps: {open}",
            took.as_secs_f64()
        );
        if let Some(phase) = ask.phase.filter(|_| ask.only.is_none() && !numbers.is_empty()) {
            say!("phase {phase} is not complete: {} open", one_or_more("gap", &numbers));
        }
        tell!("next: {next}");
    }
    Ok(results.iter().all(|result| holds(ask, result)))
}

/// `gap 14 is`, `gaps 6 and 14 are`.
fn one_or_more(what: &str, numbers: &[String]) -> String {
    match numbers {
        [one] => format!("{what} {one} is"),
        [first @ .., last] => format!("{what}s {} and {last} are", first.join(", ")),
        [] => format!("no {what} is"),
    }
}

/// A skipped criterion is never proven; a planned gap is not expected to be when all phases are asked for.
fn holds(ask: &Ask, result: &Outcome) -> bool {
    result.verdict == Verdict::Pass || (ask.phase.is_none() && result.kind == "gap")
}

fn next(ask: &Ask, results: &[Outcome]) -> String {
    if let Some(failed) = results.iter().find(|result| result.verdict == Verdict::Fail) {
        return format!("cargo xtask verify-phase all --only {}", failed.criterion);
    }
    if results.iter().any(|result| result.kind != "gap")
        && !ask.record
        && results.iter().all(|result| holds(ask, result))
    {
        let phase = ask.phase.map_or_else(|| "all".to_owned(), |phase| phase.to_string());
        let only = ask.only.as_deref().and_then(|only| only.split('/').next());
        let only = only.map(|gap| format!(" --only {gap}")).unwrap_or_default();
        return format!("cargo xtask verify-phase {phase}{only} --record");
    }
    match results.iter().find(|result| result.kind == "gap") {
        Some(planned) => format!("cargo xtask plan show {}", planned.gap),
        None => "cargo xtask phases".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(criterion: &str, kind: &'static str, verdict: Verdict) -> Outcome {
        Outcome {
            gap: 1,
            criterion: criterion.to_owned(),
            kind,
            verdict,
            duration_ms: 1234,
            detail: "12 passed".to_owned(),
        }
    }

    fn ask() -> Ask {
        Ask { phase: Some(1), only: None, json: false, record: false }
    }

    #[test]
    fn lines_have_fixed_columns() {
        let text = line(&result("1/laws", "test", Verdict::Pass));
        assert_eq!(text, "PASS  1/laws                             test        1.23 s  12 passed");
    }

    #[test]
    fn a_skipped_criterion_is_no_pass_and_a_planned_gap_is_expected_among_all_alone() {
        let pass = result("1/a", "test", Verdict::Pass);
        let all = Ask { phase: None, ..ask() };
        assert!(finish(&all, &[pass.clone(), result("3", "gap", Verdict::Skip)], Duration::ZERO).unwrap());
        assert!(!finish(&ask(), &[pass.clone(), result("3", "gap", Verdict::Skip)], Duration::ZERO).unwrap());
        assert!(
            !finish(&all, &[pass.clone(), result("1/b", "test", Verdict::Skip)], Duration::ZERO).unwrap()
        );
        assert!(
            !finish(&ask(), &[pass.clone(), result("1/b", "test", Verdict::Skip)], Duration::ZERO).unwrap()
        );
        assert!(!finish(&ask(), &[pass, result("1/b", "test", Verdict::Fail)], Duration::ZERO).unwrap());
    }

    #[test]
    fn what_is_open_is_said_in_words() {
        let numbers = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(one_or_more("gap", &numbers("14")), "gap 14 is");
        assert_eq!(one_or_more("gap", &numbers("6 7 14")), "gaps 6, 7 and 14 are");
    }

    #[test]
    fn the_next_command_follows_from_what_was_found() {
        let pass = result("1/a", "test", Verdict::Pass);
        assert_eq!(next(&ask(), std::slice::from_ref(&pass)), "cargo xtask verify-phase 1 --record");
        let fail = result("1/b", "run", Verdict::Fail);
        assert_eq!(next(&ask(), &[pass, fail]), "cargo xtask verify-phase all --only 1/b");
        assert_eq!(next(&ask(), &[result("3", "gap", Verdict::Skip)]), "cargo xtask plan show 1");
    }
}

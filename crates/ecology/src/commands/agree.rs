//! `ecology agree`.

use std::path::Path;

use ecology_runner::agreement::{Agreement, Covered, FromSource};
use ecology_runner::reproduce::{self, Reproduction};
use ecology_runner::verdicts::{KeptVerdicts, Source};
use ecology_runner::{session, unshadowed};
use ecology_shadow::{Latency, Quantiles, Verdict};
use ecology_types::Axis;
use serde_json::json;

use crate::cli::AgreeArgs;
use crate::exit::Exit;
use crate::failure::{Failure, shown};
use crate::render::catalogue::title_of;
use crate::render::{Align, Table};
use crate::terminal::{Style, Terminal};
use crate::text::{clean, count, number, paragraph, shell_word};

/// Unexplained differences that are shown in full; `--json` has all that are kept.
const SHOWN_MAX: usize = 3;

pub(crate) fn execute(args: &AgreeArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    if let Some(file) = &args.reproduce {
        return ask_again(file, args.json, terminal);
    }
    // The command line demands one of the two.
    let Some(world) = &args.world else { return Ok(Exit::Usage) };
    let all = session::verdicts(world)?;
    let mut kept: Vec<KeptVerdicts> =
        all.into_iter().filter(|kept| args.axis.is_none_or(|axis| kept.axis == axis)).collect();
    if !args.runs_only {
        let axes = args.axis.map_or(unshadowed::AXES.to_vec(), |axis| vec![axis]);
        let again = unshadowed::decide_again(world, &kept, &axes)?;
        kept.extend(again);
        kept.sort_by_key(|kept| (kept.from_record, kept.axis, kept.source));
    }
    let axes = Agreement::of(&kept);
    let agrees = !axes.is_empty() && axes.iter().all(Agreement::agrees);
    let files = if args.files {
        reproduce::write_files(world, &kept, &reproduce::built).map_err(reproduction_failed)?
    } else {
        Vec::new()
    };
    if args.json {
        let axes: Vec<_> = axes.iter().map(as_json).collect();
        let files: Vec<_> = files.iter().map(|(_, path)| path.display().to_string()).collect();
        terminal.print_json(&json!({
            "world": world.display().to_string(), "agrees": agrees, "axes": axes, "files": files,
        }))?;
    } else if axes.is_empty() {
        terminal.print(&nothing(args.axis, world, terminal))?;
    } else {
        let mut text = String::new();
        for agreement in &axes {
            text += &render(agreement, terminal.out, terminal.width);
        }
        for (_, path) in &files {
            text += &format!("reproduces it: {}\n", clean(&path.display().to_string()));
        }
        text += &next(&axes, world, terminal);
        terminal.print(&text)?;
    }
    Ok(if agrees { Exit::Ok } else { Exit::Failed })
}

fn as_json(agreement: &Agreement) -> serde_json::Value {
    let mut value = serde_json::to_value(agreement).unwrap_or_default();
    value["agrees"] = agreement.agrees().into();
    value["agreed"] = agreement.agreed().into();
    value["agreed_millionths"] = agreement.agreed_millionths().into();
    value
}

/// Asks both sides the question of a file.
fn ask_again(file: &Path, as_json: bool, terminal: &Terminal) -> Result<Exit, Failure> {
    let reproduction = Reproduction::read(file).map_err(reproduction_failed)?;
    let sides = reproduction.sides().map_err(reproduction_failed)?;
    let answers = reproduction.ask(&sides);
    let (verdict, exit) = match &answers.verdict {
        Verdict::Same => ("same".to_owned(), Exit::Ok),
        Verdict::Expected { code } => (format!("expected: {code}"), Exit::Ok),
        Verdict::Mismatch { .. } => ("unexplained".to_owned(), Exit::Failed),
        Verdict::CandidateFailed { .. } => ("the candidate failed".to_owned(), Exit::Failed),
    };
    let Reproduction { serving, candidate, record, occasion, history_len, .. } = &reproduction;
    let axis = reproduction.case.axis();
    if as_json {
        terminal.print_json(&json!({
            "file": file.display().to_string(),
            "axis": axis.name(),
            "record": record,
            "verdict": verdict,
            "serving": { "implementation": serving, "answer": answers.serving },
            "candidate": { "implementation": candidate, "answer": answers.candidate },
        }))?;
        return Ok(exit);
    }
    let style = terminal.out;
    let mut text = format!(
        "{} at record {} ({}), after {} of {}\n\n",
        style.heading(axis.name()),
        number(*record),
        clean(occasion),
        number(reproduction.case.history_len() as u64),
        count(*history_len, "event")
    );
    for (name, answer) in [(serving, &answers.serving), (candidate, &answers.candidate)] {
        text += &paragraph(&format!("  {:<10}", clean(name)), 12, &clean(answer), terminal.width);
    }
    let shown = if exit == Exit::Ok { style.good(&verdict) } else { style.bad(&verdict) };
    text += &format!("  {:<10}{shown}\n", "verdict");
    terminal.print(&text)?;
    Ok(exit)
}

fn reproduction_failed(error: reproduce::ReproduceError) -> Failure {
    match error {
        reproduce::ReproduceError::Open(error) => error.into(),
        other => Failure::new(
            Exit::Usage,
            "agree::reproduction",
            other.to_string(),
            "name a file that `run` or `agree --files` wrote beside a world, in its folder WORLD.mismatches",
        ),
    }
}

/// What to say when no shadow ever ran.
fn nothing(axis: Option<Axis>, world: &Path, terminal: &Terminal) -> String {
    if let Some(axis) = axis.filter(|axis| !unshadowed::AXES.contains(axis)) {
        return format!("nothing was compared in this world on {axis}: it decides no single command\n");
    }
    let what = axis.map_or_else(String::new, |axis| format!(" on {axis}"));
    let axis = axis.unwrap_or(Axis::RateLimiting);
    let new = axis.implementation(ecology_types::Side::New);
    let world = shell_word(&shown(world));
    let command = terminal.command(&format!("run --world {world} --shadow {axis}={new}"));
    let why = format!("goes on with the world and compares (the other half, where {new} serves already)");
    format!(
        "nothing was compared in this world{what}: no run had a shadow there\n\n  {command}\n{}",
        paragraph("  ", 2, &why, terminal.width)
    )
}

fn next(axes: &[Agreement], world: &Path, terminal: &Terminal) -> String {
    let code = axes.iter().flat_map(|agreement| agreement.expected.keys()).next();
    let unexplained = axes.iter().any(|agreement| agreement.unexplained > 0);
    let command = match code {
        _ if unexplained => format!("agree {} --files", shell_word(&shown(world))),
        Some(code) => format!("explain {}", shell_word(&clean(code))),
        None => return String::new(),
    };
    format!("Next: {}\n", terminal.command(&command))
}

fn render(agreement: &Agreement, style: Style, width: usize) -> String {
    let verdict = match agreement.agrees() {
        true => style.good("agrees"),
        false if agreement.compared == 0 => style.bad("NOTHING WAS COMPARED"),
        false => style.bad("DOES NOT AGREE"),
    };
    let mut text = format!("{}: {verdict}\n\n", style.heading(agreement.axis.name()));
    let line = |name: &str, value: &str| paragraph(&format!("  {name:<22}"), 24, value, width);
    let millionths = agreement.agreed_millionths();
    let agreed = format!(
        "{}.{:04} %: {} of {}, {} the same",
        millionths / 10_000,
        millionths % 10_000,
        number(agreement.agreed()),
        number(agreement.compared),
        number(agreement.same)
    );
    text += &line("agreement", &agreed);
    let latency = agreement.latency.as_ref().map_or_else(
        || "not measured".to_owned(),
        |latency| {
            let side = |side: &Quantiles| format!("{} ns", number(side.p99_ns));
            let (serving, candidate) = (side(&latency.serving), side(&latency.candidate));
            format!("{serving} what serves, {candidate} the candidate ({} timed)", number(latency.timed))
        },
    );
    text += &line("99 of 100 within", &latency);
    let mut failures = number(agreement.failures);
    let sorts: Vec<String> = agreement
        .failures_by_sort
        .iter()
        .map(|(sort, n)| format!("{} {}", number(*n), clean(sort)))
        .collect();
    if !sorts.is_empty() {
        failures += &format!(" ({})", sorts.join(", "));
    }
    text += &line("candidate failures", &failures);
    text += &line("unexplained", &number(agreement.unexplained));
    if !agreement.expected.is_empty() {
        text += "\n  Expected differences\n";
        let mut table =
            Table::new([("code", Align::Left), ("answers", Align::Right), ("title", Align::Left)])
                .indented(2);
        for (code, n) in &agreement.expected {
            table.row([code.clone(), number(*n), title_of(code).unwrap_or_default()]);
        }
        text += &table.render_within(style, width);
    }
    if !agreement.first_unexplained.is_empty() {
        text += &format!("\n  {}\n", style.bad("Not explained"));
        for found in agreement.first_unexplained.iter().take(SHOWN_MAX) {
            let one = &found.unexplained;
            let place = match one.occasion.as_str() {
                "" => String::new(),
                occasion => format!(" ({occasion})"),
            };
            let words =
                format!("run {}, record {}{place}, {}: {}", found.run, one.record, one.kind, one.detail);
            text += &paragraph("    - ", 6, &clean(&words), width);
        }
        let more = agreement.first_unexplained.len().saturating_sub(SHOWN_MAX);
        if more > 0 {
            text += &format!("      and {} that --json shows\n", number(more as u64));
        }
    }
    text += &sources(agreement, style);
    text += "\n  What was compared\n";
    let mut table = Table::new([("asked", Align::Left), ("questions", Align::Right)]).indented(2);
    for (what, counts) in [("question", &agreement.kinds), ("command", &agreement.commands)] {
        for (name, n) in counts.iter().filter(|(_, n)| **n > 0) {
            table.row([format!("{what} {name}"), number(*n)]);
        }
    }
    text += &table.render_within(style, width);
    for (what, counts) in [("questions", &agreement.kinds), ("commands", &agreement.commands)] {
        let never: Vec<&str> =
            counts.iter().filter(|(_, n)| **n == 0).map(|(name, _)| name.as_str()).collect();
        if !never.is_empty() {
            let words = format!("never compared, {what}: {}", clean(&never.join(", ")));
            text += &paragraph("  ", 4, &words, width);
        }
    }
    text += "\n  Where it was compared\n";
    for run in &agreement.runs {
        text += &paragraph("    ", 6, &covered(run), width);
        if let Some(why) = &run.switched_off {
            text += &paragraph("      ", 8, &format!("{}: {}", style.bad("switched off"), clean(why)), width);
        }
    }
    text + "\n"
}

/// Which of the numbers come from where: a column for each source, because there are more numbers than fit beside each other.
fn sources(agreement: &Agreement, style: Style) -> String {
    let titles = agreement.sources.keys().map(|source| match source {
        Source::Run => ("while it ran", Align::Right),
        Source::Redecided => ("decided again", Align::Right),
    });
    let mut table =
        Table::new(std::iter::once(("", Align::Left)).chain(titles).collect::<Vec<_>>()).indented(2);
    let mut row = |name: &str, of: &dyn Fn(&FromSource) -> String| {
        table.row(std::iter::once(name.to_owned()).chain(agreement.sources.values().map(of)));
    };
    row("records", &|from| number(from.records));
    row("questions", &|from| number(from.compared));
    row("same", &|from| number(from.same));
    row("expected", &|from| number(from.expected));
    row("unexplained", &|from| number(from.unexplained));
    row("failures", &|from| number(from.failures));
    let p99 = |from: &FromSource, of: fn(&Latency) -> u64| {
        from.latency.as_ref().map_or_else(|| "-".to_owned(), |both| number(of(both)))
    };
    row("p99 ns, what serves", &|from| p99(from, |both| both.serving.p99_ns));
    row("p99 ns, the candidate", &|from| p99(from, |both| both.candidate.p99_ns));
    format!("\n  Which numbers come from where\n{}", table.render(style))
}

fn covered(run: &Covered) -> String {
    let name = match run.source {
        Source::Run => format!("run {}: ", run.run),
        Source::Redecided => String::new(),
    };
    let mut text = format!(
        "{name}records {} to {}, {} serves, {} is compared",
        number(run.from_record),
        number(run.to_record),
        clean(&run.serving),
        clean(&run.candidate)
    );
    if run.one_in > 1 {
        text += &format!(", one question in {}", number(run.one_in));
    }
    if run.source == Source::Redecided {
        text += ", decided again from the journal";
    } else if !run.ended {
        text += ", cut short: what was found after that is lost";
    }
    text
}

#[cfg(test)]
mod tests {
    use ecology_shadow::{Report, Unexplained};

    use super::*;

    fn kept(run: u64, change: impl FnOnce(&mut KeptVerdicts)) -> KeptVerdicts {
        let named = |names: &[(&str, u64)]| names.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
        let quantiles = |p99_ns| Quantiles { p50_ns: 50, p99_ns, max_ns: 12_345 };
        let report = Report {
            serving: "tick".to_owned(),
            candidate: "rolling".to_owned(),
            one_in: 1,
            compared: 10_000,
            same: 9_000,
            expected: named(&[("RL-1", 900), ("RL-3", 100)]),
            kinds: named(&[("use", 10_000)]),
            kinds_never: vec!["move".to_owned()],
            occasions: named(&[("act invoke", 9_000), ("outside", 1_000)]),
            occasions_never: vec!["act edit".to_owned(), "reserve".to_owned()],
            latency: Some(Latency { timed: 625, serving: quantiles(120), candidate: quantiles(480) }),
            ..Report::default()
        };
        let mut kept = KeptVerdicts {
            source: Source::Run,
            run,
            ended: true,
            version: "0.1.0".to_owned(),
            scenario: "market".to_owned(),
            seed: 1,
            positions: "rate_limiting=tick".to_owned(),
            axis: Axis::RateLimiting,
            from_record: 2,
            to_record: 9_999,
            report,
        };
        change(&mut kept);
        kept
    }

    #[test]
    fn what_agrees_and_what_does_not() {
        let show = |kept: &[KeptVerdicts]| {
            let all = Agreement::of(kept);
            assert_eq!(all.len(), 1);
            (all[0].agrees(), render(&all[0], Style::PLAIN, 80))
        };
        let (agrees, text) = show(&[kept(1, |_| {})]);
        assert!(agrees);
        insta::assert_snapshot!("agree", text);
        let (agrees, text) = show(&[
            kept(1, |kept| {
                kept.report.one_in = 10;
                kept.source = Source::Redecided;
            }),
            kept(2, |kept| {
                kept.ended = false;
                let report = &mut kept.report;
                (report.same, report.mismatched, report.candidate_failures) = (8_998, 1, 1);
                report.failures = vec![("panicked".to_owned(), 1)];
                report.switched_off = Some("rolling panicked: \u{1b}[2Jplanted".to_owned());
                report.first_unexplained = vec![Unexplained {
                    kind: "use".to_owned(),
                    detail: "at 5 s: Use; tick: Admit; rolling: Admit\u{1b}[2J".to_owned(),
                    occasion: "act invoke".to_owned(),
                    record: 77,
                    question: None,
                }];
            }),
        ]);
        assert!(!agrees);
        insta::assert_snapshot!("agree_not", text);
    }

    #[test]
    fn nothing_compared_is_no_agreement() {
        let nothing = Agreement::of(&[kept(1, |kept| kept.report = Report::default())]);
        assert!(!nothing[0].agrees());
        assert_eq!(nothing[0].agreed_millionths(), 0);
        assert!(Agreement::of(&[]).is_empty());
    }

    #[test]
    fn a_single_difference_is_never_rounded_away() {
        let almost = kept(1, |kept| {
            let report = &mut kept.report;
            (report.compared, report.same, report.mismatched) = (3_000_000_000, 2_999_998_999, 1);
        });
        assert_eq!(Agreement::of(&[almost])[0].agreed_millionths(), 999_999);
    }
}

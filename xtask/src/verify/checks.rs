//! How each kind of criterion is looked into. `Ok(Ok(detail))` holds, `Ok(Err(detail))` does not, `Err` could not be found out.

use anyhow::Result;
use serde_json::Value;

use super::Setting;
use crate::bench::{BenchAsk, run_one};
use crate::cargo::Echo;
use crate::criterion::{
    AbsentCheck, AgreeCheck, BenchCheck, Check, DocsCheck, RunCheck, TestCheck, ToggleCheck,
};
use crate::ecology::Answer;
use crate::globs;
use crate::ratio::Ratio;
use crate::runner::Selection;

/// What was found: the text of a pass, or why it fails.
pub(super) type Found = std::result::Result<String, String>;

/// Looks into one criterion.
pub(super) fn check(setting: &Setting<'_>, check: &Check) -> Result<Found> {
    match check {
        Check::Test(check) => test(setting, check),
        Check::Run(check) => run(setting, check),
        Check::Agree(check) => agree(setting, check),
        Check::Toggle(check) => toggle(setting, check),
        Check::Bench(check) => measure(setting, check),
        Check::Docs(check) => docs(setting, check),
        Check::Absent(check) => absent(setting, check),
    }
}

/// One line for people.
pub(crate) fn describe(check: &Check) -> String {
    match check {
        Check::Test(own) => {
            let filter = own.filter.as_deref().unwrap_or("");
            format!("{} {filter} (at least {})", own.package, own.least)
        }
        Check::Run(own) => {
            let expect: Vec<_> =
                own.expect.iter().map(|(pointer, bounds)| format!("{pointer} {bounds}")).collect();
            let replay = if own.replay { "; then replay" } else { "" };
            format!("ecology {}: {}{replay}", own.args.join(" "), expect.join(", "))
        }
        Check::Agree(own) => format!(
            "{} beside {}, {} seeds, unexplained <= {}",
            own.axis, own.shadow, own.seeds, own.unexplained
        ),
        Check::Toggle(own) => format!("{} {} for {}", own.package, own.filter, own.axis),
        Check::Bench(own) => format!("{} {} {}", own.package, own.bench, own.only.as_deref().unwrap_or("")),
        Check::Docs(own) => format!("{} says {}", own.page, own.mentions.join(", ")),
        Check::Absent(own) => format!("`{}` not in {}", own.pattern, own.paths.join(" ")),
    }
}

fn test(setting: &Setting<'_>, check: &TestCheck) -> Result<Found> {
    let selection = Selection {
        packages: &[&check.package],
        filter: check.filter.as_deref(),
        ignored: false,
        features: "",
    };
    let (counts, done) = setting.runner.run(setting.workspace, selection, Echo::Quiet)?;
    let named = format!("{} {}", check.package, check.filter.as_deref().unwrap_or(""));
    if counts.failed > 0 {
        return Ok(Err(format!(
            "{}: {} passed, {} failed\n{}",
            named.trim(),
            counts.passed,
            counts.failed,
            done.tail(25)
        )));
    }
    if counts.passed < check.least {
        return Ok(Err(format!(
            "{}: {} tests, expected at least {}",
            named.trim(),
            counts.passed,
            check.least
        )));
    }
    Ok(Ok(format!("{}: {} passed", named.trim(), counts.passed)))
}

fn toggle(setting: &Setting<'_>, check: &ToggleCheck) -> Result<Found> {
    let selection =
        Selection { packages: &[&check.package], filter: Some(&check.filter), ignored: false, features: "" };
    let walk = setting.runner.list(setting.workspace, selection)?;
    if !walk.iter().any(|test| test.name.contains(&check.axis)) {
        return Ok(Err(format!(
            "no test of {} has `{}` and `{}` in its path",
            check.package, check.filter, check.axis
        )));
    }
    let key = (check.package.clone(), check.filter.clone());
    if let Some(found) = setting.walks.borrow().get(&key) {
        return Ok(found.clone());
    }
    let (counts, done) = setting.runner.run(setting.workspace, selection, Echo::Quiet)?;
    let text = format!("the flag walk: {} passed, {} failed", counts.passed, counts.failed);
    let found = if counts.failed > 0 { Err(format!("{text}\n{}", done.tail(25))) } else { Ok(text) };
    setting.walks.borrow_mut().insert(key, found.clone());
    Ok(found)
}

/// Runs the binary in a fresh world; replays it when asked.
fn in_fresh_world(
    setting: &Setting<'_>,
    args: &[String],
    replay: bool,
) -> Result<std::result::Result<Answer, String>> {
    let folder = tempfile::tempdir()?;
    let mut words = args.to_vec();
    let is_run = args.first().is_some_and(|word| word == "run");
    if is_run {
        words.extend(["--world", "world", "--json", "--quiet"].map(str::to_owned));
    }
    let answer = setting.ecology.call(setting.workspace, folder.path(), &words)?;
    if replay {
        let replayed = setting.ecology.call(setting.workspace, folder.path(), &["replay", "world"])?;
        if replayed.exit != Some(0) {
            return Ok(Err(format!("replay ended with {}:\n{}", code(replayed.exit), replayed.tail)));
        }
    }
    Ok(Ok(answer))
}

fn code(exit: Option<i32>) -> String {
    exit.map_or_else(|| "a signal".to_owned(), |code| format!("exit code {code}"))
}

fn run(setting: &Setting<'_>, check: &RunCheck) -> Result<Found> {
    let first = match in_fresh_world(setting, &check.args, check.replay)? {
        Ok(answer) => answer,
        Err(text) => return Ok(Err(text)),
    };
    if let Err(text) = judge_answer(check, &first) {
        return Ok(Err(text));
    }
    if !check.repeats.is_empty() {
        let second = match in_fresh_world(setting, &check.args, false)? {
            Ok(answer) => answer,
            Err(text) => return Ok(Err(text)),
        };
        for pointer in &check.repeats {
            let (one, two) = (at(&first, pointer), at(&second, pointer));
            if one.is_none() || one != two {
                return Ok(Err(format!("{pointer} does not repeat: {} and {}", show(one), show(two))));
            }
        }
    }
    let mut detail: Vec<String> =
        check.expect.keys().map(|pointer| format!("{pointer} {}", show(at(&first, pointer)))).collect();
    detail.extend(check.repeats.iter().map(|pointer| format!("{pointer} repeats")));
    detail.extend(check.replay.then(|| "replays".to_owned()));
    detail.extend((check.exit != 0).then(|| format!("exit code {}", check.exit)));
    Ok(Ok(detail.join(", ")))
}

fn judge_answer(check: &RunCheck, answer: &Answer) -> std::result::Result<(), String> {
    if answer.exit != Some(check.exit) {
        return Err(format!(
            "ended with {}, expected exit code {}:\n{}",
            code(answer.exit),
            check.exit,
            answer.tail
        ));
    }
    if answer.report.is_none() && !(check.expect.is_empty() && check.repeats.is_empty()) {
        return Err(format!("printed no JSON object:\n{}", answer.tail));
    }
    let wrong: Vec<String> = check
        .expect
        .iter()
        .filter_map(|(pointer, bounds)| {
            bounds.check(at(answer, pointer)).err().map(|text| format!("{pointer} {text}"))
        })
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

fn at<'a>(answer: &'a Answer, pointer: &str) -> Option<&'a Value> {
    answer.report.as_ref()?.pointer(pointer)
}

fn show(value: Option<&Value>) -> String {
    value.map_or_else(
        || "missing".to_owned(),
        |value| {
            let text = value.to_string();
            if text.chars().count() > 60 {
                format!("{}...", text.chars().take(57).collect::<String>())
            } else {
                text
            }
        },
    )
}

/// The report has `/shadow/AXIS` with `compared`, `unexplained` and `candidate_failures`.
fn agree(setting: &Setting<'_>, check: &AgreeCheck) -> Result<Found> {
    let (mut compared, mut unexplained) = (0, 0);
    let scenarios: Vec<Option<&String>> = match check.scenarios.as_slice() {
        [] => vec![None],
        named => named.iter().map(Some).collect(),
    };
    for scenario in &scenarios {
        for seed in 1..=check.seeds {
            match agree_once(setting, check, *scenario, seed)? {
                Ok((asked, differ)) => {
                    compared += asked;
                    unexplained += differ;
                }
                Err(text) => {
                    let scenario = scenario.map(|name| format!("{name}, ")).unwrap_or_default();
                    return Ok(Err(format!("{scenario}seed {seed}: {text}")));
                }
            }
        }
    }
    let text = format!(
        "{} scenarios, {} seeds, {compared} compared, {unexplained} unexplained",
        scenarios.len(),
        check.seeds
    );
    Ok(if unexplained <= check.unexplained {
        Ok(text)
    } else {
        Err(format!("{text}, expected at most {}", check.unexplained))
    })
}

/// One run: how many answers were compared, and how many of them nothing explains.
fn agree_once(
    setting: &Setting<'_>,
    check: &AgreeCheck,
    scenario: Option<&String>,
    seed: usize,
) -> Result<std::result::Result<(u64, u64), String>> {
    let mut args = check.args.clone();
    if let Some(scenario) = scenario {
        args.extend(["--scenario".to_owned(), scenario.clone()]);
    }
    args.extend(["--shadow".to_owned(), format!("{}={}", check.axis, check.shadow)]);
    args.extend(["--seed".to_owned(), seed.to_string()]);
    let answer = match in_fresh_world(setting, &args, false)? {
        Ok(answer) if answer.exit == Some(0) => answer,
        Ok(answer) => return Ok(Err(format!("ended with {}:\n{}", code(answer.exit), answer.tail))),
        Err(text) => return Ok(Err(text)),
    };
    let number = |name: &str| at(&answer, &format!("/shadow/{}/{name}", check.axis)).and_then(Value::as_u64);
    let (Some(asked), Some(differ), Some(failures)) =
        (number("compared"), number("unexplained"), number("candidate_failures"))
    else {
        return Ok(Err(format!(
            "the report has no /shadow/{} with compared, unexplained and candidate_failures",
            check.axis
        )));
    };
    if asked < check.least {
        return Ok(Err(format!("{asked} answers were compared, expected at least {}", check.least)));
    }
    Ok(Ok((asked, differ + failures)))
}

fn measure(setting: &Setting<'_>, check: &BenchCheck) -> Result<Found> {
    let ask = || BenchAsk { bench: &check.bench, only: check.only.as_deref(), long: false };
    let mut best: Vec<Ratio> = Vec::new();
    let mut attempts = 0;
    while attempts < check.attempts.max(1) {
        attempts += 1;
        let done = run_one(setting.workspace, ask(), Echo::Quiet)?;
        // A bench that ends badly although no target was missed has found something worse than slowness: no second attempt mends that.
        if let Some(text) = done.failure.filter(|_| done.ratios.iter().all(Ratio::met)) {
            return Ok(Err(text));
        }
        let mut names: Vec<&str> = done.ratios.iter().map(|ratio| ratio.name.as_str()).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Ok(Err(format!(
                "two ratios are called {}: the better one would hide the other",
                pair[0]
            )));
        }
        for ratio in done.ratios {
            match best.iter_mut().find(|known| known.name == ratio.name) {
                Some(known) if !known.met() => *known = ratio,
                Some(_) => {}
                None => best.push(ratio),
            }
        }
        if !best.is_empty() && best.iter().all(Ratio::met) {
            break;
        }
    }
    let missed: Vec<String> = best.iter().filter(|ratio| !ratio.met()).map(ToString::to_string).collect();
    if !missed.is_empty() {
        return Ok(Err(format!("{} ({attempts} attempts)", missed.join("; "))));
    }
    // A ratio without a target is told for the reader's sake and proves nothing.
    let judged: Vec<&Ratio> = best.iter().filter(|ratio| ratio.target.is_some()).collect();
    if judged.len() < check.least {
        return Ok(Err(format!("{} ratios with a target, expected at least {}", judged.len(), check.least)));
    }
    let shown: Vec<String> = judged.iter().map(|ratio| format!("{} {}", ratio.name, ratio.value)).collect();
    let told = if attempts > 1 { format!(" ({attempts} attempts)") } else { String::new() };
    Ok(Ok(format!("{}{told}", shown.join(", "))))
}

fn docs(setting: &Setting<'_>, check: &DocsCheck) -> Result<Found> {
    let Ok(text) = setting.workspace.read(&check.page) else {
        return Ok(Err(format!("{} is not there", check.page)));
    };
    let missing: Vec<_> = check.mentions.iter().filter(|mention| !text.contains(*mention)).cloned().collect();
    Ok(if missing.is_empty() {
        Ok(format!("{}: {} mentions", check.page, check.mentions.len()))
    } else {
        Err(format!("{} does not mention: {}", check.page, missing.join(", ")))
    })
}

fn absent(setting: &Setting<'_>, check: &AbsentCheck) -> Result<Found> {
    let files = setting.workspace.files()?;
    let unmatched = globs::unmatched(&files, &check.paths)?;
    if !unmatched.is_empty() {
        return Ok(Err(format!("no file matches {}", unmatched.join(" "))));
    }
    let chosen = globs::matching(&files, &check.paths)?;
    for file in &chosen {
        let bytes = setting.workspace.read_bytes(file)?;
        let text = String::from_utf8_lossy(&bytes);
        if let Some(line) = text.lines().position(|line| line.contains(&check.pattern)) {
            return Ok(Err(format!("{file}:{}: `{}` occurs", line + 1, check.pattern)));
        }
    }
    Ok(Ok(format!("`{}` is in none of {} files", check.pattern, chosen.len())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::criterion::Bounds;
    use crate::ecology::Ecology;
    use crate::requirements::Required;
    use crate::runner::Runner;
    use crate::workspace::Workspace;
    use serde_json::json;

    fn with_workspace(work: impl FnOnce(&Setting<'_>)) {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(folder.path());
        work(&Setting {
            workspace: &workspace,
            runner: Runner::Cargo,
            ecology: Ecology::default(),
            required: Required::default(),
            walks: std::cell::RefCell::default(),
        });
    }

    #[test]
    fn absent_finds_the_line_and_refuses_to_look_at_nothing() {
        with_workspace(|setting| {
            let look = |paths: &str| {
                absent(
                    setting,
                    &AbsentCheck { pattern: "old_name".to_owned(), paths: vec![paths.to_owned()] },
                )
                .unwrap()
            };
            assert_eq!(look("a/**").unwrap_err(), "no file matches a/**");
            setting.workspace.write("a/x.rs", "fn f() {}\nfn old_name() {}\n").unwrap();
            setting.workspace.write("b/x.rs", "fn f() {}\n").unwrap();
            assert_eq!(look("a/**").unwrap_err(), "a/x.rs:2: `old_name` occurs");
            assert!(look("b/**").is_ok());
        });
    }

    #[test]
    fn docs_names_what_is_missing() {
        with_workspace(|setting| {
            let check = DocsCheck {
                page: "README.md".to_owned(),
                mentions: vec!["run".to_owned(), "replay".to_owned()],
            };
            assert_eq!(docs(setting, &check).unwrap().unwrap_err(), "README.md is not there");
            setting.workspace.write("README.md", "ecology run").unwrap();
            assert_eq!(docs(setting, &check).unwrap().unwrap_err(), "README.md does not mention: replay");
        });
    }

    #[test]
    fn an_answer_is_judged_by_exit_code_and_every_pointer() {
        let check = RunCheck {
            args: Vec::new(),
            exit: 0,
            expect: [("/actions/done".to_owned(), Bounds { eq: None, ge: Some(1.0), le: None })].into(),
            repeats: Vec::new(),
            replay: false,
        };
        let answer = |exit, report| Answer { exit, report, tail: "tail".to_owned() };
        assert!(judge_answer(&check, &answer(Some(0), Some(json!({"actions": {"done": 3}})))).is_ok());
        let wrong =
            judge_answer(&check, &answer(Some(0), Some(json!({"actions": {"done": 0}})))).unwrap_err();
        assert_eq!(wrong, "/actions/done is 0, expected >= 1");
        assert!(
            judge_answer(&check, &answer(Some(1), None)).unwrap_err().starts_with("ended with exit code 1")
        );
        assert!(judge_answer(&check, &answer(None, None)).unwrap_err().contains("a signal"));
        assert!(judge_answer(&check, &answer(Some(0), None)).unwrap_err().starts_with("printed no JSON"));
    }
}

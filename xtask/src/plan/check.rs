//! `cargo xtask plan check`: the plans are valid, agree with one another and with the evidence. Reads only.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::{AXES, PHASES, Plan, Status, load, standing};
use crate::criterion::{Check, Criterion};
use crate::exit::Exit;
use crate::globs;
use crate::packages::{Package, packages};
use crate::requirements::Requirement;
use crate::talk::{say, tell};
use crate::workspace::Workspace;

/// Checks every plan. With `fresh`, stale evidence is a failure and not a note.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn run(workspace: &Workspace, fresh: bool) -> Result<Exit> {
    let files = workspace.files()?;
    let (plans, unreadable) = load(workspace)?;
    let mut problems: Vec<String> = unreadable.iter().map(ToString::to_string).collect();
    if plans.is_empty() && problems.is_empty() {
        problems.push("plans/: no plan".to_owned());
    }
    // What plans say of each other is looked at when all of them can be read; otherwise one slip would be reported many times.
    if unreadable.is_empty() {
        problems.append(&mut structure(&plans));
        problems.append(&mut references(&plans, &files, &packages(workspace)?)?);
    }

    let mut notes = Vec::new();
    for plan in &plans {
        let standing = standing(workspace, &files, plan)?;
        let (written, computed) = (plan.head.status, standing.computed);
        if written != computed {
            problems.push(format!(
                "{}: status is written {}, the evidence says {}; write `status = \"{}\"` or record evidence: cargo xtask verify-phase {} --only {} --record",
                plan.file, written.name(), computed.name(), computed.name(), plan.head.phase, plan.head.id
            ));
        }
        if standing.stale {
            notes.push(format!(
                "{}: the evidence is stale: files or criteria changed since; renew it: cargo xtask verify-phase {} --only {} --record",
                plan.file, plan.head.phase, plan.head.id
            ));
        }
    }
    for note in &notes {
        say!("{} {note}", if fresh { "FAIL" } else { "NOTE" });
    }
    for problem in &problems {
        say!("FAIL {problem}");
    }
    let good = problems.is_empty() && (notes.is_empty() || !fresh);
    tell!("{} plans, {} problems, {} stale", plans.len(), problems.len(), notes.len());
    // A plan that cannot be read is not a failed criterion: nothing can be found out about it.
    Ok(if unreadable.is_empty() { Exit::passed_if(good) } else { Exit::SetUp })
}

/// What is wrong with the plans among themselves.
fn structure(plans: &[Plan]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut seen = BTreeMap::new();
    let known: BTreeSet<u32> = plans.iter().map(|plan| plan.head.id).collect();
    let complete: BTreeSet<u32> =
        plans.iter().filter(|plan| plan.head.status == Status::Complete).map(|plan| plan.head.id).collect();
    for plan in plans {
        let (file, head) = (&plan.file, &plan.head);
        let mut wrong = |text: String| problems.push(format!("{file}: {text}"));
        if let Some(other) = seen.insert(head.id, file) {
            wrong(format!("gap {} is already in {other}", head.id));
        }
        if !file.starts_with(&format!("plans/{:02}-", head.id)) {
            wrong(format!("the name of the file does not begin with `{:02}-`", head.id));
        }
        if !PHASES.iter().any(|(number, _)| *number == head.phase) {
            wrong(format!("there is no phase {}", head.phase));
        }
        if let Some(axis) = &head.axis
            && implementations(axis).is_none()
        {
            wrong(format!("there is no axis `{axis}`; the axes are {}", axis_names()));
        }
        if head.paths.is_empty() {
            wrong("`paths` is empty: evidence would be about nothing".to_owned());
        }
        for blocker in &head.blocked_by {
            if *blocker == head.id {
                wrong("blocked by itself".to_owned());
            } else if !known.contains(blocker) {
                wrong(format!("blocked by gap {blocker}, which has no plan"));
            } else if head.status == Status::Complete && !complete.contains(blocker) {
                wrong(format!("complete, while gap {blocker}, which blocks it, is not"));
            }
        }
        if reaches(plans, head.id) {
            wrong("blocks itself through other gaps".to_owned());
        }
        for criterion in &plan.criteria {
            problems.extend(
                criterion_alone(criterion)
                    .into_iter()
                    .map(|text| format!("{file}:{}:1: {}: {text}", criterion.line, criterion.name)),
            );
        }
    }
    for (number, goal) in PHASES {
        let mut own = plans.iter().filter(|plan| plan.head.phase == number).peekable();
        let there = own.peek().is_some();
        let runs =
            own.flat_map(|plan| &plan.criteria).any(|criterion| matches!(criterion.check, Check::Run(_)));
        if there && !runs {
            problems.push(format!(
                "plans/: phase {number} ({goal}) has no `run` criterion: a part that is built but not reached is not done"
            ));
        }
    }
    problems
}

/// Whether following `blocked-by` from `id` leads back to it over at least one other gap.
fn reaches(plans: &[Plan], id: u32) -> bool {
    let blockers = |of: u32| {
        plans
            .iter()
            .filter(move |plan| plan.head.id == of)
            .flat_map(|plan| plan.head.blocked_by.iter().copied())
    };
    let mut seen = BTreeSet::new();
    let mut open: Vec<u32> = blockers(id).filter(|blocker| *blocker != id).collect();
    while let Some(next) = open.pop() {
        if next == id {
            return true;
        }
        if seen.insert(next) {
            open.extend(blockers(next));
        }
    }
    false
}

/// What is wrong with a criterion whatever else exists.
fn criterion_alone(criterion: &Criterion) -> Vec<String> {
    let mut problems = Vec::new();
    for name in &criterion.needs {
        if Requirement::named(name).is_none() {
            problems.push(format!("needs `{name}`, which no requirement provides"));
        }
    }
    match &criterion.check {
        Check::Test(check) if check.least == 0 => problems.push("`least = 0` proves nothing".to_owned()),
        Check::Bench(check) if check.least == 0 => problems.push("`least = 0` proves nothing".to_owned()),
        Check::Run(check) => {
            if check.expect.is_empty() && !check.replay && check.repeats.is_empty() && check.exit == 0 {
                problems.push("the run expects nothing".to_owned());
            }
            for (pointer, bounds) in &check.expect {
                if bounds.is_empty() {
                    problems.push(format!("`{pointer}` has none of eq, ge, le"));
                }
            }
            for pointer in check.expect.keys().chain(&check.repeats) {
                if !pointer.is_empty() && !pointer.starts_with('/') {
                    problems.push(format!("`{pointer}` is not a JSON pointer: write `/{pointer}`"));
                }
            }
        }
        Check::Agree(check) => match implementations(&check.axis) {
            None => {
                problems.push(format!("there is no axis `{}`; the axes are {}", check.axis, axis_names()))
            }
            Some(known) if !known.contains(&check.shadow.as_str()) => {
                problems
                    .push(format!("{} is {} or {}, not `{}`", check.axis, known[0], known[1], check.shadow));
            }
            Some(_) if check.seeds == 0 || check.least == 0 => {
                problems.push("no seeds or no comparisons prove nothing".to_owned());
            }
            Some(_) => {}
        },
        Check::Toggle(check) if implementations(&check.axis).is_none() => {
            problems.push(format!("there is no axis `{}`; the axes are {}", check.axis, axis_names()));
        }
        Check::Docs(check) if check.mentions.is_empty() => {
            problems.push("`mentions` is empty: any page would do".to_owned());
        }
        Check::Absent(check) if check.pattern.is_empty() || check.paths.is_empty() => {
            problems.push("`pattern` or `paths` is empty".to_owned());
        }
        _ => {}
    }
    problems
}

/// What the plans name and the workspace does not have. Planned gaps may name what is still to be made.
fn references(plans: &[Plan], files: &[String], packages: &[Package]) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let find = |name: &str| packages.iter().find(|package| package.name == name);
    for plan in plans {
        // A malformed glob is an error in any plan, so it is compiled before the status is looked at.
        let missing = globs::unmatched(files, &plan.head.paths)?;
        if plan.head.status == Status::Planned {
            continue;
        }
        for pattern in missing {
            problems.push(format!("{}: no file matches `{pattern}`", plan.file));
        }
        for criterion in &plan.criteria {
            let at = format!("{}:{}:1: {}", plan.file, criterion.line, criterion.name);
            match &criterion.check {
                Check::Test(check) if find(&check.package).is_none() => {
                    problems.push(format!("{at}: there is no package `{}`", check.package));
                }
                Check::Toggle(check) if find(&check.package).is_none() => {
                    problems.push(format!("{at}: there is no package `{}`", check.package));
                }
                Check::Bench(check) => match find(&check.package) {
                    None => problems.push(format!("{at}: there is no package `{}`", check.package)),
                    Some(package) if !package.benches.contains(&check.bench) => {
                        problems.push(format!("{at}: `{}` has no bench `{}`", check.package, check.bench));
                    }
                    Some(_) => {}
                },
                Check::Docs(check) if !files.contains(&check.page) => {
                    problems.push(format!("{at}: there is no page `{}`", check.page));
                }
                Check::Absent(check) => {
                    for pattern in globs::unmatched(files, &check.paths)? {
                        problems.push(format!("{at}: no file matches `{pattern}`"));
                    }
                }
                _ => {}
            }
        }
    }
    Ok(problems)
}

fn implementations(axis: &str) -> Option<[&'static str; 2]> {
    AXES.iter().find(|(name, _)| *name == axis).map(|(_, both)| *both)
}

fn axis_names() -> String {
    AXES.map(|(name, _)| name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::criterion::RunCheck;
    use crate::plan::Head;

    fn plan(id: u32, status: Status, blocked_by: &[u32]) -> Plan {
        let run = RunCheck {
            args: vec!["run".to_owned()],
            exit: 0,
            expect: BTreeMap::new(),
            repeats: Vec::new(),
            replay: true,
        };
        Plan {
            file: format!("plans/{id:02}-x.md"),
            head: Head {
                id,
                title: "X".to_owned(),
                phase: 1,
                axis: Some("rate_limiting".to_owned()),
                status,
                blocked_by: blocked_by.to_vec(),
                paths: vec!["a/**".to_owned()],
            },
            criteria: vec![Criterion {
                name: "r".to_owned(),
                needs: Vec::new(),
                check: Check::Run(run),
                line: 9,
            }],
            prose: "Why.".to_owned(),
        }
    }

    #[test]
    fn good_plans_have_no_problems() {
        let plans = [plan(1, Status::Complete, &[]), plan(2, Status::Planned, &[1])];
        assert_eq!(structure(&plans), Vec::<String>::new());
    }

    #[test]
    fn duplicates_unknown_blockers_and_cycles_are_found() {
        let found = |plans: &[Plan]| structure(plans).join("\n");
        assert!(
            found(&[plan(1, Status::Planned, &[]), plan(1, Status::Planned, &[])]).contains("already in")
        );
        assert!(found(&[plan(1, Status::Planned, &[9])]).contains("gap 9, which has no plan"));
        assert!(
            found(&[plan(1, Status::Planned, &[2]), plan(2, Status::Planned, &[1])])
                .contains("blocks itself")
        );
        assert!(found(&[plan(1, Status::Planned, &[1])]).contains("blocked by itself"));
        assert!(
            found(&[plan(1, Status::Complete, &[2]), plan(2, Status::Planned, &[])])
                .contains("which blocks it")
        );
    }

    #[test]
    fn criteria_that_prove_nothing_are_found() {
        let mut one = plan(1, Status::Planned, &[]);
        one.head.axis = Some("speed".to_owned());
        let Check::Run(run) = &mut one.criteria[0].check else { panic!("a run") };
        run.replay = false;
        one.criteria[0].needs.push("luck".to_owned());
        let found = structure(&[one]).join("\n");
        assert!(
            found.contains("no axis `speed`")
                && found.contains("plans/01-x.md:9:1: r: the run expects nothing")
        );
        assert!(found.contains("needs `luck`"));
    }

    #[test]
    fn a_phase_without_a_run_is_not_done() {
        let mut one = plan(1, Status::Planned, &[]);
        one.criteria.clear();
        assert!(structure(&[one]).join("\n").contains("phase 1 (foundation) has no `run` criterion"));
    }

    #[test]
    fn only_planned_gaps_may_name_what_is_not_there() {
        assert!(references(&[plan(1, Status::Planned, &[])], &[], &[]).unwrap().is_empty());
        let found = references(&[plan(1, Status::InProgress, &[])], &[], &[]).unwrap();
        assert_eq!(found, ["plans/01-x.md: no file matches `a/**`"]);
    }
}

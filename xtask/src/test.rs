//! `cargo xtask test`: everything this machine can run, and why not the rest.

use anyhow::Result;

use crate::cargo::Echo;
use crate::exit::{Exit, Usage};
use crate::requirements::{REQUIREMENTS, Required, Requirement};
use crate::runner::{Counts, Listed, Runner, Selection, doc_tests};
use crate::talk::{say, tell};
use crate::workspace::Workspace;

/// What the paths of the tests contain that need the Cargo feature which is heavy to build and therefore off by default.
const WASM: &str = "wasm";
/// That feature where it has tests, and those packages: in one build, for each alone would build most of what they depend on once more.
const WASM_FEATURES: &str = "ecology-sandbox/wasm,ecology-runner/wasm";
const WASM_PACKAGES: &[&str] = &["ecology-sandbox", "ecology-runner"];

/// The ignored tests that one requirement explains.
struct Group<'a> {
    requirement: Option<&'static Requirement>,
    tests: Vec<&'a Listed>,
}

/// What all runners together gave.
#[derive(Default)]
struct Sum {
    counts: Counts,
    skipped: usize,
}

impl Sum {
    fn add(&mut self, title: &str, counts: Counts) {
        if counts == Counts::default() {
            tell!("no {title}");
            return;
        }
        let word = if counts.failed == 0 { "PASS" } else { "FAIL" };
        say!("{word} {title}: {} passed, {} failed", counts.passed, counts.failed);
        self.counts.passed += counts.passed;
        self.counts.failed += counts.failed;
    }
}

/// Runs or lists the tests whose path contains `filter`. The last line on stdout is `N passed, N failed, N skipped`.
///
/// # Errors
/// When `ECOLOGY_REQUIRE` is wrong or a runner cannot be started.
pub(crate) fn run(workspace: &Workspace, list: bool, filter: Option<&str>) -> Result<Exit> {
    let required = Required::from_environment()?;
    let runner = Runner::detect(workspace);
    tell!("building the tests ({})", runner.name());
    let selection = Selection { packages: &[], filter, ignored: false, features: "" };
    let tests = match runner.list(workspace, selection) {
        Ok(tests) => tests,
        Err(error) => {
            tell!("{error:#}");
            say!("{}", last_line(Counts { passed: 0, failed: 1 }, 0));
            return Ok(Exit::Failed);
        }
    };
    let groups = groups(&tests);
    if list {
        print_list(&tests, &groups);
        return Ok(Exit::Passed);
    }

    let mut sum = Sum::default();
    sum.add("unit and integration tests", runner.run(workspace, selection, Echo::Live)?.0);
    sum.add("documentation tests", doc_tests(workspace, filter)?);
    // Only what the feature adds: everything else has been run. A caller's filter that asks for none of it leaves it out.
    let asked = filter.unwrap_or(WASM);
    if asked.contains(WASM) {
        let chosen = Selection {
            packages: WASM_PACKAGES,
            filter: Some(asked),
            ignored: false,
            features: WASM_FEATURES,
        };
        sum.add("tests with WebAssembly", runner.run(workspace, chosen, Echo::Live)?.0);
    }
    for group in &groups {
        run_group(workspace, runner, filter, group, &required, &mut sum)?;
    }
    if filter.is_some() && sum.counts == Counts::default() && sum.skipped == 0 {
        return Err(Usage::error(format!("no test has `{}` in its path", filter.unwrap_or_default())));
    }
    say!("{}", last_line(sum.counts, sum.skipped));
    Ok(Exit::passed_if(sum.counts.failed == 0))
}

/// Runs the ignored tests of one requirement, or says why not.
fn run_group(
    workspace: &Workspace,
    runner: Runner,
    filter: Option<&str>,
    group: &Group<'_>,
    required: &Required,
    sum: &mut Sum,
) -> Result<()> {
    let count = group.tests.len();
    let Some(requirement) = group.requirement else {
        for test in &group.tests {
            say!(
                "SKIP {}: ignored, and its path names no requirement (see xtask/src/requirements.rs)",
                test.name
            );
        }
        sum.skipped += count;
        return Ok(());
    };
    let Requirement { name, provided_by, .. } = requirement;
    if requirement.is_here() {
        // A run takes one filter: the marker when everything is wanted, else the names that the caller's filter has left.
        let marker = requirement.marker();
        let filters: Vec<&str> = match filter {
            None => vec![&marker],
            Some(_) => group.tests.iter().map(|test| test.name.as_str()).collect(),
        };
        let mut counts = Counts::default();
        for filter in filters {
            let chosen = Selection { packages: &[], filter: Some(filter), ignored: true, features: "" };
            let one = runner.run(workspace, chosen, Echo::Live)?.0;
            counts.passed += one.passed;
            counts.failed += one.failed;
        }
        sum.add(name, counts);
    } else if required.demands(requirement) {
        say!(
            "FAIL {name}: {count} tests need it, ECOLOGY_REQUIRE demands it, and it is not here; {provided_by}"
        );
        sum.counts.failed += count;
    } else {
        say!("SKIP {name}: {count} tests need it and it is not here; {provided_by}");
        sum.skipped += count;
    }
    Ok(())
}

fn last_line(counts: Counts, skipped: usize) -> String {
    format!("{} passed, {} failed, {skipped} skipped", counts.passed, counts.failed)
}

/// The ignored tests by requirement; groups without tests do not appear.
fn groups(tests: &[Listed]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = REQUIREMENTS
        .iter()
        .map(|requirement| Group { requirement: Some(requirement), tests: Vec::new() })
        .collect();
    groups.push(Group { requirement: None, tests: Vec::new() });
    for test in tests.iter().filter(|test| test.ignored && !test.is_role()) {
        let explains = |group: &&mut Group<'_>| match group.requirement {
            Some(requirement) => test.name.contains(&requirement.marker()),
            None => true,
        };
        if let Some(group) = groups.iter_mut().find(explains) {
            group.tests.push(test);
        }
    }
    groups.retain(|group| !group.tests.is_empty());
    groups
}

fn print_list(tests: &[Listed], groups: &[Group<'_>]) {
    for test in tests.iter().filter(|test| !test.ignored) {
        say!("{} {}", test.binary, test.name);
    }
    for group in groups {
        let name = group.requirement.map_or("ignored", |requirement| requirement.name);
        for test in &group.tests {
            say!("{} {} [{name}]", test.binary, test.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(name: &str, ignored: bool) -> Listed {
        Listed { binary: "b".to_owned(), name: name.to_owned(), ignored }
    }

    #[test]
    fn groups_come_from_the_ignored_tests_and_empty_ones_do_not_appear() {
        let tests = [
            test("plain", false),
            test("needs_docker::kills_for_memory", true),
            test("limits::needs_docker_again", true),
            test("for_no_reason", true),
            test("crash::child_that_is_killed", true),
        ];
        let groups = groups(&tests);
        assert_eq!(groups.len(), 2);
        assert_eq!(groups[0].requirement.unwrap().name, "docker");
        assert_eq!(groups[0].tests.len(), 2);
        assert!(groups[1].requirement.is_none());
        assert_eq!(groups[1].tests[0].name, "for_no_reason");
    }

    #[test]
    fn the_last_line_is_plain() {
        assert_eq!(last_line(Counts { passed: 12, failed: 0 }, 3), "12 passed, 0 failed, 3 skipped");
    }
}

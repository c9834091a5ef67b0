//! `cargo xtask verify-phase`: runs the criteria of a phase, says what holds, and records it when asked.

mod checks;
mod report;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde::Serialize;

use crate::criterion::{Check, Criterion};
use crate::date::today;
use crate::ecology::Ecology;
use crate::exit::{Exit, Usage};
use crate::plan::{Evidence, PHASES, Plan, Proven, Status, hash, load_valid};
use crate::requirements::{Required, Requirement};
use crate::runner::Runner;
use crate::talk::{say, tell};
use crate::workspace::Workspace;

pub(crate) use checks::describe;

/// What is asked.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// A phase, or all.
    pub(crate) phase: Option<u8>,
    /// A gap (`1`) or one criterion (`1/laws`).
    pub(crate) only: Option<String>,
    /// One JSON object instead of lines.
    pub(crate) json: bool,
    /// Whether evidence is written.
    pub(crate) record: bool,
}

/// How a criterion ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Verdict {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// Nobody looked, and the detail says why.
    Skip,
}

impl Verdict {
    /// As printed and recorded.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Skip => "SKIP",
        }
    }
}

/// What one criterion gave.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Outcome {
    /// Number of the gap.
    gap: u32,
    /// `GAP/name`, or the gap alone when it was not looked into.
    criterion: String,
    kind: &'static str,
    verdict: Verdict,
    duration_ms: u128,
    detail: String,
}

/// What the checks share.
pub(crate) struct Setting<'a> {
    /// The workspace.
    pub(crate) workspace: &'a Workspace,
    /// What runs tests.
    pub(crate) runner: Runner,
    /// The binary.
    pub(crate) ecology: Ecology,
    /// What must not be skipped.
    pub(crate) required: Required,
    /// What flag walks gave, by package and filter: one walk answers for every axis.
    pub(crate) walks: RefCell<BTreeMap<(String, String), checks::Found>>,
}

/// Verifies what `ask` means.
///
/// # Errors
/// [`Usage`] when it means nothing; otherwise when a plan or the set-up is wrong.
pub(crate) fn run(workspace: &Workspace, ask: &Ask) -> Result<Exit> {
    let plans = load_valid(workspace)?;
    let started = Instant::now();
    let chosen = choose(&plans, ask)?;
    let setting = Setting {
        workspace,
        runner: Runner::detect(workspace),
        ecology: Ecology::default(),
        required: Required::from_environment()?,
        walks: RefCell::default(),
    };
    let mut results = Vec::new();
    for (plan, criteria) in &chosen {
        if criteria.is_empty() {
            add(ask, &mut results, skipped_gap(plan));
        }
        let own_from = results.len();
        for criterion in criteria {
            add(ask, &mut results, judge(&setting, plan, criterion));
        }
        if ask.record && !criteria.is_empty() {
            let file = record(workspace, plan, &results[own_from..])?;
            tell!("recorded {file}");
        }
    }
    let good = report::finish(ask, &results, started.elapsed())?;
    Ok(Exit::passed_if(good))
}

/// The plans that are meant, each with the criteria to look into; planned gaps have none unless they are asked for by number.
fn choose<'a>(plans: &'a [Plan], ask: &Ask) -> Result<Vec<(&'a Plan, Vec<&'a Criterion>)>> {
    if let Some(number) = ask.phase
        && !PHASES.iter().any(|(known, _)| *known == number)
    {
        return Err(Usage::error(format!("there is no phase {number}; say 1 to {} or all", PHASES.len())));
    }
    let in_phase = plans.iter().filter(|plan| ask.phase.is_none_or(|phase| plan.head.phase == phase));
    let Some(only) = &ask.only else {
        let all = in_phase.map(|plan| {
            let open = plan.head.status != Status::Planned;
            (plan, if open { plan.criteria.iter().collect() } else { Vec::new() })
        });
        let mut all: Vec<_> = all.collect();
        all.sort_by_key(|(plan, _)| (plan.head.phase, plan.head.id));
        return Ok(all);
    };
    let (gap, name) = only.split_once('/').map_or((only.as_str(), None), |(gap, name)| (gap, Some(name)));
    let mut in_phase = in_phase;
    let Some(plan) = gap.parse().ok().and_then(|gap: u32| in_phase.find(|plan| plan.head.id == gap)) else {
        return Err(Usage::error(format!(
            "--only {only}: no such gap in this phase; see `cargo xtask phases`"
        )));
    };
    let criteria: Vec<_> =
        plan.criteria.iter().filter(|own| name.is_none_or(|name| own.name == name)).collect();
    if criteria.is_empty() {
        let known: Vec<_> = plan.criteria.iter().map(|own| plan.name_of(own)).collect();
        return Err(Usage::error(format!(
            "--only {only}: no such criterion; there are {}",
            known.join(", ")
        )));
    }
    if ask.record && name.is_some() {
        return Err(Usage::error("--record needs a whole gap: one criterion is no evidence for it"));
    }
    Ok(vec![(plan, criteria)])
}

fn add(ask: &Ask, results: &mut Vec<Outcome>, result: Outcome) {
    if ask.json {
        tell!("{}", report::line(&result));
    } else {
        say!("{}", report::line(&result));
    }
    results.push(result);
}

fn skipped_gap(plan: &Plan) -> Outcome {
    let count = plan.criteria.len();
    Outcome {
        gap: plan.head.id,
        criterion: plan.head.id.to_string(),
        kind: "gap",
        verdict: Verdict::Skip,
        duration_ms: 0,
        detail: format!("planned: {} ({count} criteria wait)", plan.head.title),
    }
}

fn judge(setting: &Setting<'_>, plan: &Plan, criterion: &Criterion) -> Outcome {
    let missing =
        criterion.needs.iter().filter_map(|name| Requirement::named(name)).find(|need| !need.is_here());
    if matches!(criterion.check, Check::Run(_) | Check::Agree(_)) && missing.is_none() {
        // The build is not part of the criterion's time; its failure shows in the criterion.
        let _ = setting.ecology.prepare(setting.workspace);
    }
    let started = Instant::now();
    let (verdict, detail) = match missing {
        Some(need) if setting.required.demands(need) => (
            Verdict::Fail,
            format!("{} is not here and ECOLOGY_REQUIRE demands it; {}", need.name, need.provided_by),
        ),
        Some(need) => (Verdict::Skip, format!("{} is not here; {}", need.name, need.provided_by)),
        None => match checks::check(setting, &criterion.check) {
            Ok(Ok(detail)) => (Verdict::Pass, detail),
            Ok(Err(detail)) => (Verdict::Fail, detail),
            Err(error) => (Verdict::Fail, format!("{error:#}")),
        },
    };
    Outcome {
        gap: plan.head.id,
        criterion: plan.name_of(criterion),
        kind: criterion.check.kind(),
        verdict,
        duration_ms: started.elapsed().max(Duration::from_millis(1)).as_millis(),
        detail: setting.workspace.without_places(&detail),
    }
}

fn record(workspace: &Workspace, plan: &Plan, results: &[Outcome]) -> Result<String> {
    if results.len() != plan.criteria.len() {
        bail!("gap {}: not every criterion was looked into", plan.head.id);
    }
    let proven = plan.criteria.iter().zip(results).map(|(criterion, result)| Proven {
        name: criterion.name.clone(),
        kind: result.kind.to_owned(),
        verdict: result.verdict.word().to_owned(),
        detail: result.detail.lines().next().unwrap_or_default().to_owned(),
    });
    let evidence = Evidence {
        gap: plan.head.id,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        date: today(),
        hash: hash(workspace, &workspace.files()?, plan)?,
        criteria: proven.collect(),
    };
    evidence.save(workspace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::criterion::DocsCheck;
    use crate::plan::Head;

    fn plan(id: u32, phase: u8, status: Status) -> Plan {
        let check =
            |page: &str| Check::Docs(DocsCheck { page: page.to_owned(), mentions: vec!["x".to_owned()] });
        let criterion = |name: &str| Criterion {
            name: name.to_owned(),
            needs: Vec::new(),
            check: check("p.md"),
            line: 1,
        };
        Plan {
            file: format!("plans/{id:02}-x.md"),
            head: Head {
                id,
                title: "X".to_owned(),
                phase,
                axis: None,
                status,
                blocked_by: Vec::new(),
                paths: vec!["p.md".to_owned()],
            },
            criteria: vec![criterion("one"), criterion("two")],
            prose: "Why.".to_owned(),
        }
    }

    fn ask(phase: Option<u8>, only: Option<&str>) -> Ask {
        Ask { phase, only: only.map(str::to_owned), json: false, record: false }
    }

    #[test]
    fn planned_gaps_are_not_looked_into_unless_asked_for() {
        let plans = [plan(1, 1, Status::InProgress), plan(3, 5, Status::Planned)];
        let all = choose(&plans, &ask(None, None)).unwrap();
        assert_eq!(all.iter().map(|(_, criteria)| criteria.len()).collect::<Vec<_>>(), [2, 0]);
        assert_eq!(choose(&plans, &ask(None, Some("3"))).unwrap()[0].1.len(), 2);
        assert_eq!(choose(&plans, &ask(Some(5), Some("3/two"))).unwrap()[0].1.len(), 1);
    }

    #[test]
    fn what_does_not_exist_is_a_usage_error() {
        let plans = [plan(1, 1, Status::InProgress)];
        for wrong in
            [ask(Some(9), None), ask(Some(2), Some("1")), ask(None, Some("1/three")), ask(None, Some("x"))]
        {
            assert!(choose(&plans, &wrong).unwrap_err().is::<Usage>());
        }
        let one_criterion = Ask { record: true, ..ask(None, Some("1/one")) };
        assert!(choose(&plans, &one_criterion).unwrap_err().is::<Usage>());
    }

    #[test]
    fn a_criterion_passes_fails_and_is_recorded_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(folder.path());
        let setting = Setting {
            workspace: &workspace,
            runner: Runner::Cargo,
            ecology: Ecology::default(),
            required: Required::default(),
            walks: RefCell::default(),
        };
        let plan = plan(1, 1, Status::InProgress);
        let results = |setting: &Setting<'_>| {
            plan.criteria.iter().map(|own| judge(setting, &plan, own)).collect::<Vec<_>>()
        };
        let failed = results(&setting);
        assert!(failed.iter().all(|result| result.verdict == Verdict::Fail));
        workspace.write("p.md", "it says x").unwrap();
        let passed = results(&setting);
        assert!(passed.iter().all(|result| result.verdict == Verdict::Pass));
        record(&workspace, &plan, &passed).unwrap();
        let evidence = Evidence::load(&workspace, 1).unwrap().unwrap();
        assert!(evidence.proves(&plan));
        assert!(record(&workspace, &plan, &passed[..1]).is_err());
    }
}

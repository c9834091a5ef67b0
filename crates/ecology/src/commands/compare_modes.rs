//! `ecology compare-modes`.

use std::path::Path;

use ecology_features::config::ScenarioName;
use ecology_features::{Config, Origin, load};
use ecology_runner::compare_modes::{Equivalence, ModesCompared, Sort, compare_modes, judge_history};
use ecology_runner::migrate::positions;
use ecology_runner::session::{self, SessionError};
use ecology_runner::store::OpenError;
use ecology_types::Axis;

use crate::cli::CompareModesArgs;
use crate::exit::Exit;
use crate::failure::{Failure, shown};
use crate::render::{Align, Table};
use crate::terminal::{Style, Terminal};
use crate::text::{clean, count, millionths, number, paragraph};

/// Length of a run of which nobody says how long it is, in ticks: shorter ones are over before every service is used.
const TICKS: u64 = 48;
/// The same for a world that has lived longer.
const TICKS_OF_WORLD_MAX: u64 = 1_000;

pub(crate) fn execute(args: &CompareModesArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let (config, lived) = match &args.world {
        Some(world) => of_world(world, args)?,
        None => (asked_for(args, terminal)?, TICKS),
    };
    let ticks = args.ticks.unwrap_or(lived);
    let first = if args.world.is_some() { config.run.seed } else { 1 };
    let seeds: Vec<u64> = (0..args.seeds).map(|n| first.wrapping_add(n)).collect();
    let mut told = |seed: u64| {
        if terminal.verbose {
            terminal.say(&format!("seed {seed} of {}", args.seeds));
        }
    };
    let mut found = compare_modes(&config, ticks, &seeds, &mut told)?;
    if let Some(world) = &args.world {
        judge_history(world, &mut found)?;
    }
    if args.json {
        let mut value = serde_json::to_value(&found).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.insert("agrees".to_owned(), found.agrees().into());
        }
        terminal.print_json(&value)?;
    } else {
        terminal.print(&render(&found, terminal.out, terminal.width))?;
    }
    Ok(if found.agrees() { Exit::Ok } else { Exit::Failed })
}

fn asked_for(args: &CompareModesArgs, terminal: &Terminal) -> Result<Config, Failure> {
    let mut sources = args.config.sources()?;
    let scenario = args.scenario.as_deref().unwrap_or("commune");
    sources = sources.set("--scenario", format!("run.scenario={scenario:?}"));
    if let Some(agents) = args.agents {
        sources = sources.set("--agents", format!("run.agents={agents}"));
    }
    let mut loaded = load(sources)?;
    super::needs::take(&mut loaded, terminal);
    Ok(loaded.config)
}

/// What a world was made with, and how many ticks it has lived.
fn of_world(path: &Path, args: &CompareModesArgs) -> Result<(Config, u64), Failure> {
    let (world, _, last) = session::open_for_reading(path)?;
    let made_with = session::made_with(path).map_err(OpenError::from)?;
    let (.., scenario, seed) = world.run();
    let scenario = match scenario {
        "" => made_with.as_ref().and_then(|made_with| made_with.scenario()).unwrap_or_default(),
        found => found,
    };
    let known = ScenarioName::ALL.into_iter().find(|name| name.name() == scenario);
    let Some(name) = known.filter(|name| *name != ScenarioName::Imported) else {
        return Err(Failure::new(
            Exit::Usage,
            "compare_modes::no_beginning",
            format!(
                "{} cannot be run again from its beginning: {}",
                shown(path),
                match known {
                    Some(_) => "it was imported".to_owned(),
                    None => format!("this version has no scenario {:?}", clean(scenario)),
                }
            ),
            "compare a scenario with --scenario NAME; `replay` holds the world's own history to the laws",
        ));
    };
    let sources = args.config.sources()?;
    let loaded = load(sources.clone())?;
    let was_asked_for = |key: &str| loaded.origins.get(key).is_some_and(|origin| *origin != Origin::Default);
    let wanted = positions(last, world.migrations());
    let mut sources = sources.set("the world", format!("run.scenario={:?}", name.name()));
    for axis in [Axis::ArtifactOntology, Axis::AccessControl] {
        let key = format!("features.{axis}");
        if !was_asked_for(&key) {
            sources = sources.set("the world", format!("{key}={:?}", wanted.serving(axis)));
        }
    }
    if !was_asked_for("run.seed") {
        sources = sources.set("the world", format!("run.seed={}", seed.0));
    }
    let mut config = load(sources)?.config;
    if let Some(made_with) = made_with {
        made_with.restore(&mut config, &was_asked_for).map_err(|contradiction| {
            SessionError::MadeOtherwise { world: path.display().to_string(), contradiction }
        })?;
    }
    let by_time = world.time().0 / world.rules().tick.0.max(1);
    Ok((config, world.tick().max(by_time).clamp(TICKS, TICKS_OF_WORLD_MAX)))
}

fn render(found: &ModesCompared, style: Style, width: usize) -> String {
    let heading = format!(
        "{} in ticks and continuously: {}, {} each",
        style.heading(&match &found.world {
            Some(world) => format!("{}, as {} was made,", found.scenario, clean(world)),
            None => found.scenario.clone(),
        }),
        count(found.seeds.len() as u64, "seed"),
        count(found.ticks, "tick")
    );
    let mut text = paragraph("", 2, &heading, width) + "\n";
    let mut table = Table::new([
        ("equivalence", Align::Left),
        ("sort", Align::Left),
        ("compared", Align::Right),
        ("held", Align::Right),
        ("in ticks", Align::Right),
        ("continuously", Align::Right),
    ])
    .indented(2);
    for one in &found.equivalences {
        let sort = match one.sort {
            Sort::Law => "law",
            Sort::Equal => "equal",
            Sort::Distribution => "interval",
        };
        let mean = |at: usize| one.means_millionths.map_or(String::new(), |means| millionths(means[at], 4));
        table.row([
            one.name.clone(),
            sort.to_owned(),
            number(one.compared),
            number(one.held),
            mean(0),
            mean(1),
        ]);
    }
    text += &table.render_within(style, width);
    for one in &found.equivalences {
        if let Some(broken) = &one.first_broken {
            let what = format!("{} {}", style.bad("does not hold:"), clean(&one.name));
            text += &format!("\n{}", paragraph("  ", 4, &what, width));
            text += &paragraph("    ", 6, &clean(broken), width);
        }
    }
    // Both are outside of an interval alike: that says something of the length of the runs and nothing of the modes.
    let is_alike = |one: &Equivalence| {
        one.sort == Sort::Distribution
            && one.means_millionths.is_some_and(|[ticks, continuous]| ticks == continuous)
    };
    let mut broken = found.equivalences.iter().filter(|one| one.first_broken.is_some());
    let verdict = if found.agrees() {
        style.good("every declared equivalence holds")
    } else if broken.all(is_alike) {
        style.warning(
            "neither mode comes into the interval: compare longer runs (--ticks) before judging the modes",
        )
    } else {
        style.bad("the modes part where they should not")
    };
    text += &format!("\n{}", paragraph("  ", 4, &verdict, width));
    text
}

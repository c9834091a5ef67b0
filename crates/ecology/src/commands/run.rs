//! `ecology run`.

mod next;
mod progress;

use std::path::{Path, PathBuf};

use ecology_features::config::{Clock, ScenarioName};
use ecology_features::{DeprecationCode, Loaded, Origin, Trigger, load};
use ecology_runner::Stop;
use ecology_runner::migrate::positions;
use ecology_runner::store::OpenError;
use ecology_types::{Axis, AxisVector, Side};

use crate::cli::RunArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render;
use crate::terminal::Terminal;
use crate::text::clean;
use ecology_runner::session::{self, SessionError, SessionSpec};

pub(crate) fn execute(args: &RunArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    if args.json_schema {
        return terminal.print(&ecology_runner::report_schema_text()).map(|()| Exit::Ok);
    }
    let mut loaded = load(args.sources()?)?;
    for (deprecation, _) in loaded.deprecations() {
        // What is only met by an action is told of by the world when it happens.
        if matches!(deprecation.trigger, Trigger::Serves(..)) {
            terminal.say(&format!("{} {deprecation}", terminal.talk.warning("warning:")));
        }
    }
    let path = args.world.clone().or_else(|| loaded.config.run.world.clone());
    let mut before = None;
    if let Some(path) = path.as_deref().filter(|path| path.is_file()) {
        loaded = moved(path, loaded, args)?;
        before = take_over(path, &mut loaded)?;
    }
    super::needs::take(&mut loaded, terminal);
    if let Some(before) = before {
        tell_of_change(before, loaded.axis_vector(), terminal);
    }
    tell_of_less_than_a_tick(&loaded, terminal);
    tell_of_idle_clock(&loaded, terminal);
    let stop = Stop::default();
    listen(&stop, terminal)?;
    let axes = loaded.axis_vector();
    let spec = SessionSpec { config: loaded.config, path, stop, version: env!("CARGO_PKG_VERSION") };
    let mut line = progress::Line::new(terminal, args.quiet);
    let outcome = session::run(spec, &mut |progress| line.show(progress));
    line.clear();
    let report = outcome?;
    warn_of_deprecations(&report.deprecations_used, terminal);
    if args.json {
        terminal.print_json(&report)?;
    } else {
        let next = next::commands(&report, args, axes, terminal);
        terminal.print(&render::report::render(&report, &next, terminal.out, terminal.width))?;
    }
    match &report.broken_law {
        None => Ok(Exit::Ok),
        Some(law) => Err(Failure::new(
            Exit::Failed,
            "run::broken_law",
            format!("a law of the world does not hold: {law}"),
            "please report this with the world; `replay` shows whether it comes out the same again",
        )),
    }
}

/// What the agents of the run used although it is on its way out.
fn warn_of_deprecations(codes: &[String], terminal: &Terminal) {
    for code in codes {
        let text = match code.parse::<DeprecationCode>() {
            Ok(code) => code.info().to_string(),
            Err(unknown) => unknown.to_string(),
        };
        terminal.say(&format!("{} {text}", terminal.talk.warning("warning:")));
    }
}

/// A world that was migrated runs where it was moved to, unless somebody asks for something else.
fn moved(path: &Path, loaded: Loaded, args: &RunArgs) -> Result<Loaded, Failure> {
    let (world, _, last) = match session::open_for_reading(path) {
        Ok(opened) => opened,
        // What is wrong with it, taking it over will tell.
        Err(_) => return Ok(loaded),
    };
    let wanted = positions(last, world.migrations());
    // One that was never migrated leaves its positions to each run.
    let is_carried = Axis::ALL.into_iter().any(|axis| world.migrations().side(axis).is_some());
    let mut sources = args.sources()?;
    let mut is_moved = false;
    for axis in Axis::ALL {
        let key = format!("features.{axis}");
        let was_asked_for = loaded.origins.get(&key).is_some_and(|origin| *origin != Origin::Default);
        if is_carried && !was_asked_for && loaded.axis_vector().side(axis) != wanted.side(axis) {
            sources = sources.set("the world", format!("{key}={:?}", wanted.serving(axis)));
            is_moved = true;
        }
    }
    if is_moved { Ok(load(sources)?) } else { Ok(loaded) }
}

/// A world that exists goes on with its own scenario, seed and agents unless somebody asks for others.
/// Gives the positions that the world has so far.
fn take_over(path: &Path, loaded: &mut Loaded) -> Result<Option<AxisVector>, Failure> {
    let origins = &loaded.origins;
    let was_asked_for = |key: &str| origins.get(key).is_some_and(|origin| *origin != Origin::Default);
    let (world, _, before) = match session::open_for_reading(path) {
        Ok(opened) => opened,
        // A world whose making was cut short: it is made anew, with what this command says.
        Err(OpenError::Empty) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let before = positions(before, world.migrations());
    let (_, _, scenario, seed) = world.run();
    let made_with = session::made_with(path).map_err(OpenError::from)?;
    // A world that was imported has not been run by anybody yet.
    let scenario = match scenario {
        "" => made_with.as_ref().and_then(|made_with| made_with.scenario()).unwrap_or_default(),
        found => found,
    };
    if let Some(name) = ScenarioName::ALL.into_iter().find(|name| name.name() == scenario)
        && !was_asked_for("run.scenario")
    {
        loaded.config.run.scenario = name;
    }
    if !was_asked_for("run.seed") && world.run().0 > 0 {
        loaded.config.run.seed = seed.0;
    }
    if let Some(made_with) = made_with {
        made_with.restore(&mut loaded.config, &was_asked_for).map_err(|contradiction| {
            SessionError::MadeOtherwise { world: path.display().to_string(), contradiction }
        })?;
    }
    Ok(Some(before))
}

/// Says what serves from now on that did not before.
fn tell_of_change(before: AxisVector, now: AxisVector, terminal: &Terminal) {
    let note = terminal.talk.warning("note:");
    let changed = || Axis::ALL.into_iter().filter(|axis| before.side(*axis) != now.side(*axis));
    let positions = |of: AxisVector| {
        changed().map(|axis| format!("{axis}={}", of.serving(axis))).collect::<Vec<_>>().join(" ")
    };
    if changed().next().is_some() {
        let (before, now) = (positions(before), positions(now));
        terminal.say(&format!("{note} the world ran with {before}; this run goes on with {now}"));
        // Nothing shows beforehand what another mode leads to but another run.
        if changed().any(|axis| axis != Axis::ExecutionMode) {
            terminal.say(&format!("{note} `migrate` shows the evidence for such a step before it is taken"));
        }
    } else if before != now {
        terminal.say(&format!("{note} other shadows run beside it than before"));
    }
}

/// A run by ticks that has no time for a single one does nothing, which nobody asks for.
fn tell_of_less_than_a_tick(loaded: &Loaded, terminal: &Terminal) {
    let config = &loaded.config;
    let by_ticks = loaded.axis_vector().side(Axis::ExecutionMode) == Side::Old;
    if let Some(ms) = config.run.duration_ms.filter(|ms| by_ticks && *ms < config.time.tick_ms) {
        terminal.say(&format!(
            "{} {ms} ms are less than a tick of {} ms, so nothing will happen; --ticks N counts ticks",
            terminal.talk.warning("note:"),
            config.time.tick_ms
        ));
    }
}

/// Ticks go by as fast as the machine can: whoever asks for its clock would wait for a pace that never comes.
/// No refusal, because one file of configuration may serve runs of both modes.
fn tell_of_idle_clock(loaded: &Loaded, terminal: &Terminal) {
    let by_ticks = loaded.axis_vector().side(Axis::ExecutionMode) == Side::Old;
    if by_ticks && loaded.config.run.clock == Clock::Real {
        let origin = loaded.origins.get("run.clock").unwrap_or(&Origin::Default);
        let ticks = Axis::ExecutionMode.implementation(Side::Old);
        terminal.say(&format!(
            "{} run.clock = \"real\" ({}) has no effect under execution_mode = \"{ticks}\": ticks go by as fast as they are done",
            terminal.talk.warning("note:"),
            clean(&origin.to_string())
        ));
    }
}

/// The first Ctrl-C, SIGTERM or SIGHUP asks the run to end, the second one ends the process: nothing acknowledged can be lost by that.
fn listen(stop: &Stop, terminal: &Terminal) -> Result<(), Failure> {
    let (stop, terminal) = (stop.clone(), terminal.clone());
    let handler = move || {
        if stop.is_requested() {
            std::process::exit(i32::from(Exit::Interrupted.number()));
        }
        stop.request();
        terminal
            .say("\nstopping: thoughts end, everything is settled and recorded; Ctrl-C again quits at once");
    };
    ctrlc::set_handler(handler).map_err(|error| {
        Failure::new(
            Exit::Failed,
            "run::signals",
            format!("the system does not let this process listen for Ctrl-C: {error}"),
            "run it where signals can be handled",
        )
    })
}

/// A path as one word of a shell.
fn word(path: &str) -> String {
    crate::text::shell_word(&crate::text::clean(&PathBuf::from(path).display().to_string()))
}

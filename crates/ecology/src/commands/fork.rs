//! `ecology fork`.

use std::path::{Path, PathBuf};

use ecology_features::{Sources, load};
use ecology_runner::fork::{ForkError, Forked, fork};
use ecology_runner::session;
use ecology_runner::store::OpenError;
use serde_json::json;

use crate::cli::ForkArgs;
use crate::exit::Exit;
use crate::failure::{Failure, shown};
use crate::terminal::Terminal;
use crate::text::{clean, count, micros, shell_word};

pub(crate) fn execute(args: &ForkArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let config = if args.set.is_empty() { None } else { Some(settings(args)?) };
    let forked = fork(&args.world, args.at, &args.to).map_err(Failure::from)?;
    if let Some((path, text)) = &config {
        std::fs::write(path, text).map_err(|error| {
            let path = shown(path);
            Failure::new(
                Exit::World,
                "world::not_writable",
                format!("{path} cannot be written: {error}"),
                "the new world is complete; give its settings with --set to each run",
            )
        })?;
    }
    let config = config.map(|(path, _)| path);
    if args.json {
        terminal.print_json(&json!({
            "world": args.to.display().to_string(),
            "from": args.world.display().to_string(),
            "records": forked.records,
            "events": forked.events,
            "world_time_us": forked.time.0,
            "positions": forked.axes.to_string(),
            "state_hash": { "decided": forked.hash.decided_hex(), "measured": forked.hash.measured_hex() },
            "config": config.map(|path| path.display().to_string()),
        }))?;
    } else {
        terminal.print(&render(&forked, args, config.as_deref(), terminal))?;
    }
    Ok(Exit::Ok)
}

fn render(forked: &Forked, args: &ForkArgs, config: Option<&Path>, terminal: &Terminal) -> String {
    let word = |path: &Path| shell_word(&clean(&path.display().to_string()));
    let style = terminal.out;
    let mut text = format!(
        "{}: the first {} of {}, {} of world time\n  {}\n  decided   {}\n",
        style.heading(&shown(&args.to)),
        count(forked.records, "record"),
        shown(&args.world),
        micros(forked.time.0),
        forked.axes,
        forked.hash.decided_hex()
    );
    if let Some(config) = config {
        text += &format!("  its settings are in {}\n", shown(config));
    }
    let with = config.map(|config| format!(" --config {}", word(config))).unwrap_or_default();
    text += &format!("\n{}\n", style.heading("Next"));
    text += &format!("  {}\n", terminal.command(&format!("run --world {}{with}", word(&args.to))));
    text += &format!("  {}\n", terminal.command(&format!("diff {} {}", word(&args.world), word(&args.to))));
    text
}

/// The configuration for the runs of the new world, checked against what the old one was made with.
fn settings(args: &ForkArgs) -> Result<(PathBuf, String), Failure> {
    let path = args.to.with_extension("toml");
    if path.exists() {
        return Err(Failure::new(
            Exit::World,
            "world::exists",
            format!("{} exists already", shown(&path)),
            "choose another name for the new world with --to, or remove the file",
        ));
    }
    let (world, _, axes) = session::open_for_reading(&args.world)?;
    let (_, _, scenario, seed) = world.run();
    let mut sources = Sources::new();
    if !scenario.is_empty() {
        sources = sources.set("the world", format!("run.scenario={scenario:?}"));
        sources = sources.set("the world", format!("run.seed={}", seed.0));
    }
    for axis in ecology_types::Axis::ALL {
        sources = sources.set("the world", format!("features.{axis}={:?}", axes.serving(axis)));
    }
    for set in &args.set {
        sources = sources.set("--set", set);
    }
    let mut loaded = load(sources)?;
    if let Some(made_with) = session::made_with(&args.world).map_err(OpenError::from)? {
        let origins = loaded.origins.clone();
        let was_asked_for =
            |key: &str| origins.get(key).is_some_and(|origin| *origin != ecology_features::Origin::Default);
        made_with.restore(&mut loaded.config, &was_asked_for).map_err(|contradiction| {
            session::SessionError::MadeOtherwise { world: args.world.display().to_string(), contradiction }
        })?;
    }
    let mut text = format!("# Settings for the runs of {}.\n", shown(&args.to));
    let asked = loaded.settings().into_iter().filter(|row| row.origin != ecology_features::Origin::Default);
    for row in asked {
        if let Some(value) = &row.value {
            text += &format!("{} = {value}\n", row.key);
        }
    }
    Ok((path, text))
}

impl From<ForkError> for Failure {
    fn from(error: ForkError) -> Self {
        let text = error.to_string();
        let (message, help) = text.rsplit_once("; ").unwrap_or((&text, "choose another place with --to"));
        match error {
            ForkError::Open(error) => error.into(),
            ForkError::Journal(error) => error.into(),
            ForkError::Beyond { .. } => Self::new(Exit::Usage, "usage::no_such_record", message, help),
            ForkError::File { .. } => Self::new(Exit::World, "world::not_writable", message, help),
        }
    }
}

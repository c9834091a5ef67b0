//! `ecology import`.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use ecology_features::{Sources, load};
use ecology_import::{Imported, Report};
use ecology_runner::HostError;
use ecology_runner::import::{self, ImportSpec, Prepared, Written};
use ecology_runner::session::SessionError;
use ecology_types::{Founder, Scrip};
use ecology_world::World;
use serde::Serialize;

use crate::cli::ImportArgs;
use crate::exit::Exit;
use crate::failure::{Failure, shown};
use crate::render;
use crate::terminal::Terminal;

/// What `--json` prints.
#[derive(Serialize)]
struct Answer<'a> {
    /// The new world; null for a dry run.
    world: Option<String>,
    config: Option<String>,
    report_file: Option<String>,
    records: u64,
    events: u64,
    state_hash: StateHash,
    report: &'a Report,
}

#[derive(Serialize)]
struct StateHash {
    decided: String,
    measured: String,
}

pub(crate) fn execute(args: &ImportArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let target = args.world.as_deref().filter(|_| !args.dry_run);
    if let Some(world) = target {
        import::refuse_taken(world)?;
    }
    let imported = ecology_import::read(&args.source, &args.options())?;
    let toml = imported.config_toml();
    let loaded = load(Sources::new().file("the imported configuration", toml.as_str()))?;
    let founders = imported.founders(&loaded.config.shares.charges());
    let (artifacts, prepared) = (imported.artifacts.clone(), founders.clone());
    let spec = ImportSpec { config: loaded.config, founders: prepared, artifacts };
    let prepared = import::prepare(spec).map_err(impossible)?;
    compare(prepared.world(), &imported, &founders)?;
    let report = imported.report.to_json();
    let outputs = target.map(|world| Outputs::of(world, args.config_out.as_deref()));
    let hash = prepared.world().hash();
    let written = match &outputs {
        Some(outputs) => outputs.write(prepared, &toml, &report)?,
        None => {
            Written { records: prepared.world().last_record(), events: prepared.world().last_event(), hash }
        }
    };
    let name = |pick: fn(&Outputs) -> &PathBuf| outputs.as_ref().map(|outputs| shown(pick(outputs)));
    let (world, config) = (name(|outputs| &outputs.world), name(|outputs| &outputs.config));
    let report_file = name(|outputs| &outputs.report);
    if args.json {
        let state_hash = StateHash { decided: hash.decided_hex(), measured: hash.measured_hex() };
        let (records, events) = (written.records, written.events);
        let report = &imported.report;
        terminal.print_json(&Answer { world, config, report_file, records, events, state_hash, report })?;
        return Ok(Exit::Ok);
    }
    let next = outputs.as_ref().map(|outputs| next(outputs, terminal)).unwrap_or_default();
    let place = render::import::Place {
        world: world.as_deref(),
        config: config.as_deref(),
        report: report_file.as_deref(),
    };
    terminal.print(&render::import::render(&imported.report, &place, &next, terminal.out, terminal.width))?;
    Ok(Exit::Ok)
}

/// What to type next.
fn next(outputs: &Outputs, terminal: &Terminal) -> Vec<(String, String)> {
    let word = |path: &Path| crate::text::shell_word(&shown(path));
    let (world, config) = (word(&outputs.world), word(&outputs.config));
    vec![
        (
            terminal.command(&format!("inspect {world} agents")),
            "who is there; also: balances, artifacts".to_owned(),
        ),
        (
            terminal.command(&format!("run --world {world} --config {config}")),
            "go on from here; the agents rest until somebody writes them minds".to_owned(),
        ),
        (
            terminal.command(&format!("replay {world}")),
            "compute the state again and compare the hash".to_owned(),
        ),
    ]
}

/// What the world refuses although every part of it was read.
fn impossible(error: SessionError) -> Failure {
    match error {
        SessionError::Host(HostError::Step(error)) => Failure::new(
            Exit::Source,
            "import::impossible",
            format!("a world cannot be made from this: {error}"),
            "a part of the files shows what is at fault; no world was made",
        ),
        other => other.into(),
    }
}

/// The new world against what was read: every balance, every content, every owner, the supply, the laws.
fn compare(world: &World, imported: &Imported, founders: &[Founder]) -> Result<(), Failure> {
    let differs = |what: String| {
        let help = "this is a mistake of the program; please report it with the files. No world was made";
        Err(Failure::new(Exit::Source, "import::differs", format!("the new world differs: {what}"), help))
    };
    for founder in founders {
        let account = world.symbols().key(founder.id.as_str()).and_then(|key| world.accounts().get(key));
        let is_same = account.is_some_and(|account| {
            account.scrip == founder.scrip && account.quotas.charges() == founder.quotas
        });
        if !is_same {
            return differs(format!("{} does not hold what it held", founder.id));
        }
    }
    for (owner, draft) in &imported.artifacts {
        let record = world.symbols().key(draft.artifact.as_str()).and_then(|key| world.live(key));
        let is_same = record.is_some_and(|record| {
            record.content == draft.content && world.id(record.owner) == owner && !record.has_standing
        });
        if !is_same {
            return differs(format!("{} is not what it was", draft.artifact));
        }
    }
    let Scrip(supply) = world.accounts().supply();
    if supply != imported.report.totals.scrip_carried {
        return differs(format!("it holds {supply} scrip"));
    }
    world.check_invariants().or_else(|broken| differs(broken.to_string()))
}

/// The three files that an import writes.
struct Outputs {
    world: PathBuf,
    config: PathBuf,
    report: PathBuf,
}

impl Outputs {
    fn of(world: &Path, config: Option<&Path>) -> Self {
        let beside = |ending: &str| match world.extension() {
            Some(extension) if extension == "world" => world.with_extension(ending),
            _ => {
                let mut name = world.as_os_str().to_owned();
                name.push(format!(".{ending}"));
                name.into()
            }
        };
        Self {
            world: world.to_owned(),
            config: config.map_or_else(|| beside("toml"), Path::to_owned),
            report: beside("import.json"),
        }
    }

    /// Writes all three or none; the world last, so that whoever finds it finds everything.
    fn write(&self, prepared: Prepared, toml: &str, report: &str) -> Result<Written, Failure> {
        self.make_folder()?;
        let config = NewFile::write(&self.config, toml)?;
        let beside = NewFile::write(&self.report, &(crate::text::clean_json(report.to_owned()) + "\n"))?;
        let written = prepared.write(&self.world, report.as_bytes())?;
        config.keep();
        beside.keep();
        Ok(written)
    }
}

impl Outputs {
    /// Runs make the folder of their worlds as well.
    fn make_folder(&self) -> Result<(), Failure> {
        let Some(folder) = self.world.parent().filter(|folder| folder.ends_with("worlds")) else {
            return Ok(());
        };
        std::fs::create_dir_all(folder).map_err(|error| {
            let folder = folder.display().to_string();
            SessionError::Folder { folder, detail: error.to_string() }.into()
        })
    }
}

/// A file that is removed again unless everything went well.
struct NewFile<'p> {
    path: &'p Path,
    keeps: bool,
}

impl<'p> NewFile<'p> {
    fn write(path: &'p Path, text: &str) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Failure::new(
                Exit::World,
                "import::output_exists",
                format!("{} is there already", shown(path)),
                "choose another --world or --config-out, or move the file away",
            ),
            _ => Failure::new(
                Exit::World,
                "import::output_failed",
                format!("{} cannot be written: {error}", shown(path)),
                "make room, or choose another place with --world and --config-out",
            ),
        };
        let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
        let new = Self { path, keeps: false };
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        Ok(new)
    }

    fn keep(mut self) {
        self.keeps = true;
    }
}

impl Drop for NewFile<'_> {
    fn drop(&mut self) {
        if !self.keeps {
            let _ = std::fs::remove_file(self.path);
        }
    }
}

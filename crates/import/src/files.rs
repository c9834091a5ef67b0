//! Finding and reading the files. Links are not followed and nothing but plain files is opened: a folder from somewhere else cannot make
//! this program read, or wait for, anything outside of it.

use std::fs::{self, File};
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};

use crate::agent::AgentFiles;
use crate::event_log::EventLog;
use crate::imported::Imported;
use crate::options::{Limits, Options};
use crate::problem::{Problem, ProblemKind, Refused};
use crate::read::{Texts, read_texts};
use crate::text::{Text, too_large};

/// How deep folders of logs are searched.
const LOG_DEPTH_MAX: usize = 4;

/// Reads a run of the older program: its folder, or its checkpoint alone.
///
/// In a folder it takes `checkpoint.json` (or the only `*checkpoint*.json`), `config.yaml` (or `config/config.yaml`), every `*.jsonl` at
/// the top and under `logs/`, and `agent.yaml` with `system_prompt.md` in every folder of `agents/` (or `src/agents/`). Everything else at
/// the top is named in the report.
///
/// # Errors
/// [`Refused`] names everything that is wrong, each with its place and what to do.
pub fn read(source: &Path, options: &Options) -> Result<Imported, Refused> {
    read_texts(collect(source, &options.limits)?, options)
}

/// The same without mapping anything.
///
/// # Errors
/// [`Refused`] when something cannot be read.
pub fn collect(source: &Path, limits: &Limits) -> Result<Texts, Refused> {
    let mut texts = Texts { source: source.display().to_string(), ..Texts::default() };
    let metadata = fs::metadata(source).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Problem {
            kind: ProblemKind::NotFound,
            place: None,
            message: format!("{} is not there", source.display()),
            help: "name the folder of a run of the older program, or its checkpoint".to_owned(),
        },
        _ => unreadable(source, &error),
    })?;
    if !metadata.is_dir() {
        let name = source
            .file_name()
            .map_or_else(|| texts.source.clone(), |name| name.to_string_lossy().into_owned());
        texts.checkpoint = Some(read_file(source, name, limits)?);
        return Ok(texts);
    }
    let mut finder = Finder { root: source, limits, seen: 0, unread: Vec::new() };
    let top = finder.list(source)?;
    let mut checkpoints = Vec::new();
    let mut logs = Vec::new();
    for entry in top {
        let name = entry.name.as_str();
        match entry.kind {
            Kind::File if name == "config.yaml" || name == "config.yml" => {
                texts.config = Some(finder.read(&entry)?);
            }
            Kind::File if name.ends_with(".json") && name.contains("checkpoint") => checkpoints.push(entry),
            Kind::File if name.ends_with(".jsonl") => logs.push(entry),
            Kind::File => finder.leave(&entry, "no part of a run"),
            Kind::Folder if name == "config" && texts.config.is_none() => {
                texts.config = finder.config_folder(&entry)?;
            }
            Kind::Folder if name == "agents" => texts.agents.extend(finder.agents(&entry)?),
            Kind::Folder if name == "src" => {
                let inside = finder.list(&entry.path)?;
                for folder in inside {
                    if folder.kind == Kind::Folder && folder.name == "agents" {
                        texts.agents.extend(finder.agents(&folder)?);
                    }
                }
            }
            Kind::Folder if name == "logs" => finder.logs(&entry, LOG_DEPTH_MAX, &mut logs)?,
            Kind::Folder => finder.leave(&entry, "no part of a run"),
            Kind::Link => finder.leave(&entry, "links are not followed"),
            Kind::Other => finder.leave(&entry, "neither a file nor a folder"),
        }
    }
    let exact = checkpoints.iter().position(|entry| entry.name == "checkpoint.json");
    let chosen = match (exact, checkpoints.len()) {
        (Some(at), _) => Some(checkpoints.remove(at)),
        (None, 1) => checkpoints.pop(),
        (None, 0) => None,
        (None, _) => {
            let names: Vec<String> = checkpoints.into_iter().map(|entry| entry.name).collect();
            return Err(Refused::from(Problem {
                kind: ProblemKind::NotFound,
                place: None,
                message: format!("{} has several checkpoints: {}", texts.source, crate::map::some_of(&names)),
                help: "name one of them instead of the folder".to_owned(),
            }));
        }
    };
    for entry in &checkpoints {
        finder.leave(entry, "another checkpoint; name it to import it instead");
    }
    texts.checkpoint = match chosen {
        Some(entry) => Some(finder.read(&entry)?),
        None => None,
    };
    for entry in logs {
        let file = open(&entry.path)?;
        let log = EventLog::read(entry.name, BufReader::with_capacity(1 << 16, file), limits);
        texts.logs.push(log.map_err(|error| unreadable(&entry.path, &error))?);
    }
    texts.unread = finder.unread;
    Ok(texts)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Link,
    Other,
}

struct Entry {
    path: PathBuf,
    /// Its name below the source, or its own name when it is at the top.
    name: String,
    kind: Kind,
}

struct Finder<'s> {
    root: &'s Path,
    limits: &'s Limits,
    seen: usize,
    unread: Vec<(String, String)>,
}

impl Finder<'_> {
    /// What a folder holds, by name.
    fn list(&mut self, folder: &Path) -> Result<Vec<Entry>, Problem> {
        let wrong = |error: std::io::Error| unreadable(folder, &error);
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder).map_err(wrong)? {
            let entry = entry.map_err(wrong)?;
            self.seen += 1;
            if self.seen > self.limits.files_max {
                return Err(Problem {
                    kind: ProblemKind::TooLarge,
                    place: None,
                    message: format!(
                        "{} holds more than {} files",
                        self.root.display(),
                        self.limits.files_max
                    ),
                    help: "name the folder of one run, or a checkpoint".to_owned(),
                });
            }
            let kind = entry.file_type().map_err(wrong)?;
            let kind = match () {
                () if kind.is_symlink() => Kind::Link,
                () if kind.is_dir() => Kind::Folder,
                () if kind.is_file() => Kind::File,
                () => Kind::Other,
            };
            let name = entry.file_name().to_string_lossy().into_owned();
            entries.push(Entry { path: entry.path(), name, kind });
        }
        entries.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(entries)
    }

    fn below(&self, entry: &Entry) -> String {
        entry.path.strip_prefix(self.root).unwrap_or(&entry.path).display().to_string()
    }

    fn leave(&mut self, entry: &Entry, why: &str) {
        self.unread.push((self.below(entry), why.to_owned()));
    }

    fn read(&self, entry: &Entry) -> Result<Text, Problem> {
        read_file(&entry.path, self.below(entry), self.limits)
    }

    fn config_folder(&mut self, folder: &Entry) -> Result<Option<Text>, Problem> {
        let mut config = None;
        for entry in self.list(&folder.path)? {
            if entry.kind == Kind::File && matches!(entry.name.as_str(), "config.yaml" | "config.yml") {
                config = Some(self.read(&entry)?);
            } else {
                self.leave(&entry, "no part of a run");
            }
        }
        Ok(config)
    }

    fn agents(&mut self, folder: &Entry) -> Result<Vec<AgentFiles>, Problem> {
        let mut agents = Vec::new();
        for entry in self.list(&folder.path)? {
            if entry.kind != Kind::Folder {
                self.leave(&entry, "no folder of an agent");
                continue;
            }
            let mut files = AgentFiles { folder: entry.name.clone(), settings: None, prompt: None };
            for inside in self.list(&entry.path)? {
                match (inside.kind, inside.name.as_str()) {
                    (Kind::File, "agent.yaml" | "agent.yml") => files.settings = Some(self.read(&inside)?),
                    (Kind::File, "system_prompt.md") => files.prompt = Some(self.read(&inside)?),
                    _ => self.leave(&inside, "neither agent.yaml nor system_prompt.md"),
                }
            }
            if files.settings.is_some() || files.prompt.is_some() {
                agents.push(files);
            } else {
                self.leave(&entry, "a folder without agent.yaml");
            }
        }
        Ok(agents)
    }

    fn logs(&mut self, folder: &Entry, depth: usize, into: &mut Vec<Entry>) -> Result<(), Problem> {
        for mut entry in self.list(&folder.path)? {
            match entry.kind {
                Kind::Folder if depth > 0 => self.logs(&entry, depth - 1, into)?,
                Kind::File if entry.name.ends_with(".jsonl") => {
                    entry.name = self.below(&entry);
                    into.push(entry);
                }
                Kind::Link => self.leave(&entry, "links are not followed"),
                _ => self.leave(&entry, "no event log"),
            }
        }
        Ok(())
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem {
        kind: ProblemKind::Unreadable,
        place: None,
        message: format!("{} cannot be read: {error}", path.display()),
        help: "check its permissions".to_owned(),
    }
}

fn open(path: &Path) -> Result<File, Problem> {
    let wrong = |error: std::io::Error| unreadable(path, &error);
    // A pipe would keep whoever opens it waiting.
    if !fs::metadata(path).map_err(wrong)?.is_file() {
        return Err(wrong(std::io::Error::other("it is no plain file")));
    }
    File::open(path).map_err(wrong)
}

fn read_file(path: &Path, name: String, limits: &Limits) -> Result<Text, Problem> {
    let file = open(path)?;
    let wrong = |error: std::io::Error| unreadable(path, &error);
    if file.metadata().map_err(wrong)?.len() > limits.file_bytes_max {
        return Err(too_large(name, limits));
    }
    let mut bytes = Vec::new();
    file.take(limits.file_bytes_max.saturating_add(1)).read_to_end(&mut bytes).map_err(wrong)?;
    Text::from_bytes(name, bytes, limits)
}

//! What went wrong, with a code, a remedy and an exit code.

use std::path::PathBuf;

use ecology_features::{ConfigError, Place};
use ecology_import::{ProblemKind, Refused};
use ecology_journal::JournalError;
use ecology_runner::HostError;
use ecology_runner::compose::NotBuilt;
use ecology_runner::store::OpenError;

use crate::exit::Exit;
use ecology_runner::compose::NoSandbox;
use ecology_runner::session::SessionError;

/// Everything that a command can end with besides success.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    /// A stable word for it, known to `ecology explain`.
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// Where it is written; first the place to change.
    pub(crate) places: Vec<Place>,
}

impl Failure {
    /// One problem without a place.
    pub(crate) fn new(
        exit: Exit,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        let problem = Problem { code, message: message.into(), help: Some(help.into()), places: Vec::new() };
        Self { exit, problems: vec![problem] }
    }

    /// A problem whose text ends with what to do after a semicolon, as those of the libraries do.
    pub(crate) fn with_remedy(exit: Exit, code: &'static str, text: String) -> Self {
        let (message, help) = match text.rsplit_once("; ") {
            Some((message, help)) => (message.to_owned(), Some(help.to_owned())),
            None => (text, None),
        };
        Self { exit, problems: vec![Problem { code, message, help, places: Vec::new() }] }
    }

    /// Data could not be written. That nobody reads any more is no problem: it ends the program quietly.
    pub(crate) fn output(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self { exit: Exit::Ok, problems: Vec::new() };
        }
        Self::new(
            Exit::Journal,
            "output::failed",
            format!("the output cannot be written: {error}"),
            "make room where it goes, or send it elsewhere; what the command changes in a world is done, only its output is missing",
        )
    }

    /// The same, naming the world that it is about if its journal has found something in it: that does not know its own name.
    pub(crate) fn of_world(self, world: &std::path::Path) -> Self {
        let within = ["world::damaged", "world::torn", "world::too_new", "world::empty"];
        if self.problems.iter().any(|problem| within.contains(&problem.code)) {
            self.about(world)
        } else {
            self
        }
    }

    /// The same, naming the file that it is about where its text does not.
    pub(crate) fn about(mut self, file: &std::path::Path) -> Self {
        let name = shown(file);
        for problem in &mut self.problems {
            if !problem.message.contains(&name) {
                problem.message = format!("{name}: {}", problem.message);
            }
        }
        self
    }

    /// A world that was made by a run.
    pub(crate) fn not_imported(world: &str) -> Self {
        let help = "`inspect WORLD` shows which scenario made it";
        Self::new(Exit::Usage, "usage::not_imported", format!("{world} was not imported"), help)
    }

    /// An id that a world does not have.
    pub(crate) fn no_such_id(id: &str, known: Option<&str>) -> Self {
        let help = match known {
            Some(known) => format!("did you mean {known}?"),
            None => "`inspect WORLD artifacts` and `inspect WORLD agents` list what there is".to_owned(),
        };
        Self::new(Exit::Usage, "usage::unknown_id", format!("the world has no {id:?}"), help)
    }
}

impl From<Vec<ConfigError>> for Failure {
    fn from(errors: Vec<ConfigError>) -> Self {
        let problem = |error: &ConfigError| Problem {
            code: error.code(),
            message: error.to_string(),
            help: Some(error.help()),
            places: error.places().to_vec(),
        };
        Self { exit: Exit::Config, problems: errors.iter().map(problem).collect() }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        vec![error].into()
    }
}

impl From<NotBuilt> for Failure {
    fn from(error: NotBuilt) -> Self {
        Self::with_remedy(Exit::Config, "config::not_built", error.to_string())
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        let (exit, code) = journal_code(&error);
        Self::with_remedy(exit, code, error.to_string())
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Journal(error) => error.into(),
            OpenError::NotBuilt(error) => error.into(),
            OpenError::Record { .. } | OpenError::Fold(_) => {
                Self::with_remedy(Exit::World, "world::damaged", error.to_string())
            }
            OpenError::Empty => Self::with_remedy(Exit::World, "world::empty", error.to_string()),
        }
    }
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        match error {
            HostError::Journal(error) => error.into(),
            HostError::NotBuilt(error) => error.into(),
            HostError::Step(_) => Self::new(
                Exit::Failed,
                "run::internal",
                error.to_string(),
                "please report this with the seed and the configuration; everything acknowledged is in the world",
            ),
            HostError::Snapshot(_) => Self::new(
                Exit::Failed,
                "run::snapshot",
                error.to_string(),
                "set journal.snapshot_every_records=0 to do without snapshots; everything acknowledged is in the world",
            ),
        }
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Open(error) => error.into(),
            SessionError::Host(error) => error.into(),
            SessionError::NotBuilt(error) => error.into(),
            SessionError::Journal(error) => error.into(),
            SessionError::Config(error) => (*error).into(),
            SessionError::Folder { .. } => {
                Self::with_remedy(Exit::World, "world::folder_missing", error.to_string())
            }
            SessionError::OtherScenario { .. } => {
                Self::with_remedy(Exit::World, "world::other_scenario", error.to_string())
            }
            SessionError::NotImported { .. } => {
                Self::with_remedy(Exit::World, "world::not_imported", error.to_string())
            }
            SessionError::NoSandbox(NoSandbox::Isolation(_)) => {
                Self::with_remedy(Exit::Config, "config::no_isolation", error.to_string())
            }
            SessionError::NoSandbox(NoSandbox::Engine(_)) => {
                Self::with_remedy(Exit::Config, "config::no_engine", error.to_string())
            }
            SessionError::Needs { .. } => {
                Self::with_remedy(Exit::Config, "config::scenario_needs", error.to_string())
            }
            SessionError::MadeOtherwise { .. } => {
                Self::with_remedy(Exit::World, "world::made_otherwise", error.to_string())
            }
        }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let shown = refused.problems.len();
        let problem = |problem: &ecology_import::Problem| Problem {
            code: import_code(problem.kind),
            message: problem.to_string(),
            help: Some(problem.help.clone()),
            places: Vec::new(),
        };
        let mut problems: Vec<Problem> = refused.problems.iter().map(problem).collect();
        if let Some(last) = problems.last_mut().filter(|_| refused.count > shown) {
            let more = format!("; {} more problems are not listed", refused.count - shown);
            last.help = last.help.take().map(|help| help + &more);
        }
        Self { exit: Exit::Source, problems }
    }
}

/// The word for what is wrong with something that was to be imported.
const fn import_code(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::NotFound => "import::not_found",
        ProblemKind::Unreadable => "import::unreadable",
        ProblemKind::TooLarge => "import::too_large",
        ProblemKind::Encoding => "import::encoding",
        ProblemKind::Syntax => "import::syntax",
        ProblemKind::Shape => "import::shape",
        ProblemKind::Number => "import::number",
        ProblemKind::Id => "import::id",
        ProblemKind::Duplicate => "import::duplicate",
    }
}

/// The exit code and the word for what is wrong with a journal.
fn journal_code(error: &JournalError) -> (Exit, &'static str) {
    match error {
        JournalError::IsDirectory { .. } => (Exit::World, "world::directory"),
        JournalError::NotFound { .. } => (Exit::World, "world::not_found"),
        JournalError::ParentMissing { .. } => (Exit::World, "world::folder_missing"),
        JournalError::AlreadyExists { .. } => (Exit::World, "world::exists"),
        JournalError::LeftOver { .. } => (Exit::World, "world::left_over"),
        JournalError::NotWritable { .. } | JournalError::ReadOnly => (Exit::World, "world::not_writable"),
        JournalError::NotReadable { .. } => (Exit::World, "world::not_readable"),
        JournalError::NotADatabase { .. } | JournalError::NotAWorld { .. } => {
            (Exit::World, "world::not_a_world")
        }
        JournalError::TooNew { .. } => (Exit::World, "world::too_new"),
        JournalError::Locked { .. } => (Exit::World, "world::locked"),
        JournalError::TornTail { .. } => (Exit::World, "world::torn"),
        JournalError::Corrupt { .. } | JournalError::Damaged { .. } => (Exit::World, "world::damaged"),
        JournalError::DiskFull { .. } => (Exit::Journal, "journal::disk_full"),
        JournalError::Poisoned { .. } => (Exit::Journal, "journal::stopped"),
        _ => (Exit::Journal, "journal::failed"),
    }
}

/// The path of a world as text.
pub(crate) fn shown(path: &std::path::Path) -> String {
    crate::text::clean(&PathBuf::from(path).display().to_string()).into_owned()
}

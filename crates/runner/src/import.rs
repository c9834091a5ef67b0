//! Makes the world of an import: in memory first, then in a file that appears whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use ecology_features::config::Config;
use ecology_journal::{Journal, JournalError, OpenMode};
use ecology_types::{Command, Draft, Founder, Genesis, Id};
use ecology_world::{StateHash, World};

use crate::compose;
use crate::host::{Host, Observers};
use crate::made_with::MadeWith;
use crate::session::{self, HASH_TAG, SessionError};

/// The tag under which the report of an import is kept in its world.
const REPORT_TAG: &[u8] = b"import v1";
/// Bytes of text in one record, which holds each text twice, in its command and in its effects, and has at most 16 MiB. One text above it
/// is a record of its own.
const TEXT_BYTES_PER_RECORD: usize = 2 * 1024 * 1024;
/// Principals or artifacts in one record.
const ITEMS_PER_RECORD: usize = 1_024;

/// What is to become a world.
#[derive(Debug, Clone)]
pub struct ImportSpec {
    /// The configuration, with the positions of all axes and the number of agents.
    pub config: Config,
    /// Everybody who holds or bears something.
    pub founders: Vec<Founder>,
    /// Every artifact, with the principal that it belongs to.
    pub artifacts: Vec<(Id, Draft)>,
}

/// A world in memory that no file holds yet.
#[derive(Debug)]
pub struct Prepared {
    config: Config,
    host: Host,
    records: Vec<Vec<u8>>,
}

/// What has been written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Records in the journal.
    pub records: u64,
    /// Events in them.
    pub events: u64,
    /// The digest of the state. It was computed again from the file.
    pub hash: StateHash,
}

/// Makes the world in memory: an impossible one leaves no file behind.
///
/// # Errors
/// [`SessionError`] says what cannot be.
pub fn prepare(spec: ImportSpec) -> Result<Prepared, SessionError> {
    let ImportSpec { config, founders, artifacts } = spec;
    let parts = compose::parts(config.axis_vector())?;
    let genesis = Genesis { rules: config.rules()?, founders: Vec::new(), artifacts: Vec::new() };
    let mut commands = vec![Command::Create(Box::new(genesis))];
    commands.extend(groups(founders, |founder| founder.config.len()).map(Command::AddPrincipals));
    commands.extend(groups(artifacts, |(_, draft)| draft.content.len()).map(Command::AddArtifacts));
    let mut host = Host::unrecorded(World::new(parts));
    let mut records = Vec::with_capacity(commands.len());
    for command in &commands {
        records.push(host.first(command, &mut Observers::default())?);
    }
    Ok(Prepared { config, host, records })
}

/// Items in groups of which each fits one record.
fn groups<T>(items: Vec<T>, bytes: impl Fn(&T) -> usize) -> impl Iterator<Item = Vec<T>> {
    let mut items = items.into_iter().peekable();
    std::iter::from_fn(move || {
        let mut group = vec![items.next()?];
        let mut sum = bytes(&group[0]);
        while let Some(next) = items.peek() {
            sum = sum.saturating_add(bytes(next));
            if sum > TEXT_BYTES_PER_RECORD || group.len() >= ITEMS_PER_RECORD {
                break;
            }
            group.extend(items.next());
        }
        Some(group)
    })
}

impl Prepared {
    /// The world.
    #[must_use]
    pub const fn world(&self) -> &World {
        self.host.world()
    }

    /// Writes the world into the file `path`, which must not exist, with `report` kept inside it.
    ///
    /// It is written beside its place, read back and compared, and only then gets its name: a failure at any point, also the end of the
    /// process, leaves no world.
    ///
    /// # Errors
    /// [`SessionError`] says what is wrong with the file.
    pub fn write(self, path: &Path, report: &[u8]) -> Result<Written, SessionError> {
        refuse_taken(path)?;
        let draft = NewFile::beside(path);
        let Self { config, mut host, records } = self;
        let hash = host.world().hash();
        let mut journal = compose::journal(&config, &draft.path, OpenMode::Create)?;
        crate::store::stamp(&mut *journal)?;
        MadeWith::of(&config).keep(&mut *journal)?;
        let batch = config.journal.batch_records_max as usize;
        host.record_in(journal, batch, config.journal.snapshot_every_records, records)?;
        host.sync()?;
        host.keep(HASH_TAG, format!("{} {}", hash.decided_hex(), hash.measured_hex()).as_bytes())?;
        host.keep(REPORT_TAG, report)?;
        host.snapshot()?;
        let world = host.close()?;
        let replay = session::replay(&draft.path, None)?;
        if replay.hash != hash || !replay.agrees() {
            let detail = "the file does not give back the world that was written into it".to_owned();
            return Err(JournalError::Io { doing: "reading the new world back".to_owned(), detail }.into());
        }
        draft.publish(path)?;
        Ok(Written { records: world.last_record(), events: world.last_event(), hash })
    }
}

/// The report that was kept in a world when it was imported, as JSON; `None` for a world that was not.
///
/// # Errors
/// When the journal cannot be read.
pub fn report(journal: &mut dyn Journal) -> Result<Option<String>, JournalError> {
    let found = journal.newest_snapshot(REPORT_TAG, u64::MAX)?;
    Ok(found.map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned()))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Whether a new world can get the name `path`: nothing may stand there, nor be left over from a world that stood there.
///
/// # Errors
/// [`JournalError`] says what is in the way.
pub fn refuse_taken(path: &Path) -> Result<(), JournalError> {
    if path.is_dir() {
        return Err(JournalError::IsDirectory { path: path.to_owned() });
    }
    if path.symlink_metadata().is_ok() {
        return Err(JournalError::AlreadyExists { path: path.to_owned() });
    }
    match ["-wal", "-journal"].map(|suffix| beside(path, suffix)).into_iter().find(|left| left.exists()) {
        Some(left) => Err(JournalError::LeftOver { path: left }),
        None => Ok(()),
    }
}

/// A file that is removed, with everything that the database puts beside it, unless it gets its name.
struct NewFile {
    path: PathBuf,
}

impl NewFile {
    fn beside(path: &Path) -> Self {
        Self { path: beside(path, &format!(".importing-{}", std::process::id())) }
    }

    /// Gives the file its name, unless somebody else was faster.
    fn publish(self, path: &Path) -> Result<(), JournalError> {
        let failed = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => JournalError::AlreadyExists { path: path.to_owned() },
            _ => JournalError::Io { doing: format!("naming {}", path.display()), detail: error.to_string() },
        };
        if let Err(error) = fs::hard_link(&self.path, path) {
            // Some file systems know no second name for a file.
            if error.kind() == std::io::ErrorKind::AlreadyExists || path.exists() {
                return Err(failed(error));
            }
            fs::rename(&self.path, path).map_err(failed)?;
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        // The name is durable when its folder is; a folder that cannot be synced still holds it.
        if let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm", "-journal", ".lock"] {
            let _ = fs::remove_file(beside(&self.path, suffix));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn founder(id: &str, disk: u64) -> Founder {
        Founder {
            id: Id::new(id).unwrap(),
            is_agent: false,
            config: "".into(),
            scrip: ecology_types::Scrip(5),
            quotas: ecology_types::Charges::of(ecology_types::Resource::Disk, disk),
        }
    }

    fn spec(artifacts: Vec<(&str, Draft)>) -> ImportSpec {
        let artifacts =
            artifacts.into_iter().map(|(owner, draft)| (Id::new(owner).unwrap(), draft)).collect();
        let founders = vec![founder("ann", 10_000_000), founder("bob", 3)];
        ImportSpec { config: Config::default(), founders, artifacts }
    }

    fn draft(id: &str, content: &str) -> Draft {
        Draft::new(Id::new(id).unwrap(), content)
    }

    #[test]
    fn what_a_record_names_may_come_in_a_later_one() {
        let mut many: Vec<(&str, Draft)> = Vec::new();
        let names: Vec<String> = (0..ITEMS_PER_RECORD + 10).map(|n| format!("a{n}")).collect();
        for name in &names {
            many.push(("ann", draft(name, "x")));
        }
        let last = names.last().unwrap();
        let list = vec![last.as_str().into(), "bob".into(), "never".into()];
        many[0].1.policy = Some(ecology_types::PolicyDraft { read: list, ..Default::default() });
        many[0].1.memory = Some(Id::new(last).unwrap());
        many[0].1.access_contract = Some(ecology_types::GenesisArtifact::Private.id());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.world");
        let prepared = prepare(spec(many)).unwrap();
        assert_eq!(prepared.world().check_invariants(), Ok(()));
        let written = prepared.write(&path, b"{}").unwrap();
        assert_eq!(written.records, 4);
        // Nothing but the world is there.
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let (world, mut journal, _) = session::open_for_reading(&path).unwrap();
        assert_eq!(world.hash(), written.hash);
        assert_eq!(report(&mut *journal).unwrap().as_deref(), Some("{}"));
        let key = |id: &str| world.symbols().key(id).unwrap();
        let record = world.live(key("a0")).unwrap();
        assert_eq!(record.memory, Some(key(last)));
        let allowed = ecology_types::AllowList::Only({
            let mut keys = vec![key(last), key("bob"), key("never")];
            keys.sort_unstable();
            keys
        });
        assert_eq!(record.policy.as_ref().unwrap().read, allowed);
        assert!(world.live(key("never")).is_none());
        assert_eq!(world.accounts().get(key("ann")).unwrap().disk_used_bytes, names.len() as u64);
    }

    #[test]
    fn what_cannot_be_leaves_nothing() {
        let standing = Draft { has_standing: Some(true), ..draft("s", "x") };
        for (artifacts, words) in [
            (vec![("bob", draft("a", "four"))], "disk quota is 3"),
            (vec![("carl", draft("a", "x"))], "who is no principal"),
            (vec![("ann", draft("a", "x")), ("ann", draft("a", "y"))], "twice"),
            (vec![("ann", standing)], "is a principal"),
            (vec![("ann", draft("genesis_x", "x"))], "begins with genesis"),
        ] {
            let error = prepare(spec(artifacts)).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.world");
        fs::write(beside(&path, "-wal"), "left").unwrap();
        let error = prepare(spec(Vec::new())).unwrap().write(&path, b"").unwrap_err();
        assert!(matches!(error, SessionError::Journal(JournalError::LeftOver { .. })), "{error}");
        fs::remove_file(beside(&path, "-wal")).unwrap();
        // Somebody is faster: what is there stays, and nothing is left behind.
        fs::write(&path, "mine").unwrap();
        let file = NewFile::beside(&path);
        fs::write(&file.path, "new").unwrap();
        assert!(matches!(file.publish(&path), Err(JournalError::AlreadyExists { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn groups_fit_records_and_lose_nothing() {
        let sizes = vec![1, TEXT_BYTES_PER_RECORD, 5, 5, 3 * TEXT_BYTES_PER_RECORD, 1];
        let grouped: Vec<Vec<usize>> = groups(sizes.clone(), |size| *size).collect();
        assert_eq!(grouped.concat(), sizes);
        assert_eq!(grouped.len(), 5, "{grouped:?}");
        let many: Vec<Vec<u8>> = groups(vec![0_u8; 3 * ITEMS_PER_RECORD + 1], |_| 0).collect();
        assert_eq!(many.len(), 4);
        assert_eq!(groups(Vec::<u8>::new(), |_| 0).count(), 0);
    }
}

//! A world with its journal: every step is recorded, and nothing counts as done before it is durable.

use std::sync::Arc;

use ecology_journal::{Committer, CommitterOptions, Frames, Journal, JournalError};
use ecology_shadow::Context;
use ecology_types::{Command, Genesis, Time};
use ecology_world::{Event, SnapshotError, Step, StepError, World};

use crate::occasion;
use crate::verdicts::{self, RunBegun};

/// Watches what happens, in order. Sees every event once: those of the past when a world is opened, those of the present as they happen.
pub trait Observer {
    /// An event has been applied to `world`.
    fn observe(&mut self, world: &World, event: &Event);

    /// What it has gathered so far, so that one that begins anew can go on from here without the events until now; kept beside each snapshot
    /// of the world. `None` for those who need every event.
    fn memory(&self) -> Option<Vec<u8>> {
        None
    }

    /// Goes on from what [`Observer::memory`] gave. Whether it can; if not, nothing has changed.
    fn recall(&mut self, _memory: &[u8]) -> bool {
        false
    }

    /// A run that has ended has dropped one of its parts. For those who count memory: what is in use has fallen by what the part held.
    fn let_go(&mut self, _part: &'static str) {}
}

/// Several observers as one.
#[derive(Default)]
pub struct Observers<'o> {
    each: Vec<&'o mut dyn Observer>,
}

impl<'o> Observers<'o> {
    /// Adds one.
    #[must_use]
    pub fn with(mut self, observer: &'o mut dyn Observer) -> Self {
        self.each.push(observer);
        self
    }
}

impl Observer for Observers<'_> {
    fn observe(&mut self, world: &World, event: &Event) {
        for observer in &mut self.each {
            observer.observe(world, event);
        }
    }

    fn let_go(&mut self, part: &'static str) {
        for observer in &mut self.each {
            observer.let_go(part);
        }
    }
}

/// What went wrong while a world was run.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The journal stopped: disk full, file removed, a failed sync. Everything acknowledged before is safe.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The program gave a command that contradicts the state.
    #[error("the runner gave a command that the world cannot take: {0}")]
    Step(#[from] StepError),
    /// The state could not be written down.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The positions name an implementation that is not built.
    #[error(transparent)]
    NotBuilt(#[from] crate::compose::NotBuilt),
}

/// Records kept back before they go to the journal together. A group is one batch: a crash keeps all of it or nothing.
const GROUP_RECORDS_MAX: usize = 512;

/// Founders in one record: each takes a few hundred bytes in command and effects together, twice its configuration besides, and a record has
/// at most 16 MiB.
const FOUNDERS_PER_RECORD_MAX: usize = 4_096;

/// The tag under which the memory of whoever observes a run is kept, beside the snapshot of the world at the same record.
pub(crate) const MEMORY_TAG: &[u8] = b"observers v1";

/// The contexts of all shadows of a world, each once.
fn contexts(world: &World) -> Vec<Arc<Context>> {
    let mut contexts: Vec<Arc<Context>> = Vec::new();
    for (_, comparison) in world.parts().comparisons() {
        let context = comparison.context();
        if !contexts.iter().any(|known| Arc::ptr_eq(known, context)) {
            contexts.push(Arc::clone(context));
        }
    }
    contexts
}

/// Owns a world and the journal that records it.
pub struct Host {
    world: World,
    committer: Option<Committer>,
    /// Records that have not gone to the journal yet.
    waiting: Frames,
    snapshot_every: u64,
    last_snapshot: u64,
    steps: u64,
    /// What shadows are told about what is being decided.
    contexts: Vec<Arc<Context>>,
    /// The run that goes on, with what its shadows will be reported with.
    run: Option<RunBegun>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("world", &self.world).field("steps", &self.steps).finish_non_exhaustive()
    }
}

impl Host {
    /// A host for a world whose records so far are all in `journal`.
    ///
    /// # Errors
    /// When the machine gives no thread for the journal.
    pub fn new(
        world: World,
        journal: Box<dyn Journal>,
        batch_records_max: usize,
        snapshot_every: u64,
    ) -> Result<Self, HostError> {
        let options =
            CommitterOptions { batch_frames_max: batch_records_max.max(1), ..CommitterOptions::default() };
        let last_snapshot = world.last_record();
        let committer = Some(Committer::start(journal, options)?);
        Ok(Self { committer, snapshot_every, last_snapshot, ..Self::unrecorded(world) })
    }

    /// A host that records nothing, for benchmarks and searches over many seeds.
    #[must_use]
    pub fn unrecorded(world: World) -> Self {
        let contexts = contexts(&world);
        Self {
            world,
            committer: None,
            waiting: Frames::default(),
            snapshot_every: 0,
            last_snapshot: 0,
            steps: 0,
            contexts,
            run: None,
        }
    }

    /// Makes the world of time zero. A large population comes in several records, because one record has a largest size; they are given back,
    /// not recorded, so that the caller can record all of them at once or none.
    ///
    /// # Errors
    /// [`HostError::Step`] when such a world cannot be.
    pub(crate) fn create(
        &mut self,
        mut genesis: Genesis,
        observer: &mut dyn Observer,
    ) -> Result<Vec<Vec<u8>>, HostError> {
        // The artifacts of time zero may name any founder, so all of their creators come first.
        let artifacts_need_all = !genesis.artifacts.is_empty();
        let later = if artifacts_need_all || genesis.founders.len() <= FOUNDERS_PER_RECORD_MAX {
            Vec::new()
        } else {
            genesis.founders.split_off(FOUNDERS_PER_RECORD_MAX)
        };
        let mut records = Vec::with_capacity(1 + later.len() / FOUNDERS_PER_RECORD_MAX);
        let mut commands = vec![Command::Create(Box::new(genesis))];
        let mut later = later.into_iter().peekable();
        while later.peek().is_some() {
            commands.push(Command::AddPrincipals(later.by_ref().take(FOUNDERS_PER_RECORD_MAX).collect()));
        }
        for command in &commands {
            records.push(self.first(command, observer)?);
        }
        Ok(records)
    }

    /// Takes one of the steps that make a world; its record is given back, not recorded.
    ///
    /// # Errors
    /// [`HostError::Step`] when such a world cannot be.
    pub(crate) fn first(
        &mut self,
        command: &Command,
        observer: &mut dyn Observer,
    ) -> Result<Vec<u8>, HostError> {
        let record = self.world.step(command, Time::ZERO)?.bytes;
        self.steps += 1;
        for event in self.world.last_events() {
            observer.observe(&self.world, event);
        }
        Ok(record)
    }

    /// Begins to record: first what led to the present state, as one group, then every step from now on.
    ///
    /// # Errors
    /// When the machine gives no thread for the journal, or the journal does not take the records.
    pub(crate) fn record_in(
        &mut self,
        journal: Box<dyn Journal>,
        batch_records_max: usize,
        snapshot_every: u64,
        records: Vec<Vec<u8>>,
    ) -> Result<(), HostError> {
        let options =
            CommitterOptions { batch_frames_max: batch_records_max.max(1), ..CommitterOptions::default() };
        let committer = Committer::start(journal, options)?;
        committer.submit_group(None, records)?;
        self.committer = Some(committer);
        self.snapshot_every = snapshot_every;
        self.last_snapshot = self.world.last_record();
        Ok(())
    }

    /// The world.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// Steps taken through this host.
    #[must_use]
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// Takes one step and shows its events to `observer`. The record is on its way to the journal; [`Host::sync`] waits for it.
    ///
    /// # Errors
    /// [`HostError`]; after one of the journal nothing more is taken.
    pub fn step(
        &mut self,
        command: &Command,
        now: Time,
        observer: &mut dyn Observer,
    ) -> Result<Step, HostError> {
        let record = self.world.last_record();
        // Which occasion it is nobody need know where no shadow listens.
        if !self.contexts.is_empty() {
            self.announce(occasion::of(command), record + 1);
        }
        let Self { world, committer, waiting, .. } = self;
        let stepped = if committer.is_some() {
            waiting.push_with(|into| world.step_into(command, now, into))
        } else {
            world.step_unrecorded(command, now)
        };
        self.announce(occasion::OUTSIDE, self.world.last_record());
        let step = stepped?;
        self.steps += 1;
        if let Command::StartRun { version, .. } = command {
            self.run = Some(RunBegun { version: version.to_string(), from_record: step.record });
        }
        for event in self.world.last_events() {
            observer.observe(&self.world, event);
        }
        if self.waiting.len() >= GROUP_RECORDS_MAX {
            self.send()?;
        }
        Ok(step)
    }

    /// Tells the shadows what is being decided.
    fn announce(&self, occasion: usize, record: u64) {
        for context in &self.contexts {
            context.enter(occasion, record);
        }
    }

    /// Hands the records kept back to the journal without waiting for it.
    ///
    /// # Errors
    /// The error that stopped the journal.
    pub fn send(&mut self) -> Result<(), HostError> {
        let Some(committer) = &self.committer else { return Ok(()) };
        if !self.waiting.is_empty() {
            let next = committer.spare();
            committer.submit_frames(None, std::mem::replace(&mut self.waiting, next))?;
        }
        Ok(())
    }

    /// Waits until every step so far is durable. Takes a snapshot when one is due.
    ///
    /// # Errors
    /// The error that stopped the journal.
    pub fn sync(&mut self) -> Result<(), HostError> {
        self.send()?;
        let Some(committer) = &self.committer else { return Ok(()) };
        committer.flush()?;
        Ok(())
    }

    /// The last snapshot is the one of this record: the next one is due so many records after it, not after the world was opened. However
    /// often a run is killed, no more than that has to be replayed.
    #[must_use]
    pub const fn with_snapshot_at(mut self, record: u64) -> Self {
        self.last_snapshot = record;
        self
    }

    /// Whether enough records have come since the last snapshot for another one.
    #[must_use]
    pub fn is_snapshot_due(&self) -> bool {
        self.snapshot_every > 0
            && self.world.last_record().saturating_sub(self.last_snapshot) >= self.snapshot_every
    }

    /// Takes a snapshot of the world now, with what `observer` remembers: a run can go on from it.
    ///
    /// # Errors
    /// When the state cannot be written down.
    pub fn snapshot_with(&mut self, observer: &dyn Observer) -> Result<(), HostError> {
        if let Some(memory) = observer.memory() {
            self.keep(MEMORY_TAG, &memory)?;
        }
        self.snapshot()
    }

    /// Takes a snapshot of the world now. It is written while the world goes on; when it cannot be, the next step or [`Host::sync`] says so.
    ///
    /// # Errors
    /// When the state cannot be written down.
    pub fn snapshot(&mut self) -> Result<(), HostError> {
        self.send()?;
        let Some(committer) = &self.committer else { return Ok(()) };
        let at = self.world.last_record();
        let tag = crate::store::snapshot_tag(self.world.axes());
        committer.handle().save_snapshot_later(at, tag, self.world.snapshot()?)?;
        self.last_snapshot = at;
        self.keep_verdicts()
    }

    /// Keeps what the shadows of this run have found so far, so that a crash loses no more of it than what came later.
    ///
    /// # Errors
    /// When the journal cannot write.
    pub fn keep_verdicts(&mut self) -> Result<(), HostError> {
        let Some(run) = self.run.as_ref().filter(|_| !self.contexts.is_empty()) else { return Ok(()) };
        let (tag, bytes) = verdicts::entry(&self.world, run);
        self.keep(&tag, &bytes)
    }

    /// Keeps bytes beside the journal under a tag, as of the present record. They are written while the world goes on.
    ///
    /// # Errors
    /// When the journal cannot write.
    pub fn keep(&mut self, tag: &[u8], bytes: &[u8]) -> Result<(), HostError> {
        self.send()?;
        let Some(committer) = &self.committer else { return Ok(()) };
        committer.handle().save_snapshot_later(self.world.last_record(), tag.to_vec(), bytes.to_vec())?;
        Ok(())
    }

    /// Drains and closes the journal and gives the world back.
    ///
    /// # Errors
    /// The error that stopped the journal.
    pub fn close(mut self) -> Result<World, HostError> {
        self.sync()?;
        if let Some(committer) = self.committer.take() {
            committer.shutdown()?.close()?;
        }
        Ok(self.world)
    }
}

//! The only place that turns positions into implementations.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use ecology_container_limits::{Capacity, ConfigLimits, ResourceLimits, ShadowLimits};
use ecology_contracts::{AccessControl, ContractAccess, PolicyAccess, ShadowAccess};
use ecology_features::config::{
    Comparison, Config, JournalBackend, MeteringSource, Sandbox, SandboxEngine, SandboxIsolation,
};
use ecology_journal::{Journal, JournalError, MemoryJournal, OpenMode, SqliteJournal};
use ecology_metering::ModelledMeter;
use ecology_minds::Builder;
use ecology_minds::scripted::{Delay, Tools};
use ecology_ontology::{Legacy, Ontology, ShadowOntology, Unified};
use ecology_rate_limiting::{RateLimiter, RollingLimiter, ShadowLimiter, TickLimiter};
use ecology_sandbox::{Engine, Language, LuauEngine, MixedEngine, WorkerEngine, WorkerOptions};
use ecology_shadow::{Budget, Options, Stopwatch};
use ecology_types::{Axis, AxisVector, Rules, Side, Span};
use ecology_world::{DistinctWords, Parts, Scorer};

use crate::bookkeeping::Source as MeterSource;
use crate::code::{Asker, HOST_FUNCTIONS};
use crate::crew::MakeMind;
use crate::occasion;

/// A position that names an implementation which this version does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{axis}={implementation} is not built in this version; write {axis} = \"{instead}\"")]
pub struct NotBuilt {
    /// The axis.
    pub axis: Axis,
    /// What was asked for.
    pub implementation: &'static str,
    /// What there is.
    pub instead: &'static str,
}

/// The parts of a world for the given positions. Shadows compare everything and time nothing.
///
/// # Errors
/// [`NotBuilt`] for an implementation that this version does not have. There is no fallback.
pub fn parts(axes: AxisVector) -> Result<Parts, NotBuilt> {
    parts_with(axes, &Options { context: Arc::new(occasion::context()), ..Options::default() })
}

/// How the configuration wants shadows to be compared, timed by the clock of the machine.
#[must_use]
pub fn comparison(config: &Comparison) -> Options {
    let origin = Instant::now();
    let stopwatch: Stopwatch =
        Arc::new(move || u64::try_from(origin.elapsed().as_nanos()).unwrap_or(u64::MAX));
    Options {
        one_in: config.one_in,
        timed_one_in: config.timed_one_in,
        stopwatch: (config.timed_one_in > 0).then_some(stopwatch),
        budget: Budget {
            latency_ratio_max: config.latency_ratio_max,
            answer_ns_max: config.answer_ms_max.saturating_mul(1_000_000),
            failures_max: config.failures_max,
        },
        unexplained_max: config.unexplained_kept_max as usize,
        context: Arc::new(occasion::context()),
    }
}

/// The parts of a world for the given positions, with a say in how shadows are compared.
///
/// # Errors
/// As [`parts`].
pub fn parts_with(axes: AxisVector, options: &Options) -> Result<Parts, NotBuilt> {
    // These belong to the run, not to the world; but a run that will not have them must not begin.
    resource_limits(axes, &Rules::default())?;
    let limiter = pair(axes, Axis::RateLimiting, limiter, |serving, candidate| {
        Box::new(ShadowLimiter::with(serving, candidate, options.clone()))
    });
    let ontology = pair(axes, Axis::ArtifactOntology, ontology, |serving, candidate| {
        Box::new(ShadowOntology::with(serving, candidate, options.clone()))
    });
    let access = pair(axes, Axis::AccessControl, access, |serving, candidate| {
        Box::new(ShadowAccess::with(serving, candidate, options.clone()))
    });
    Ok(Parts { limiter, ontology, access, axes })
}

/// The serving side alone, or both where the other one shadows it.
fn pair<T: ?Sized>(
    axes: AxisVector,
    axis: Axis,
    make: fn(Side) -> Box<T>,
    join: impl FnOnce(Box<T>, Box<T>) -> Box<T>,
) -> Box<T> {
    let side = axes.side(axis);
    if axes.shadowing(axis).is_some() { join(make(side), make(side.other())) } else { make(side) }
}

fn limiter(side: Side) -> Box<dyn RateLimiter> {
    // The rules of the world set the window before the first decision.
    let window = Span::from_secs(1);
    match side {
        Side::Old => Box::new(TickLimiter::new(window)),
        Side::New => Box::new(RollingLimiter::new(window)),
    }
}

/// Both limiters before anything happened, the serving one first.
#[must_use]
pub fn limiters(serving: Side) -> (Box<dyn RateLimiter>, Box<dyn RateLimiter>) {
    (limiter(serving), limiter(serving.other()))
}

/// Both schemas before anything happened, the serving one first.
#[must_use]
pub fn ontologies(serving: Side) -> (Box<dyn Ontology>, Box<dyn Ontology>) {
    (ontology(serving), ontology(serving.other()))
}

/// Both kinds of access control, the serving one first.
#[must_use]
pub fn accesses(serving: Side) -> (Box<dyn AccessControl>, Box<dyn AccessControl>) {
    (access(serving), access(serving.other()))
}

fn ontology(side: Side) -> Box<dyn Ontology> {
    match side {
        Side::Old => Box::new(Legacy::new()),
        Side::New => Box::new(Unified::new()),
    }
}

fn access(side: Side) -> Box<dyn AccessControl> {
    match side {
        Side::Old => Box::new(PolicyAccess),
        Side::New => Box::new(ContractAccess),
    }
}

/// What decides by policy fields, to compare the contracts that a migration makes of them.
pub(crate) const fn policies() -> impl AccessControl {
    PolicyAccess
}

/// What runs the contracts that a migration makes of policies, to compare them with these. They ask the world nothing.
#[must_use]
pub fn policy_engine() -> Box<dyn Engine> {
    Box::new(LuauEngine::new(&[]))
}

/// What turns a principal's shares into the limits of its process, within what the provider has.
///
/// # Errors
/// [`NotBuilt`] for an implementation that this version does not have.
pub fn resource_limits(axes: AxisVector, rules: &Rules) -> Result<Box<dyn ResourceLimits>, NotBuilt> {
    let axis = Axis::ResourceLimits;
    let capacity = Capacity { window: rules.window, shares: rules.capacity, pids: PIDS_MAX };
    let serving = process_limits(axes.side(axis), capacity)?;
    if axes.shadowing(axis).is_none() {
        return Ok(serving);
    }
    let candidate = process_limits(axes.side(axis).other(), capacity)?;
    Ok(Box::new(ShadowLimits::new(serving, candidate)))
}

fn process_limits(side: Side, capacity: Capacity) -> Result<Box<dyn ResourceLimits>, NotBuilt> {
    match side {
        Side::Old => Ok(Box::new(ConfigLimits::new(capacity))),
        Side::New => Err(NotBuilt {
            axis: Axis::ResourceLimits,
            implementation: Axis::ResourceLimits.implementation(Side::New),
            instead: Axis::ResourceLimits.implementation(Side::Old),
        }),
    }
}

/// Processes that all principals together may have.
const PIDS_MAX: u64 = 32_768;

/// The journal that the configuration names. A journal in memory has no file.
///
/// # Errors
/// [`JournalError`] says what is wrong with the file and what to do.
pub fn journal(config: &Config, path: &Path, mode: OpenMode) -> Result<Box<dyn Journal>, JournalError> {
    match config.journal.backend {
        JournalBackend::Sqlite => Ok(Box::new(SqliteJournal::open(path, mode)?)),
        JournalBackend::Memory => Ok(Box::new(MemoryJournal::new())),
    }
}

/// What measures actions.
#[must_use]
pub fn meter_source(source: MeteringSource) -> MeterSource {
    match source {
        MeteringSource::Machine => MeterSource::Apportioned,
        MeteringSource::Modelled => MeterSource::Exact(Box::new(ModelledMeter::new(1_000, 1))),
    }
}

/// What makes minds. In real time a mind that takes its time sleeps; on a virtual clock it says how long it would have taken.
#[must_use]
pub fn minds(takes_real_time: bool) -> MakeMind {
    let sleep: Arc<dyn Delay> = Arc::new(|span: Span| std::thread::sleep(span.to_std()));
    let tools = Tools { delay: takes_real_time.then_some(sleep) };
    let builder = Builder::new(tools);
    Box::new(move |config, seed| builder.build(config, seed).map_err(|error| error.to_string()))
}

/// Worker processes for code that agents write cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "sandbox.isolation = \"process\" cannot be had here: {why}; to do without the walls of the kernel write sandbox.isolation = \"in_process\""
)]
pub struct NoIsolation {
    /// What is missing, in words.
    pub why: String,
}

/// Walls without which a worker process is not isolated. Where these stand, the others (landlock, further limits) only back them.
/// Kernels other than Linux have fewer to offer.
const WALLS: &[&str] = if cfg!(target_os = "linux") {
    &["environment", "descriptors", "no_new_privileges", "rlimit_nofile", "seccomp"]
} else {
    &["environment", "descriptors", "rlimit_nofile"]
};

/// The engine that the configuration names is not part of this build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "sandbox.engine = \"luau_and_wasm\" is not part of this build; build it with `--features wasm`, or write sandbox.engine = \"luau\""
)]
pub struct NotInThisBuild;

/// Why code that agents write cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSandbox {
    /// Not where the configuration wants it to run.
    #[error(transparent)]
    Isolation(#[from] NoIsolation),
    /// Not by the engine that it names.
    #[error(transparent)]
    Engine(#[from] NotInThisBuild),
}

/// What asks the code of contracts and runs tools, where the configuration wants it to run.
///
/// # Errors
/// [`NoSandbox`] when this build lacks the engine, or worker processes are asked for and cannot be started, or stand without their walls. There
/// is no fallback.
pub fn asker(config: &Sandbox) -> Result<Asker, NoSandbox> {
    let threads = match NonZeroUsize::new(config.workers as usize) {
        Some(workers) => workers,
        None => std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
    };
    let engine = match config.engine {
        SandboxEngine::Luau => luau(config.isolation, threads)?,
        SandboxEngine::LuauAndWasm => {
            let wasm = wasm(config.isolation, threads)?;
            Arc::new(MixedEngine::new(luau(config.isolation, threads)?, wasm))
        }
    };
    Ok(Asker::new(engine, threads, config.check_wall_ms_max))
}

fn luau(isolation: SandboxIsolation, threads: NonZeroUsize) -> Result<Arc<dyn Engine>, NoIsolation> {
    Ok(match isolation {
        SandboxIsolation::InProcess => Arc::new(LuauEngine::new(HOST_FUNCTIONS)),
        SandboxIsolation::Process => Arc::new(workers(threads, Language::Luau)?),
    })
}

#[cfg(feature = "wasm")]
fn wasm(isolation: SandboxIsolation, threads: NonZeroUsize) -> Result<Arc<dyn Engine>, NoSandbox> {
    Ok(match isolation {
        SandboxIsolation::InProcess => Arc::new(
            ecology_sandbox::WasmEngine::new(HOST_FUNCTIONS)
                .map_err(|fault| NoIsolation { why: fault.to_string() })?,
        ),
        SandboxIsolation::Process => Arc::new(workers(threads, Language::Wasm)?),
    })
}

#[cfg(not(feature = "wasm"))]
const fn wasm(_: SandboxIsolation, _: NonZeroUsize) -> Result<Arc<dyn Engine>, NoSandbox> {
    Err(NoSandbox::Engine(NotInThisBuild))
}

fn workers(count: NonZeroUsize, language: Language) -> Result<WorkerEngine, NoIsolation> {
    let options = WorkerOptions::own_binary(HOST_FUNCTIONS)
        .map_err(|error| NoIsolation { why: format!("the path of this program is unknown ({error})") })?;
    let options = WorkerOptions { workers: count.get(), language, ..options };
    let engine = WorkerEngine::start(options).map_err(|fault| NoIsolation { why: fault.to_string() })?;
    let isolation = engine.isolation();
    if WALLS.iter().all(|wall| isolation.has(wall)) {
        Ok(engine)
    } else {
        Err(NoIsolation { why: format!("the walls around a worker are {isolation}") })
    }
}

/// What scores the artifacts that win at the mint.
#[must_use]
pub fn scorer() -> Box<dyn Scorer> {
    Box::new(DistinctWords)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_cannot_be_its_own_worker_is_told_what_to_write() {
        // The binary of these tests knows nothing of workers.
        let problem = asker(&Sandbox::default()).unwrap_err().to_string();
        assert!(problem.starts_with("sandbox.isolation = \"process\" cannot be had here: "), "{problem}");
        assert!(problem.ends_with("write sandbox.isolation = \"in_process\""), "{problem}");
        let config = Sandbox { isolation: SandboxIsolation::InProcess, ..Sandbox::default() };
        assert_eq!(asker(&config).unwrap().engine().name(), "luau");
    }

    #[test]
    fn an_engine_that_is_not_built_is_refused_with_what_to_write() {
        let config = Sandbox {
            engine: SandboxEngine::LuauAndWasm,
            isolation: SandboxIsolation::InProcess,
            ..Sandbox::default()
        };
        let built = asker(&config).map(|asker| asker.engine().name()).map_err(|error| error.to_string());
        if cfg!(feature = "wasm") {
            assert_eq!(built, Ok("luau_and_wasm"));
        } else {
            let problem = built.unwrap_err();
            assert!(problem.ends_with("or write sandbox.engine = \"luau\""), "{problem}");
        }
    }
}

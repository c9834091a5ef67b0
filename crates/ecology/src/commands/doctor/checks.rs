//! The single looks at the machine.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ecology_features::ENVIRONMENT_PREFIX;
use ecology_features::file::DEFAULT_PATH;
use ecology_metering::CountingAllocator;
use ecology_metering::cgroup::{Reader, Version};

use super::Finding;
use crate::terminal::{Terminal, no_color, terminal_columns};
use crate::text::{bytes, micros};

/// Everything, in the order of the report.
pub(super) fn all(terminal: &Terminal) -> Vec<Finding> {
    let mut findings = vec![
        Finding::ok(
            "program",
            format!(
                "ecology {} for {} on {}",
                env!("CARGO_PKG_VERSION"),
                std::env::consts::ARCH,
                std::env::consts::OS
            ),
        ),
        Finding::ok("SQLite", format!("{}, built in", rusqlite::version())),
        cores(),
    ];
    findings.extend(folder());
    findings.extend([clock(), cpu_clock(), memory(), cgroups(), docker(), configuration()]);
    findings.push(screen(terminal));
    findings
}

fn cores() -> Finding {
    match std::thread::available_parallelism() {
        Ok(cores) => Finding::ok("cores", cores.to_string()),
        Err(error) => Finding::warn("cores", error.to_string(), "runs use one thread for thinking"),
    }
}

/// Whether worlds can be kept in the current folder, and how long a sync takes there.
fn folder() -> Vec<Finding> {
    let name = PathBuf::from(format!(".ecology-doctor-{}", std::process::id()));
    let tried = time_syncs(&name);
    // It may not be there; and a folder that cannot be written is told of below.
    let _ = std::fs::remove_file(&name);
    let sync = match tried {
        Ok(median) if median < Duration::from_micros(20) => Finding::warn(
            "sync",
            format!("a sync here takes {}, faster than any disk", micros_of(median)),
            "keep worlds on a disk: what a file system in memory acknowledges is gone after a power failure",
        ),
        Ok(median) if median > Duration::from_millis(50) => Finding::warn(
            "sync",
            format!("a sync here takes {}", micros_of(median)),
            "runs wait for the disk; keep worlds on a faster one",
        ),
        Ok(median) => Finding::ok("sync", format!("a sync in this folder takes {}", micros_of(median))),
        Err(error) => Finding::warn(
            "sync",
            format!("this folder cannot be written and synced ({error})"),
            "name a world in another folder with --world",
        ),
    };
    let room = match rustix::fs::statvfs(".") {
        Ok(stat) => {
            let free = stat.f_bavail.saturating_mul(stat.f_frsize);
            if free < 1 << 30 {
                Finding::warn(
                    "room",
                    format!("{} free here", bytes(free)),
                    "a long run writes gigabytes; free some space",
                )
            } else {
                Finding::ok("room", format!("{} free in this folder", bytes(free)))
            }
        }
        Err(error) => Finding::warn("room", error.to_string(), "look at the free space yourself"),
    };
    vec![sync, room]
}

fn time_syncs(name: &Path) -> std::io::Result<Duration> {
    const SYNCS: usize = 9;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(name)?;
    let mut took = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        file.write_all(&[0; 4096])?;
        let began = Instant::now();
        file.sync_data()?;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    Ok(took[SYNCS / 2])
}

fn micros_of(span: Duration) -> String {
    micros(u64::try_from(span.as_micros()).unwrap_or(u64::MAX))
}

/// The smallest step of the clock that a run in real time uses.
fn clock() -> Finding {
    let mut step = Duration::MAX;
    for _ in 0..1_000 {
        let began = Instant::now();
        let mut now = Instant::now();
        while now == began {
            now = Instant::now();
        }
        step = step.min(now - began);
    }
    let found = format!("steps of {} ns", step.as_nanos());
    if step > Duration::from_micros(10) {
        Finding::warn(
            "clock",
            found,
            "continuous runs on the real clock are coarse here; use run.clock=\"virtual\"",
        )
    } else {
        Finding::ok("clock", found)
    }
}

fn cpu_clock() -> Finding {
    let before = ecology_metering::thread_cpu_ns();
    let mut sum = 0_u64;
    while ecology_metering::thread_cpu_ns() == before && sum < 50_000_000 {
        sum = std::hint::black_box(sum + 1);
    }
    if ecology_metering::thread_cpu_ns() > before {
        Finding::ok("CPU time", "the kernel measures it per thread")
    } else {
        Finding::warn(
            "CPU time",
            "the kernel does not measure it per thread",
            "use --set metering.source=modelled",
        )
    }
}

fn memory() -> Finding {
    if CountingAllocator::<std::alloc::System>::is_installed() {
        Finding::ok("memory", "peaks are counted per thread")
    } else {
        Finding::warn("memory", "peaks are not counted", "use the binary as it is released")
    }
}

fn cgroups() -> Finding {
    const CHECK: &str = "cgroups";
    let remedy = "nothing in this release needs them; limits of containers will";
    let mut reader = match Reader::of_self() {
        Ok(reader) => reader,
        Err(error) => return Finding::warn(CHECK, error.to_string(), remedy),
    };
    let Some((version, _)) = reader.layout().cpu.as_ref().or(reader.layout().memory.as_ref()) else {
        return Finding::warn(CHECK, "none found", remedy);
    };
    let version = match version {
        Version::V1 => 1,
        Version::V2 => 2,
    };
    match reader.read() {
        Ok(reading) => {
            let of = |known: Option<u64>| if known.is_some() { "readable" } else { "not readable" };
            let (cpu, memory) = (of(reading.cpu_ns), of(reading.memory_bytes));
            Finding::ok(CHECK, format!("version {version}: CPU time {cpu}, memory {memory}"))
        }
        Err(error) => Finding::warn(CHECK, error.to_string(), remedy),
    }
}

fn docker() -> Finding {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let client = std::env::split_paths(&path).map(|folder| folder.join("docker")).find(|path| path.is_file());
    match client {
        Some(path) => {
            Finding::ok("docker", format!("client at {}; nothing in this release uses it", path.display()))
        }
        None => Finding::ok("docker", "no client; nothing in this release needs one"),
    }
}

fn configuration() -> Finding {
    let file = Path::new(DEFAULT_PATH);
    let mut variables: Vec<String> = crate::cli::environment()
        .map(|(name, _)| name)
        .filter(|name| name.starts_with(ENVIRONMENT_PREFIX))
        .collect();
    variables.sort();
    let mut found = if file.exists() { format!("{DEFAULT_PATH} is used") } else { "defaults".to_owned() };
    if !variables.is_empty() {
        found += &format!(", and {}", variables.join(", "));
    }
    match crate::cli::ConfigArgs::default().load() {
        Ok(_) => Finding::ok("configuration", found),
        Err(failure) => {
            let first = failure.problems.first().map_or_else(String::new, |problem| problem.message.clone());
            Finding::warn(
                "configuration",
                format!("{found}: {first}"),
                "`ecology config check` shows everything",
            )
        }
    }
}

fn screen(terminal: &Terminal) -> Finding {
    let mut found = if std::io::stdout().is_terminal() {
        format!("{} columns", terminal_columns().unwrap_or(80))
    } else {
        "stdout is no terminal".to_owned()
    };
    found += if terminal.talk_is_live { ", progress is redrawn" } else { ", progress comes in lines" };
    found += match (terminal.out.is_on(), no_color()) {
        (true, _) => ", colours",
        (false, true) => ", no colours (NO_COLOR)",
        (false, false) => ", no colours",
    };
    Finding::ok("terminal", found)
}

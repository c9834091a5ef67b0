//! Memory of another process, from `/proc/PID/status`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Memory of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessMemory {
    /// In physical memory now (`VmRSS`), in bytes.
    pub resident_bytes: u64,
    /// The most that ever was (`VmHWM`), in bytes. Begins anew with `exec`, unlike `ru_maxrss`, which a child takes over from its parent.
    pub peak_bytes: u64,
}

/// Why the memory of a process cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// There is no such process, or it cannot be looked at.
    #[error("cannot read {path}: {source}; the process has ended or belongs to somebody else")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It has ended and was not waited for, or it is a thread of the kernel: it has no memory of its own.
    #[error("{path} names no memory; read it before the process ends")]
    NoMemory {
        /// The file.
        path: PathBuf,
    },
}

/// Reads the memory of the process with this id. Read it shortly before the process ends: nothing is left afterwards.
///
/// # Errors
/// [`ProcessError`] when the process is gone or has no memory.
pub fn memory(pid: u32) -> Result<ProcessMemory, ProcessError> {
    read(Path::new("/proc").join(pid.to_string()).join("status"))
}

/// The same for the calling process.
///
/// # Errors
/// [`ProcessError`] where there is no `/proc`.
pub fn own_memory() -> Result<ProcessMemory, ProcessError> {
    read(PathBuf::from("/proc/self/status"))
}

fn read(path: PathBuf) -> Result<ProcessMemory, ProcessError> {
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(source) => return Err(ProcessError::Read { path, source }),
    };
    parse(&text).ok_or(ProcessError::NoMemory { path })
}

fn parse(status: &str) -> Option<ProcessMemory> {
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        kib.checked_mul(1024)
    };
    Some(ProcessMemory { resident_bytes: field("VmRSS")?, peak_bytes: field("VmHWM")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_is_read() {
        let status = "Name:\tsh\nVmPeak:\t   4500 kB\nVmHWM:\t    1700 kB\nVmRSS:\t     900 kB\n";
        let memory = parse(status).expect("both are there");
        assert_eq!(memory, ProcessMemory { resident_bytes: 900 * 1024, peak_bytes: 1700 * 1024 });
        assert_eq!(parse("Name:\tsh\nState:\tZ (zombie)\n"), None);
        assert_eq!(parse("VmHWM:\t18446744073709551615 kB\nVmRSS:\t1 kB\n"), None);
    }
}

//! Reading the files of a control group.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::{Layout, Version, parse};

/// The longest file that is read, in bytes; a group over thousands of devices stays below.
const FILE_BYTES_MAX: usize = 256 * 1024;

/// A text up to this long leaves room for a further line in the smallest buffer, in bytes.
const SHORT_BYTES_MAX: usize = 2048;

/// What a control group used since it was made. A value is `None` where the kernel does not tell: an older kernel has no peak in v2, the root
/// group of v2 has no memory files, a controller may not be enabled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CgroupReading {
    /// CPU time, in nanoseconds.
    pub cpu_ns: Option<u64>,
    /// Memory in use, page cache included, in bytes.
    pub memory_bytes: Option<u64>,
    /// The most memory ever in use, in bytes.
    pub memory_peak_bytes: Option<u64>,
    /// Bytes read from devices.
    pub read_bytes: Option<u64>,
    /// Bytes written to devices.
    pub written_bytes: Option<u64>,
}

/// Why a control group cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CgroupError {
    /// A file cannot be opened or read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file does not look as it should.
    #[error("{path} has an unknown format: {text:?}")]
    Format {
        /// The file.
        path: PathBuf,
        /// How it begins.
        text: String,
    },
    /// None of the files is there.
    #[error(
        "no control group was found; on Linux mount cgroup v2 at /sys/fs/cgroup, or use thread clocks alone"
    )]
    NotFound,
}

/// Reads the usage of one control group through files that stay open.
#[derive(Debug)]
pub struct Reader {
    layout: Layout,
    cpu: Option<Source>,
    memory: Option<Source>,
    memory_peak: Option<Source>,
    io: Option<Source>,
    buffer: Vec<u8>,
}

#[derive(Debug)]
struct Source {
    file: File,
    path: PathBuf,
    version: Version,
}

impl Reader {
    /// Opens the files of the control group that the calling process is in.
    ///
    /// # Errors
    /// [`CgroupError`] when there is none or its files cannot be opened.
    pub fn of_self() -> Result<Self, CgroupError> {
        Self::of_proc(Path::new("/proc/self"))
    }

    /// Opens the files of the control group that the process with this id is in.
    ///
    /// # Errors
    /// [`CgroupError`] when there is none or its files cannot be opened.
    pub fn of_process(pid: u32) -> Result<Self, CgroupError> {
        Self::of_proc(&Path::new("/proc").join(pid.to_string()))
    }

    fn of_proc(folder: &Path) -> Result<Self, CgroupError> {
        let text = |path: PathBuf| match fs::read_to_string(&path) {
            Ok(text) => Ok(text),
            Err(source) => Err(CgroupError::Read { path, source }),
        };
        // Mounts are those that this process sees: it is the one that opens the files.
        let mounts = text(PathBuf::from("/proc/self/mountinfo"))?;
        Self::open(Layout::detect(&text(folder.join("cgroup"))?, &mounts))
    }

    /// Opens the files in the folders of `layout`. Those that are not there are left out.
    ///
    /// # Errors
    /// [`CgroupError::NotFound`] when not one is there, [`CgroupError::Read`] when one is there and cannot be opened.
    pub fn open(layout: Layout) -> Result<Self, CgroupError> {
        let open = |at: &Option<(Version, PathBuf)>, v1: &[&str], v2: &[&str]| {
            let Some((version, folder)) = at else { return Ok(None) };
            let names = match version {
                Version::V1 => v1,
                Version::V2 => v2,
            };
            for name in names {
                let path = folder.join(name);
                match File::open(&path) {
                    Ok(file) => return Ok(Some(Source { file, path, version: *version })),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(source) => return Err(CgroupError::Read { path, source }),
                }
            }
            Ok(None)
        };
        let cpu = open(&layout.cpu, &["cpuacct.usage"], &["cpu.stat"])?;
        let memory = open(&layout.memory, &["memory.usage_in_bytes"], &["memory.current"])?;
        let memory_peak = open(&layout.memory, &["memory.max_usage_in_bytes"], &["memory.peak"])?;
        // The recursive file counts the groups below as well, as everything in v2 does; where it is missing, the plain one is better than none.
        let io = open(
            &layout.io,
            &["blkio.throttle.io_service_bytes_recursive", "blkio.throttle.io_service_bytes"],
            &["io.stat"],
        )?;
        if cpu.is_none() && memory.is_none() && memory_peak.is_none() && io.is_none() {
            return Err(CgroupError::NotFound);
        }
        Ok(Self { layout, cpu, memory, memory_peak, io, buffer: vec![0; 4096] })
    }

    /// The folders that are read.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// CPU time since the group was made, in nanoseconds; `None` where the kernel does not tell.
    ///
    /// # Errors
    /// [`CgroupError`] when the file has gone, as it does with its group, or has an unknown format.
    pub fn cpu_ns(&mut self) -> Result<Option<u64>, CgroupError> {
        Source::read(&self.cpu, &mut self.buffer, |version, text| match version {
            Version::V1 => parse::number(text),
            Version::V2 => parse::cpu_stat_ns(text),
        })
    }

    /// Everything at once. Not a snapshot: the files are read one after the other.
    ///
    /// # Errors
    /// [`CgroupError`] when a file has gone, as it does with its group, or has an unknown format.
    pub fn read(&mut self) -> Result<CgroupReading, CgroupError> {
        let cpu_ns = self.cpu_ns()?;
        let memory_bytes = Source::read(&self.memory, &mut self.buffer, |_, text| parse::number(text))?;
        let memory_peak_bytes =
            Source::read(&self.memory_peak, &mut self.buffer, |_, text| parse::number(text))?;
        let io = Source::read(&self.io, &mut self.buffer, |version, text| match version {
            Version::V1 => parse::blkio_bytes(text),
            Version::V2 => parse::io_stat_bytes(text),
        })?;
        let (read_bytes, written_bytes) = io.unzip();
        Ok(CgroupReading { cpu_ns, memory_bytes, memory_peak_bytes, read_bytes, written_bytes })
    }
}

impl Source {
    fn read<T>(
        source: &Option<Self>,
        buffer: &mut Vec<u8>,
        parse: impl FnOnce(Version, &str) -> Option<T>,
    ) -> Result<Option<T>, CgroupError> {
        let Some(source) = source else { return Ok(None) };
        let failed = |error| CgroupError::Read { path: source.path.clone(), source: error };
        // Read from the beginning every time: the kernel makes the text anew for a reading at offset 0.
        let mut length = 0;
        loop {
            match source.file.read_at(&mut buffer[length..], u64::try_from(length).unwrap_or(u64::MAX)) {
                Ok(0) => break,
                Ok(bytes) => length += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(error)),
            }
            // The kernel hands out whole lines and as many as fit. A text far shorter than the buffer is therefore complete, and asking once more
            // for its end would double the cost of a reading.
            if length <= SHORT_BYTES_MAX && buffer[..length].ends_with(b"\n") {
                break;
            }
            if length == buffer.len() {
                if length >= FILE_BYTES_MAX {
                    break;
                }
                buffer.resize(length * 2, 0);
            }
        }
        let text = String::from_utf8_lossy(&buffer[..length]);
        match parse(source.version, &text) {
            Some(value) => Ok(Some(value)),
            None => {
                let text = text.chars().take(80).collect();
                Err(CgroupError::Format { path: source.path.clone(), text })
            }
        }
    }
}

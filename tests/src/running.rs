//! A call of the binary that has not ended.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::Done;

/// No call takes longer than this, also on a busy machine; one that does hangs.
const LONGEST: Duration = Duration::from_secs(180);

/// A process that is ended when the test is.
#[derive(Debug)]
pub struct Running {
    child: Child,
    called: String,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Running {
    /// Starts `command` with both streams in files of `folder`: a full pipe can then never hold it up.
    pub(crate) fn start(mut command: Command, called: String, folder: &std::path::Path) -> Self {
        let unused = |name: &str| {
            let free = (0_u32..).map(|n| folder.join(format!("{name}-{n}"))).find(|path| !path.exists());
            free.expect("some number is free")
        };
        let (stdout, stderr) = (unused("stdout"), unused("stderr"));
        command
            .stdin(Stdio::null())
            .stdout(File::create(&stdout).expect("the scratch folder can be written"))
            .stderr(File::create(&stderr).expect("the scratch folder can be written"));
        let child = command.spawn().unwrap_or_else(|error| panic!("{called}: {error}"));
        Self { child, called, stdout, stderr }
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        // One that ended in the meantime needs no signal; the test sees how it ended.
        let _ = kill_process(id.expect("a process id is a positive number"), signal);
    }

    /// What it has said on stderr so far.
    #[must_use]
    pub fn talk(&self) -> String {
        fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    /// Whether it runs still.
    ///
    /// # Panics
    /// When the system does not know it.
    pub fn is_running(&mut self) -> bool {
        self.status().is_none()
    }

    fn status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the system knows its child")
    }

    /// Waits until it ends.
    ///
    /// # Panics
    /// When it does not end in three minutes.
    #[must_use]
    pub fn wait(mut self) -> Done {
        let deadline = Instant::now() + LONGEST;
        let status = loop {
            if let Some(status) = self.status() {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not end: {}\n{}", self.called, self.talk());
            std::thread::sleep(Duration::from_millis(2));
        };
        let read = |path| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
        Done { called: self.called.clone(), status, stdout: read(&self.stdout), stderr: read(&self.stderr) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

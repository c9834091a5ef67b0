//! The binary under test, built by the cargo that runs the test.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Where the binary `ecology` of this workspace is, in the profile of the running test. It is built when it is first asked for.
///
/// A test of one package cannot name the binary of another one through cargo, and a binary that happens to lie in the target folder may be
/// an old one: so cargo is asked, once per process, and under nextest, where each test is a process, once per run.
///
/// # Panics
/// When it cannot be built; the message is what cargo says.
#[must_use]
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(build)
}

fn build() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a file");
    // TARGET/PROFILE/deps/main-HASH
    let profile_folder = test.ancestors().nth(2).expect("cargo puts tests two folders deep").to_owned();
    let target = profile_folder.parent().expect("a profile has a target folder").to_owned();
    let binary = profile_folder.join(format!("ecology{}", std::env::consts::EXE_SUFFIX));
    let stamp = profile_folder.join(".ecology-tests-run");
    let run = std::env::var("NEXTEST_RUN_ID").ok();
    let _turn = wait_for_turn(&profile_folder.join(".ecology-tests-lock"));
    let is_built = run.is_some() && fs::read_to_string(&stamp).ok() == run && binary.is_file();
    if !is_built {
        call_cargo(&profile_folder, &target);
        if let Some(run) = run {
            fs::write(&stamp, run).expect("the target folder can be written");
        }
    }
    assert!(binary.is_file(), "cargo built ecology, and {} is not there", binary.display());
    binary
}

fn call_cargo(profile_folder: &Path, target: &Path) {
    let profile = match profile_folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(other) => other,
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package lies in the workspace");
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).args(["build", "--quiet", "--package", "ecology", "--bin", "ecology"]);
    command.args(["--profile", profile, "--target-dir"]).arg(target);
    // What cargo tells a test about its package is not meant for another build.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_")
            || text.starts_with("CARGO_BIN_EXE_")
            || text == "CARGO_MANIFEST_DIR"
        {
            command.env_remove(&name);
        }
    }
    let output = command.output().expect("cargo can be started");
    assert!(output.status.success(), "ecology cannot be built:\n{}", String::from_utf8_lossy(&output.stderr));
}

/// Holds the lock until it is dropped, so that only one of several test processes builds.
fn wait_for_turn(path: &Path) -> File {
    let file = File::create(path).expect("the target folder can be written");
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => file.lock().expect("a lock that is held is given back"),
        Err(TryLockError::Error(error)) => panic!("{} cannot be locked: {error}", path.display()),
    }
    file
}

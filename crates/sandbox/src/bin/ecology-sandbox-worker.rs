//! A worker process and nothing else: for the tests of this crate, and for programs that cannot be their own worker.

fn main() -> std::process::ExitCode {
    #[cfg(unix)]
    return ecology_sandbox::worker_main();
    #[cfg(not(unix))]
    return std::process::ExitCode::from(2);
}

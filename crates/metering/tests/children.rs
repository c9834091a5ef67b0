//! The peak of a child process is its own.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use ecology_metering::process::{self, ProcessError};

const MIB: u64 = 1 << 20;

/// What the child does: it fills memory, says so and waits. Without the variable, in an ordinary run of the tests, it does nothing.
#[test]
fn child_that_fills_memory() {
    let Ok(mib) = std::env::var("METERING_CHILD_MIB") else { return };
    let bytes = mib.parse::<usize>().expect("a number") << 20;
    drop(std::hint::black_box(vec![1_u8; bytes]));
    println!("filled");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("the parent writes");
}

/// `ru_maxrss` would show the parent's 96 MiB for both children.
#[test]
fn a_child_has_its_own_peak() {
    let parents = std::hint::black_box(vec![1_u8; 96 << 20]);
    let peaks = [8_u64, 48].map(|mib| {
        let mut child = Command::new(std::env::current_exe().expect("this binary has a path"))
            .args(["--exact", "children::child_that_fills_memory", "--nocapture"])
            .env("METERING_CHILD_MIB", mib.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        assert!(lines.any(|line| line.is_ok_and(|line| line.ends_with("filled"))));
        let memory = process::memory(child.id()).expect("it is alive");
        writeln!(child.stdin.take().expect("piped"), "end").expect("it reads");
        assert!(lines.all(|line| line.is_ok()) && child.wait().expect("it ends").success());
        assert!(memory.resident_bytes <= memory.peak_bytes);
        memory.peak_bytes
    });
    drop(parents);
    assert!(peaks[0] >= 8 * MIB && peaks[0] < 40 * MIB, "{peaks:?}");
    assert!(peaks[1] >= 48 * MIB && peaks[1] < 90 * MIB, "{peaks:?}");
}

#[test]
fn a_process_that_is_gone_is_an_error() {
    let own = process::own_memory().expect("this process lives");
    assert!(own.peak_bytes >= MIB);
    let mut child = Command::new("true").spawn().expect("it starts");
    let pid = child.id();
    child.wait().expect("it ends");
    assert!(matches!(process::memory(pid), Err(ProcessError::Read { .. })));
}

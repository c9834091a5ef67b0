//! Control groups, in folders that look like them and on the machine itself.

use std::fs;
use std::path::{Path, PathBuf};

use ecology_metering::cgroup::{CgroupError, CgroupReading, Layout, Reader};
use ecology_metering::thread_cpu_ns;
use tempfile::TempDir;

fn folder(root: &Path, name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = root.join(name);
    fs::create_dir_all(&folder).expect("a temporary folder can be written");
    for (file, text) in files {
        fs::write(folder.join(file), text).expect("a temporary folder can be written");
    }
    folder
}

fn temporary() -> TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

const FULL: CgroupReading = CgroupReading {
    cpu_ns: Some(5_000_000),
    memory_bytes: Some(4096),
    memory_peak_bytes: Some(8192),
    read_bytes: Some(100),
    written_bytes: Some(200),
};

#[test]
fn v2_is_read_and_read_again() {
    let root = temporary();
    let group = folder(
        root.path(),
        "group",
        &[
            ("cpu.stat", "usage_usec 5000\nuser_usec 3000\nsystem_usec 2000\nnr_periods 0\n"),
            ("memory.current", "4096\n"),
            ("memory.peak", "8192\n"),
            ("io.stat", "8:0 rbytes=60 wbytes=200 rios=1 wios=1\n8:16 rbytes=40 wbytes=0 rios=1 wios=0\n"),
        ],
    );
    let mut reader = Reader::open(Layout::v2(&group)).expect("the files are there");
    assert_eq!(reader.read().expect("they can be read"), FULL);
    fs::write(group.join("memory.current"), "123456789\n").expect("a temporary folder can be written");
    let again = reader.read().expect("they can be read");
    assert_eq!(again, CgroupReading { memory_bytes: Some(123_456_789), ..FULL }, "files stay open and fresh");
}

#[test]
fn v1_is_read_from_three_folders() {
    let root = temporary();
    let cpu = folder(root.path(), "cpu,cpuacct/a", &[("cpuacct.usage", "5000000\n")]);
    let memory = folder(
        root.path(),
        "memory/a",
        &[("memory.usage_in_bytes", "4096\n"), ("memory.max_usage_in_bytes", "8192\n")],
    );
    let blkio = folder(
        root.path(),
        "blkio/a",
        &[("blkio.throttle.io_service_bytes", "8:0 Read 100\n8:0 Write 200\n8:0 Total 300\nTotal 300\n")],
    );
    let mut reader = Reader::open(Layout::v1(cpu, memory, blkio)).expect("the files are there");
    assert_eq!(reader.read().expect("they can be read"), FULL);
    assert_eq!(reader.cpu_ns().expect("it can be read"), Some(5_000_000));
}

#[test]
fn what_the_kernel_does_not_tell_is_none() {
    let root = temporary();
    let group = folder(root.path(), "root", &[("cpu.stat", "usage_usec 5000\n")]);
    let mut reader = Reader::open(Layout::v2(&group)).expect("one file is there");
    let expected = CgroupReading { cpu_ns: Some(5_000_000), ..CgroupReading::default() };
    assert_eq!(reader.read().expect("it can be read"), expected);
    let nothing = Reader::open(Layout::v2(root.path().join("absent")));
    assert!(matches!(nothing, Err(CgroupError::NotFound)));
    assert!(matches!(Reader::open(Layout::default()), Err(CgroupError::NotFound)));
}

#[test]
fn a_format_that_is_not_known_is_an_error_and_not_zero() {
    let root = temporary();
    let group =
        folder(root.path(), "group", &[("cpu.stat", "something else\n"), ("memory.current", "max\n")]);
    let mut reader = Reader::open(Layout::v2(&group)).expect("the files are there");
    match reader.read() {
        Err(CgroupError::Format { path, text }) => {
            assert!(path.ends_with("cpu.stat"));
            assert_eq!(text, "something else\n");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn many_devices_are_read_to_the_last() {
    let root = temporary();
    let lines: String = (0..2_000)
        .map(|minor| format!("8:{minor} rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n"))
        .collect();
    let group = folder(root.path(), "group", &[("io.stat", &lines)]);
    let mut reader = Reader::open(Layout::v2(&group)).expect("the file is there");
    let reading = reader.read().expect("it can be read");
    assert_eq!((reading.read_bytes, reading.written_bytes), (Some(2_000), Some(4_000)));
}

/// Reads the group of this process, where the machine has one.
#[test]
fn the_live_machine_counts_this_process() {
    let mut reader = match Reader::of_self() {
        Ok(reader) => reader,
        Err(CgroupError::NotFound | CgroupError::Read { .. }) => {
            println!("no control group is visible here; nothing to read");
            return;
        }
        Err(error @ CgroupError::Format { .. }) => panic!("{error}"),
    };
    let before = reader.read().expect("the group is alive");
    let own = thread_cpu_ns();
    while thread_cpu_ns() - own < 60_000_000 {
        std::hint::black_box(own);
    }
    let after = reader.read().expect("the group is alive");
    if let (Some(before), Some(after)) = (before.cpu_ns, after.cpu_ns) {
        // The kernel may bring group times up to date a few ticks late.
        assert!(
            after - before >= 30_000_000,
            "{} ns for 60 ms of work in {:?}",
            after - before,
            reader.layout()
        );
    }
    if let (Some(now), Some(peak)) = (before.memory_bytes, after.memory_peak_bytes) {
        assert!(now > 0 && peak > 0);
    }
    let by_id = Reader::of_process(std::process::id()).expect("it is this process");
    assert_eq!(by_id.layout(), reader.layout());
}

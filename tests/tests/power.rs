//! A real file system that stops in the middle of a run without writing what it holds back: ext4 on a loop device, shut down as a power
//! cut would do it. What had been acknowledged is there after the next mount.

use std::path::Path;

use ecology_tests::{Scratch, report_number};

/// Room for the worlds, in MiB.
const DISK_MIB: u64 = 128;

/// What a file holds, many times over, that nobody syncs. (A short one would be kept in its inode and go with the syncs of others.)
const HELD_BACK: &str = "held back";

/// Writes that file and in the same moment stops the file system without flushing even its log: `EXT4_IOC_SHUTDOWN` with
/// `EXT4_GOING_FLAGS_NOLOGFLUSH`.
const STOP: &str = "python3 -c 'import fcntl, os, struct; disk = os.open(\"disk\", 0); \
    os.write(os.open(\"disk/unsynced\", os.O_CREAT | os.O_WRONLY), b\"held back\" * 20000); \
    fcntl.ioctl(disk, 0x8004587D, struct.pack(\"I\", 2))'";

/// A file system in a file of the scratch folder, mounted there as `disk` until this is dropped.
struct LoopDisk<'s>(&'s Scratch);

impl<'s> LoopDisk<'s> {
    fn new(scratch: &'s Scratch) -> Self {
        std::fs::File::create(scratch.path("image")).unwrap().set_len(DISK_MIB << 20).unwrap();
        std::fs::create_dir(scratch.path("disk")).unwrap();
        let _ = scratch.shell("mkfs.ext4 -q -F image && mount -o loop image disk").ended_with(0);
        Self(scratch)
    }

    /// The power goes and comes back.
    fn power_cut(&self, meanwhile: impl FnOnce()) {
        let _ = self.0.shell(STOP).ended_with(0);
        meanwhile();
        let _ = self.0.shell("umount disk && mount -o loop image disk").ended_with(0);
    }
}

impl Drop for LoopDisk<'_> {
    fn drop(&mut self) {
        let _ = self.0.shell("umount -l disk");
    }
}

fn rounds(mode: &[&str], rest: [&str; 2]) {
    let scratch = Scratch::new();
    let disk = LoopDisk::new(&scratch);
    let world = "disk/a.world";
    let short = [mode, &rest, &["--agents", "26"]].concat();
    let mut acknowledged = report_number(&scratch.run(world, &short), "/records");
    for round in 0..3_u64 {
        let length = if rest[0] == "--ticks" { ["--ticks", "1000000"] } else { ["--duration", "2h"] };
        let run = scratch.start(&[&["run", "--world", world, "--quiet"], mode, &length].concat());
        // The moment does not matter, only that there is work under way: the world grows before the power goes.
        let log = scratch.path("disk/a.world-wal");
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while size(&log) < (1 + round) * 300_000 && std::time::Instant::now() < deadline {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let unsynced = scratch.path("disk/unsynced");
        disk.power_cut(|| {
            // Its next sync fails, and it says so.
            let done = run.wait().ended_with(5);
            assert!(done.stderr.contains("error[journal::"), "{done}");
        });
        // Its name may have become durable with the syncs of others.
        let left = std::fs::read_to_string(&unsynced).unwrap_or_default();
        assert!(!left.contains(HELD_BACK), "what nobody synced is gone, so this was a power cut");
        let found = report_number(&scratch.replay(world), "/records");
        assert!(found >= acknowledged, "round {round}: {acknowledged} were acknowledged, {found} are there");
        acknowledged = report_number(&scratch.run(world, &[mode, &rest].concat()), "/records");
        assert!(acknowledged > found);
        let _ = std::fs::remove_file(&unsynced);
    }
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |found| found.len())
}

#[test]
#[ignore = "needs loop"]
fn needs_loop_a_power_cut_in_ticks() {
    rounds(&["--scenario", "commune"], ["--ticks", "3"]);
}

#[test]
#[ignore = "needs loop"]
fn needs_loop_a_power_cut_in_virtual_time() {
    rounds(
        &[
            "--scenario",
            "commune",
            "--set",
            "features.rate_limiting=rolling",
            "--set",
            "features.execution_mode=continuous",
        ],
        ["--duration", "300ms"],
    );
}

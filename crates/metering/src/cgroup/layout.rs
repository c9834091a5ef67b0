//! Where the files of a control group are.

use std::path::{Path, PathBuf};

/// The two interfaces of control groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// One hierarchy per controller.
    V1,
    /// One hierarchy for all.
    V2,
}

/// The folders that count for one process, by controller. A machine in hybrid mode has some of each version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// CPU time.
    pub cpu: Option<(Version, PathBuf)>,
    /// Memory.
    pub memory: Option<(Version, PathBuf)>,
    /// Bytes read and written.
    pub io: Option<(Version, PathBuf)>,
}

/// A line of `mountinfo` that is about control groups.
struct Mount<'a> {
    root: String,
    point: PathBuf,
    is_v2: bool,
    options: &'a str,
}

impl Layout {
    /// All controllers of one v2 folder.
    #[must_use]
    pub fn v2(folder: impl Into<PathBuf>) -> Self {
        let at = Some((Version::V2, folder.into()));
        Self { cpu: at.clone(), memory: at.clone(), io: at }
    }

    /// The three v1 folders of one group: `cpuacct`, `memory` and `blkio`.
    #[must_use]
    pub fn v1(cpuacct: impl Into<PathBuf>, memory: impl Into<PathBuf>, blkio: impl Into<PathBuf>) -> Self {
        Self {
            cpu: Some((Version::V1, cpuacct.into())),
            memory: Some((Version::V1, memory.into())),
            io: Some((Version::V1, blkio.into())),
        }
    }

    /// Finds the folders from the texts of `/proc/PID/cgroup` and `/proc/PID/mountinfo`. A controller that v1 has mounted is taken from there,
    /// because v2 does not have it then.
    #[must_use]
    pub fn detect(cgroup: &str, mountinfo: &str) -> Self {
        let mounts: Vec<Mount<'_>> = mountinfo.lines().filter_map(Mount::parse).collect();
        let v2 = || {
            let group = cgroup.lines().find_map(|line| line.strip_prefix("0::"))?;
            let mount = mounts.iter().find(|mount| mount.is_v2)?;
            Some((Version::V2, mount.folder(group)))
        };
        let controller = |name: &str| {
            let group = cgroup.lines().find_map(|line| {
                let (_, rest) = line.split_once(':')?;
                let (controllers, group) = rest.split_once(':')?;
                controllers.split(',').any(|word| word == name).then_some(group)
            });
            let mount =
                mounts.iter().find(|mount| !mount.is_v2 && mount.options.split(',').any(|word| word == name));
            match (group, mount) {
                (Some(group), Some(mount)) => Some((Version::V1, mount.folder(group))),
                _ => v2(),
            }
        };
        Self { cpu: controller("cpuacct"), memory: controller("memory"), io: controller("blkio") }
    }
}

impl<'a> Mount<'a> {
    /// `ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG...] - TYPE SOURCE SUPER_OPTIONS`, see proc(5).
    fn parse(line: &'a str) -> Option<Self> {
        let (left, right) = line.split_once(" - ")?;
        let mut right = right.split(' ');
        let is_v2 = match right.next()? {
            "cgroup" => false,
            "cgroup2" => true,
            _ => return None,
        };
        let options = right.nth(1).unwrap_or("");
        let mut left = left.split(' ').skip(3);
        let (root, point) = (unescape(left.next()?), PathBuf::from(unescape(left.next()?)));
        Some(Self { root, point, is_v2, options })
    }

    /// Where `group` is under this mount. Inside a container the path in `/proc/self/cgroup` may begin outside of what is mounted; then the mount
    /// point itself is the group.
    fn folder(&self, group: &str) -> PathBuf {
        let inside = if self.root == "/" {
            Some(group)
        } else {
            group.strip_prefix(self.root.as_str()).filter(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        match inside {
            // A group above the one of the namespace's root is shown as `/..`: it cannot be reached from here.
            Some(path) if !path.split('/').any(|part| part == "..") => {
                let path = path.trim_matches('/');
                if path.is_empty() { self.point.clone() } else { self.point.join(Path::new(path)) }
            }
            _ => self.point.clone(),
        }
    }
}

/// Spaces, tabs, newlines and backslashes stand as three octal digits in `mountinfo`.
fn unescape(text: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .into_iter()
        .fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1_MOUNTS: &str = "\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
38 31 0:35 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";

    #[test]
    fn v1_controllers_go_before_an_empty_v2_hierarchy() {
        let cgroup = "7:blkio:/\n4:memory:/jobs/a\n2:cpu,cpuacct:/jobs/b\n0::/jobs/c\n";
        let layout = Layout::detect(cgroup, V1_MOUNTS);
        let expected = Layout::v1(
            "/sys/fs/cgroup/cpu,cpuacct/jobs/b",
            "/sys/fs/cgroup/memory/jobs/a",
            "/sys/fs/cgroup/blkio",
        );
        assert_eq!(layout, expected);
    }

    #[test]
    fn v2_has_one_folder_for_all() {
        let mounts = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
        let layout = Layout::detect("0::/user.slice/session-1.scope\n", mounts);
        assert_eq!(layout, Layout::v2("/sys/fs/cgroup/user.slice/session-1.scope"));
    }

    #[test]
    fn what_a_container_cannot_see_is_its_mount_point() {
        let mounts = "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
        for group in ["0::/docker/abc\n", "0::/docker/abcd/x\n", "0::/elsewhere\n"] {
            assert_eq!(Layout::detect(group, mounts), Layout::v2("/sys/fs/cgroup"), "{group}");
        }
        assert_eq!(Layout::detect("0::/docker/abc/sub\n", mounts), Layout::v2("/sys/fs/cgroup/sub"));
        let mounts = mounts.replace("/docker/abc", "/");
        assert_eq!(Layout::detect("0::/../../outside\n", &mounts), Layout::v2("/sys/fs/cgroup"));
    }

    #[test]
    fn no_mounts_and_nonsense_find_nothing() {
        assert_eq!(Layout::detect("0::/a\n", ""), Layout::default());
        assert_eq!(Layout::detect("nonsense\n::\n", "a - cgroup\n - cgroup2 x y\n"), Layout::default());
        let spaced = "30 23 0:26 / /my\\040groups rw - cgroup2 cgroup rw\n";
        assert_eq!(Layout::detect("0::/\n", spaced), Layout::v2("/my groups"));
    }
}

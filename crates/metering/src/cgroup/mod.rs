//! What a control group used: CPU time, memory, bytes read and written, on Linux with cgroup v1, v2 or both.
//!
//! [`Layout`] finds out which files count for a process from `/proc/PID/cgroup` and `/proc/PID/mountinfo`; [`Reader`] keeps them open, which
//! makes a reading cheap: about 0.3 µs per file.

mod layout;
mod parse;
mod reader;

pub use layout::{Layout, Version};
pub use reader::{CgroupError, CgroupReading, Reader};

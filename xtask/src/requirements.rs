//! What a test may need that a fresh machine lacks.
//!
//! Such a test is `#[ignore = "needs docker"]` and its path contains `needs_docker`. That is all: the group appears by itself once it has a test.
//! An ignored test whose own name begins with `child_` is the role of a process that other tests start, and belongs to them.

use std::process::{Command, Stdio};

use crate::exit::Usage;

/// Something that the machine may lack.
#[derive(Debug)]
pub(crate) struct Requirement {
    /// Its name, in `ECOLOGY_REQUIRE` and in plans.
    pub(crate) name: &'static str,
    /// The commands that provide it.
    pub(crate) provided_by: &'static str,
    /// One of these must succeed.
    detect: &'static [&'static [&'static str]],
}

/// Everything that a test may need.
pub(crate) const REQUIREMENTS: &[Requirement] = &[
    Requirement {
        name: "docker",
        provided_by: "apt-get install -y docker.io && (dockerd >dockerd.log 2>&1 &)",
        detect: &[&["docker", "info"]],
    },
    Requirement {
        name: "loop",
        provided_by: "run as root on a machine with loop devices and ext4; apt-get install -y e2fsprogs mount python3",
        detect: &[&[
            "sh",
            "-c",
            "test \"$(id -u)\" = 0 && losetup -f && command -v mkfs.ext4 && python3 -c 'import fcntl' && grep -qw ext4 /proc/filesystems",
        ]],
    },
    Requirement {
        name: "node",
        provided_by: "npm install --global node@22",
        detect: &[&["node", "-e", "process.exit(parseInt(process.versions.node) >= 22 ? 0 : 1)"]],
    },
    Requirement {
        name: "chromium",
        provided_by: "apt-get install -y chromium",
        detect: &[
            &["chromium", "--version"],
            &["chromium-browser", "--version"],
            &["google-chrome", "--version"],
        ],
    },
];

impl Requirement {
    /// The requirement of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        REQUIREMENTS.iter().find(|requirement| requirement.name == name)
    }

    /// What the paths of its tests contain.
    pub(crate) fn marker(&self) -> String {
        format!("needs_{}", self.name)
    }

    /// Whether this machine has it.
    pub(crate) fn is_here(&self) -> bool {
        self.detect.iter().any(|words| {
            let Some((program, arguments)) = words.split_first() else { return false };
            let mut command = Command::new(program);
            command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        })
    }
}

/// Which requirements must be here, so that their absence is a failure and not a skip.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Required {
    all: bool,
    names: Vec<String>,
}

impl Required {
    /// Reads `ECOLOGY_REQUIRE`.
    ///
    /// # Errors
    /// [`Usage`] when it names something that is not in [`REQUIREMENTS`].
    pub(crate) fn from_environment() -> anyhow::Result<Self> {
        Self::parse(&std::env::var("ECOLOGY_REQUIRE").unwrap_or_default())
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut required = Self::default();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            if name == "all" {
                required.all = true;
            } else if Requirement::named(name).is_some() {
                required.names.push(name.to_owned());
            } else {
                let known: Vec<_> = REQUIREMENTS.iter().map(|requirement| requirement.name).collect();
                return Err(Usage::error(format!(
                    "ECOLOGY_REQUIRE: `{name}` is unknown; write `all` or a comma list of: {}",
                    known.join(", ")
                )));
            }
        }
        Ok(required)
    }

    /// Whether `requirement` must be here.
    pub(crate) fn demands(&self, requirement: &Requirement) -> bool {
        self.all || self.names.iter().any(|name| name == requirement.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn required_is_a_comma_list_or_all() {
        let docker = Requirement::named("docker").unwrap();
        let node = Requirement::named("node").unwrap();
        let some = Required::parse("docker, ").unwrap();
        assert!(some.demands(docker) && !some.demands(node));
        assert!(Required::parse("all").unwrap().demands(node));
        assert!(!Required::parse("").unwrap().demands(docker));
        let error = Required::parse("dcoker").unwrap_err();
        assert!(error.is::<Usage>() && error.to_string().contains("docker, loop, node, chromium"));
    }

    #[test]
    fn detection_takes_the_first_command_that_succeeds() {
        let with = |detect| Requirement { name: "x", provided_by: "", detect };
        assert!(with(&[&["no-such-program-here"], &["true"]]).is_here());
        assert!(!with(&[&["no-such-program-here"], &["false"]]).is_here());
    }
}

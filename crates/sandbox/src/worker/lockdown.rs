//! What a worker gives up before it reads its first program.

use super::{Isolation, Language};

/// Gives up everything that running code does not need. Threads started later inherit it.
pub(super) fn lock_down(address_space_bytes_max: u64, language: Language) -> Isolation {
    let mut isolation = Isolation::default();
    isolation.note("environment", "reading secrets of the parent", empty_environment());
    #[cfg(target_os = "linux")]
    linux::lock_down(&mut isolation, address_space_bytes_max, language.is_machine_code());
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (address_space_bytes_max, language);
        for name in ["descriptors", "rlimits", "no_new_privileges", "landlock", "seccomp"] {
            isolation.note(name, "everything outside the process", Err("only on Linux".to_owned()));
        }
    }
    isolation
}

fn empty_environment() -> Result<(), String> {
    match std::env::vars_os().count() {
        0 => Ok(()),
        count => Err(format!("{count} variables are set")),
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;

    use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetStatus};
    use rustix::process::{Resource, Rlimit};
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule,
    };

    use super::Isolation;

    /// Seconds of CPU time after which a worker ends and a fresh one takes over: a backstop for a parent that is gone.
    const CPU_SECONDS_MAX: u64 = 4 * 3600;

    pub(super) fn lock_down(isolation: &mut Isolation, address_space_bytes_max: u64, makes_code: bool) {
        isolation.note("descriptors", "files and sockets of the parent", only_standard_descriptors());
        isolation.note(
            "no_new_privileges",
            "setuid programs",
            rustix::thread::set_no_new_privs(true).map_err(text),
        );
        isolation.note("landlock", "the file system and TCP", landlock());
        for (name, against, resource, most) in [
            ("rlimit_as", "taking the machine's memory", Resource::As, address_space_bytes_max),
            ("rlimit_cpu", "taking the machine's time", Resource::Cpu, CPU_SECONDS_MAX),
            ("rlimit_nofile", "opening files and sockets", Resource::Nofile, 0),
            ("rlimit_fsize", "writing files", Resource::Fsize, 0),
            ("rlimit_nproc", "starting processes", Resource::Nproc, 0),
            ("rlimit_core", "leaving its memory on the disk", Resource::Core, 0),
        ] {
            let limit = Rlimit { current: Some(most), maximum: Some(most) };
            isolation.note(name, against, rustix::process::setrlimit(resource, limit).map_err(text));
        }
        isolation.note(
            "seccomp",
            "every other request to the kernel: files, network, processes",
            seccomp(makes_code),
        );
        if makes_code {
            let why = "compiled modules are machine code".to_owned();
            isolation.note("no_new_code", "machine code that is not of this program", Err(why));
        }
    }

    fn text(error: rustix::io::Errno) -> String {
        error.to_string()
    }

    fn only_standard_descriptors() -> Result<(), String> {
        let open = std::fs::read_dir("/proc/self/fd").map_err(|error| error.to_string())?;
        // The three standard ones, the copy of the socket, and the directory being read.
        match open.count() {
            0..=5 => Ok(()),
            count => Err(format!("{} more are open", count - 5)),
        }
    }

    fn landlock() -> Result<(), String> {
        let abi = ABI::V5;
        let status = Ruleset::default()
            .handle_access(AccessFs::from_all(abi))
            .and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(abi)))
            .and_then(Ruleset::create)
            .and_then(landlock::RulesetCreated::restrict_self)
            .map_err(|error| error.to_string())?;
        match status.ruleset {
            RulesetStatus::FullyEnforced => Ok(()),
            RulesetStatus::PartiallyEnforced => Err("the kernel enforces only a part of it".to_owned()),
            RulesetStatus::NotEnforced => Err("the kernel does not have it".to_owned()),
        }
    }

    /// What computing and talking over the one open socket need.
    const ALLOWED: &[i64] = &[
        libc::SYS_read,
        libc::SYS_write,
        libc::SYS_readv,
        libc::SYS_writev,
        libc::SYS_recvfrom,
        libc::SYS_sendto,
        libc::SYS_futex,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        libc::SYS_brk,
        libc::SYS_exit,
        libc::SYS_exit_group,
        libc::SYS_rt_sigreturn,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigaction,
        libc::SYS_sigaltstack,
        libc::SYS_clock_gettime,
        libc::SYS_getrandom,
        libc::SYS_sched_yield,
        libc::SYS_sched_getaffinity,
        libc::SYS_restart_syscall,
        libc::SYS_gettid,
        libc::SYS_getpid,
        libc::SYS_tgkill,
        libc::SYS_close,
    ];

    /// What the C library tries on its own account: its allocator looks into `/proc` before it gives memory back. Fails, does not kill.
    const IN_VAIN: &[i64] = &[libc::SYS_openat];

    /// Two filters, of which the stricter answer counts: one kills for anything unknown, one lets the harmless fail.
    fn seccomp(makes_code: bool) -> Result<(), String> {
        let no_code = |argument| {
            let executable = SeccompCmpOp::MaskedEq(libc::PROT_EXEC as u64);
            let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, executable, 0);
            condition
                .and_then(|condition| SeccompRule::new(vec![condition]))
                .map_err(|error| error.to_string())
        };
        let denied = SeccompAction::Errno(libc::EACCES.unsigned_abs());
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
            ALLOWED.iter().chain(IN_VAIN).map(|call| (*call, Vec::new())).collect();
        rules.insert(libc::SYS_mmap, vec![no_code(2)?]);
        // Compiled modules are written first and made executable then.
        let protect = if makes_code { Vec::new() } else { vec![no_code(2)?] };
        rules.insert(libc::SYS_mprotect, protect);
        // The strict one last: it does not allow what applying a filter takes.
        let in_vain = IN_VAIN.iter().map(|call| (*call, Vec::new())).collect();
        apply(in_vain, SeccompAction::Allow, denied)?;
        apply(rules, SeccompAction::KillProcess, SeccompAction::Allow)
    }

    fn apply(
        rules: BTreeMap<i64, Vec<SeccompRule>>,
        otherwise: SeccompAction,
        on_match: SeccompAction,
    ) -> Result<(), String> {
        let architecture = std::env::consts::ARCH
            .try_into()
            .map_err(|_| format!("no filter for {}", std::env::consts::ARCH))?;
        let filter = SeccompFilter::new(rules, otherwise, on_match, architecture)
            .map_err(|error| error.to_string())?;
        let program: BpfProgram =
            filter.try_into().map_err(|error: seccompiler::BackendError| error.to_string())?;
        seccompiler::apply_filter_all_threads(&program).map_err(|error| error.to_string())
    }
}

//! The filter of system calls: what no command needs and what reaches out of a sandbox is refused.
//!
//! Namespaces do not cover everything: sockets to the machine below (AF_VSOCK), keys, programs in the kernel, rings of
//! requests and counters of the processor are the same inside and outside.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, sock_filter,
};

/// Refused whatever their arguments.
const REFUSED: &[i64] = &[
    // Mounts and roots.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_mount_setattr,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_acct,
    // Namespaces.
    libc::SYS_unshare,
    libc::SYS_setns,
    // Other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_kcmp,
    libc::SYS_pidfd_getfd,
    // The kernel itself.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_userfaultfd,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_reboot,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    libc::SYS_fanotify_init,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_lookup_dcookie,
    // Time of the machine.
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    // Where memory lies.
    libc::SYS_mbind,
    libc::SYS_set_mempolicy,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
];

#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: &[i64] = &[
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
    libc::SYS_uselib,
    libc::SYS_ustat,
    libc::SYS_sysfs,
    libc::SYS__sysctl,
    libc::SYS_nfsservctl,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: &[i64] = &[];

/// Flags of clone that make namespaces.
const NEW_NAMESPACES: &[i32] = &[
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];

/// Families of sockets that end inside.
const FAMILIES: &[i32] = &[libc::AF_UNIX, libc::AF_INET, libc::AF_INET6];

/// Requests that put input into a terminal.
const TERMINAL_REQUESTS: &[u64] = &[libc::TIOCSTI, libc::TIOCLINUX];

/// The last system call that was looked at; whatever is newer is not there. Also refuses the calls of x32, which have
/// the numbers of others with a bit set.
const LAST: u32 = libc::SYS_mseal as u32;

/// Why there is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no filter of system calls can be made here: {why}")]
pub(crate) struct NoFilter {
    why: String,
}

/// The filter as instructions of eight bytes each.
///
/// # Errors
///
/// If this kind of processor is not known.
pub(crate) fn filter() -> Result<Vec<u8>, NoFilter> {
    let no = |why: String| NoFilter { why };
    let arch: TargetArch = std::env::consts::ARCH.try_into().map_err(|why| no(format!("{why}")))?;
    let rules = rules().map_err(|why| no(format!("{why}")))?;
    let refuse = SeccompAction::Errno(libc::EPERM as u32);
    let filter =
        SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch).map_err(|why| no(format!("{why}")))?;
    let program: BpfProgram = filter.try_into().map_err(|why| no(format!("{why}")))?;
    Ok(absent().iter().chain(&program).flat_map(bytes).collect())
}

/// Calls that answer as if there were none such, so that programs take another way: clone3, whose flags no filter can
/// see, and whatever is newer than what was looked at.
fn absent() -> [sock_filter; 4] {
    let instruction = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    [
        // Load the number; to the refusal if it is clone3 or greater than the last.
        instruction(0x20, 0, 0, 0),
        instruction(0x15, 1, 0, libc::SYS_clone3 as u32),
        instruction(0x25, 0, 1, LAST),
        instruction(0x06, 0, 0, 0x0005_0000 | libc::ENOSYS as u32),
    ]
}

fn bytes(instruction: &sock_filter) -> [u8; 8] {
    let mut all = [0; 8];
    all[..2].copy_from_slice(&instruction.code.to_ne_bytes());
    all[2..4].copy_from_slice(&[instruction.jt, instruction.jf]);
    all[4..].copy_from_slice(&instruction.k.to_ne_bytes());
    all
}

fn rules() -> Result<BTreeMap<i64, Vec<SeccompRule>>, seccompiler::BackendError> {
    use SeccompCmpArgLen::{Dword, Qword};
    use SeccompCmpOp::{Eq, MaskedEq, Ne};
    let when = |argument, length, op, value| SeccompCondition::new(argument, length, op, value);
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.iter().chain(REFUSED_HERE).map(|call| (*call, Vec::new())).collect();
    let mut clones = Vec::new();
    for flag in NEW_NAMESPACES {
        let flag = u64::from(*flag as u32);
        clones.push(SeccompRule::new(vec![when(0, Qword, MaskedEq(flag), flag)?])?);
    }
    rules.insert(libc::SYS_clone, clones);
    let others =
        FAMILIES.iter().map(|family| when(0, Dword, Ne, *family as u64)).collect::<Result<Vec<_>, _>>()?;
    rules.insert(libc::SYS_socket, vec![SeccompRule::new(others)?]);
    let not_unix = when(0, Dword, Ne, libc::AF_UNIX as u64)?;
    rules.insert(libc::SYS_socketpair, vec![SeccompRule::new(vec![not_unix])?]);
    let mut requests = Vec::new();
    for request in TERMINAL_REQUESTS {
        requests.push(SeccompRule::new(vec![when(1, Dword, Eq, *request)?])?);
    }
    rules.insert(libc::SYS_ioctl, requests);
    let not_usual = when(0, Dword, Ne, 0)?;
    let not_asked = when(0, Dword, Ne, 0xffff_ffff)?;
    rules.insert(libc::SYS_personality, vec![SeccompRule::new(vec![not_usual, not_asked])?]);
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::{NEW_NAMESPACES, REFUSED, filter, rules};

    #[test]
    fn the_filter_compiles_into_whole_instructions_and_is_not_too_long() {
        let filter = filter().unwrap();
        assert_eq!(filter.len() % 8, 0);
        assert!(filter.len() / 8 < 4_096, "the kernel takes no more");
    }

    #[test]
    fn no_call_is_named_twice_and_every_one_has_its_rule() {
        let rules = rules().unwrap();
        let named: std::collections::BTreeSet<_> = REFUSED.iter().collect();
        assert_eq!(named.len(), REFUSED.len());
        assert!(REFUSED.iter().all(|call| rules[call].is_empty()));
        assert_eq!(rules[&libc::SYS_clone].len(), NEW_NAMESPACES.len());
    }
}

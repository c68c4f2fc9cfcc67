//! The few calls of the C library that the standard library does not have. Everything unsafe stands here.

use std::ffi::{CString, c_char, c_int, c_long, c_ulong, c_void};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct PollFd {
    pub(crate) fd: RawFd,
    pub(crate) events: i16,
    pub(crate) revents: i16,
}

pub(crate) const POLLIN: i16 = 1;
pub(crate) const POLLOUT: i16 = 4;
pub(crate) const SIGKILL: c_int = 9;
pub(crate) const SIGSTOP: c_int = 19;
pub(crate) const O_NONBLOCK: c_int = 0o4000;
/// A terminal that is opened does not become ours.
pub(crate) const O_NOCTTY: c_int = 0o400;
const SIGCHLD: c_int = 17;
const SFD: c_int = 0o2_004_000;
const AT_FDCWD: c_int = -100;

#[repr(C)]
struct Program {
    length: u16,
    filter: *const c_void,
}

#[repr(C)]
struct Time {
    seconds: i64,
    nanoseconds: c_long,
}

type SignalSet = [u64; 16];

unsafe extern "C" {
    fn poll(fds: *mut PollFd, n: c_ulong, timeout: c_int) -> c_int;
    fn waitpid(pid: c_int, status: *mut c_int, options: c_int) -> c_int;
    #[link_name = "kill"]
    fn c_kill(pid: c_int, signal: c_int) -> c_int;
    fn prctl(option: c_int, ...) -> c_int;
    fn prlimit(pid: c_int, resource: c_int, new: *const [u64; 2], old: *mut [u64; 2]) -> c_int;
    fn signalfd(fd: c_int, mask: *const SignalSet, flags: c_int) -> c_int;
    fn sigprocmask(how: c_int, set: *const SignalSet, old: *mut SignalSet) -> c_int;
    fn setsid() -> c_int;
    fn dup2(from: c_int, to: c_int) -> c_int;
    fn fcntl(fd: c_int, command: c_int, ...) -> c_int;
    fn fstatfs(fd: c_int, out: *mut [c_long; 64]) -> c_int;
    fn utimensat(folder: c_int, path: *const c_char, times: *const [Time; 2], flags: c_int) -> c_int;
    #[link_name = "umask"]
    fn c_umask(mask: u32) -> u32;
    fn open(path: *const c_char, flags: c_int, ...) -> c_int;
    fn write(fd: c_int, bytes: *const c_void, n: usize) -> isize;
    fn read(fd: c_int, bytes: *mut c_void, n: usize) -> isize;
    fn close(fd: c_int) -> c_int;
}

fn checked(result: c_int) -> io::Result<c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Waits until one of these is ready, or so many milliseconds have passed; -1 waits on.
pub(crate) fn wait(fds: &mut [PollFd], timeout_ms: i32) {
    // SAFETY: the pointer and the number are of one slice.
    unsafe { poll(fds.as_mut_ptr(), fds.len() as c_ulong, timeout_ms) };
}

/// Takes a child that has ended: its number and its exit code, 128 + n where signal n ended it.
pub(crate) fn reap() -> Option<(i32, i32)> {
    let mut status = 0;
    // SAFETY: `status` outlives the call. 1 is WNOHANG.
    let pid = unsafe { waitpid(-1, &raw mut status, 1) };
    let signal = status & 0x7f;
    (pid > 0).then_some((pid, if signal == 0 { (status >> 8) & 0xff } else { 128 + signal }))
}

/// Sends a signal; -1 reaches everybody but the first process.
pub(crate) fn kill(pid: i32, signal: i32) {
    // SAFETY: takes no pointers.
    unsafe { c_kill(pid, signal) };
}

/// Lets nobody read this process' memory, environment and descriptors, and nobody gain rights by running a program.
pub(crate) fn close_up() -> io::Result<()> {
    // SAFETY: takes no pointers. 4 is PR_SET_DUMPABLE, 38 PR_SET_NO_NEW_PRIVS.
    unsafe {
        checked(prctl(4, 0 as c_ulong, 0 as c_ulong, 0 as c_ulong, 0 as c_ulong))?;
        checked(prctl(38, 1 as c_ulong, 0 as c_ulong, 0 as c_ulong, 0 as c_ulong))?;
    }
    Ok(())
}

/// Puts a filter of system calls over this process and all that come from it.
pub(crate) fn filter_calls(filter: &[u8]) -> io::Result<()> {
    let program = Program { length: (filter.len() / 8) as u16, filter: filter.as_ptr().cast() };
    // SAFETY: the kernel reads instructions of eight bytes at any alignment, as many as there are. 22 is PR_SET_SECCOMP, 2 a filter.
    checked(unsafe { prctl(22, 2 as c_ulong, &raw const program, 0 as c_ulong, 0 as c_ulong) })?;
    Ok(())
}

/// Sets a limit of this process and of those that come from it.
pub(crate) fn limit(resource: u32, value: u64) -> io::Result<()> {
    let both = [value, value];
    // SAFETY: the kernel reads two numbers.
    checked(unsafe { prlimit(0, resource as c_int, &raw const both, std::ptr::null_mut()) })?;
    Ok(())
}

/// A descriptor that is readable when a child has ended.
pub(crate) fn ended_children() -> io::Result<OwnedFd> {
    let mut set: SignalSet = [0; 16];
    set[0] = 1 << (SIGCHLD - 1);
    // SAFETY: a set of signals is 128 bytes; 0 is SIG_BLOCK. The descriptor is new and ours.
    unsafe {
        checked(sigprocmask(0, &raw const set, std::ptr::null_mut()))?;
        Ok(OwnedFd::from_raw_fd(checked(signalfd(-1, &raw const set, SFD))?))
    }
}

/// Closes whatever is open beside input and outputs: what our starter forgot to.
pub(crate) fn close_others() -> io::Result<()> {
    let open = std::fs::read_dir("/proc/self/fd")?;
    let numbers: Vec<c_int> =
        open.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    // SAFETY: nothing of ours is open yet; the folder that was listed is closed already, which is no harm.
    numbers.into_iter().filter(|fd| *fd > 2).for_each(|fd| _ = unsafe { close(fd) });
    Ok(())
}

/// Forgets which signals came.
pub(crate) fn drain(signals: &OwnedFd) {
    let mut about = [0_u8; 128];
    // SAFETY: what is read for a signal is 128 bytes.
    while unsafe { read(signals.as_raw_fd(), about.as_mut_ptr().cast(), about.len()) } > 0 {}
}

/// The standard input and output, to be read and written as they are.
pub(crate) fn standard_ends() -> (File, File) {
    // SAFETY: they are open from the start, and nobody else here uses them.
    unsafe { (File::from_raw_fd(0), File::from_raw_fd(1)) }
}

/// Makes reads and writes return at once.
pub(crate) fn unblock(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: takes no pointers. 3 is F_GETFL, 4 F_SETFL.
    unsafe {
        let flags = checked(fcntl(fd.as_raw_fd(), 3))?;
        checked(fcntl(fd.as_raw_fd(), 4, flags | O_NONBLOCK))?;
    }
    Ok(())
}

/// The same under a number that no shell script names.
pub(crate) fn above_9(fd: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    // SAFETY: takes no pointers, and the descriptor is new and ours. 1030 is F_DUPFD_CLOEXEC.
    Ok(unsafe { OwnedFd::from_raw_fd(checked(fcntl(fd.as_raw_fd(), 1030, 10))?) })
}

/// Whether an open file is of the kernel's view of processes.
pub(crate) fn is_of_proc(fd: BorrowedFd<'_>) -> bool {
    const PROC: c_long = 0x9fa0;
    let mut about = [0; 64];
    // SAFETY: the kernel fills 120 bytes at most, of which the first word is the type.
    let asked = unsafe { fstatfs(fd.as_raw_fd(), &raw mut about) };
    asked < 0 || about[0] == PROC
}

/// Sets when a file was last changed, in seconds since 1970; links are not followed.
pub(crate) fn set_changed(path: &Path, seconds: i64, nanoseconds: i64) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let time = || Time { seconds, nanoseconds: nanoseconds as c_long };
    let times = [time(), time()];
    // SAFETY: the path ends with zero and both outlive the call. 0x100 is AT_SYMLINK_NOFOLLOW.
    checked(unsafe { utimensat(AT_FDCWD, path.as_ptr(), &raw const times, 0x100) })?;
    Ok(())
}

/// Which permissions new files lack.
pub(crate) fn umask(mask: u32) {
    // SAFETY: takes no pointers.
    unsafe { c_umask(mask) };
}

/// Lets a command begin in a session of its own, first in line when memory runs out, with these ends of pipes under
/// these numbers.
pub(crate) fn set_apart(command: &mut Command, ends: [Option<(&OwnedFd, i32)>; 2]) {
    let ends = ends.map(|end| end.map(|(end, number)| (end.as_raw_fd(), number)));
    let before = move || {
        // SAFETY: only calls that are safe between fork and exec, on constants. 1 is O_WRONLY.
        unsafe {
            setsid();
            let fd = open(c"/proc/self/oom_score_adj".as_ptr(), 1);
            if fd >= 0 {
                write(fd, c"1000".as_ptr().cast(), 4);
                close(fd);
            }
            for (end, number) in ends.into_iter().flatten() {
                checked(dup2(end, number))?;
            }
        }
        Ok(())
    };
    // SAFETY: see above; nothing is allocated.
    unsafe { command.pre_exec(before) };
}

//! A program for attacks: it makes one system call, with the arguments that it is told, and says what came of it.
//!
//! It needs nothing of what is inside. Compiled once a build, static.

use std::fs;
use std::path::Path;
use std::process::Command;

const SOURCE: &str = r#"//! Makes one system call.
use std::ffi::{CString, c_int, c_long};
use std::io::Error;

unsafe extern "C" {
    fn syscall(number: c_long, ...) -> c_long;
}

#[cfg(target_arch = "x86_64")]
fn old_door(number: i64) -> i64 {
    let result: i64;
    unsafe { std::arch::asm!("int 0x80", inout("rax") number => result) };
    result
}

#[cfg(not(target_arch = "x86_64"))]
fn old_door(_number: i64) -> i64 {
    std::process::abort()
}

fn main() {
    let all: Vec<String> = std::env::args().skip(1).collect();
    let number: c_long = all[0].parse().unwrap();
    if all.get(1).is_some_and(|arg| arg == "old-door") {
        println!("{}", old_door(number));
        return;
    }
    let mut zeros = vec![0_u8; 1 << 16];
    let mut texts = Vec::new();
    let mut args = [0 as c_long; 6];
    for (at, arg) in all[1..].iter().enumerate() {
        args[at] = match arg.strip_prefix("text:") {
            Some(text) => {
                texts.push(CString::new(text).unwrap());
                texts[texts.len() - 1].as_ptr() as c_long
            }
            None if arg == "zeros" => zeros.as_mut_ptr() as c_long,
            None => arg.parse().unwrap(),
        };
    }
    let result = unsafe { syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]) };
    let error: c_int = if result == -1 { Error::last_os_error().raw_os_error().unwrap() } else { 0 };
    println!("{result} {error}");
}
"#;

/// The program, for this machine.
pub(crate) fn program() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let source = folder.join("intruder.rs");
    let out = folder.join("intruder");
    if fs::read_to_string(&source).is_ok_and(|text| text == SOURCE)
        && let Ok(program) = fs::read(&out)
    {
        return program;
    }
    // Tests run beside each other: each makes its own, and the last one stays.
    let own = tempfile::tempdir_in(folder).unwrap();
    fs::write(own.path().join("intruder.rs"), SOURCE).unwrap();
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.current_dir(own.path()).args([
        "intruder.rs",
        "--edition",
        "2024",
        "-C",
        "target-feature=+crt-static",
    ]);
    assert!(rustc.args(["-C", "panic=abort", "-C", "strip=symbols"]).status().unwrap().success());
    let program = fs::read(own.path().join("intruder")).unwrap();
    fs::rename(own.path().join("intruder"), &out).unwrap();
    fs::rename(own.path().join("intruder.rs"), &source).unwrap();
    program
}

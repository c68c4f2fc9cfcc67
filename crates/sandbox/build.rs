//! Compiles the program that is the first process of every sandbox, and every tool in it: static, without names of ours.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=guest");
    println!("cargo::rerun-if-changed=src/wire.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names it")).join("program");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("linux") {
        std::fs::write(out, []).expect("the folder of the build can be written");
        return;
    }
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo names it"));
    let guest = here.join("guest");
    let remap = |from: &Path| format!("--remap-path-prefix={}=.", from.display());
    let mut rustc = Command::new(env::var_os("RUSTC").expect("cargo names it"));
    rustc.current_dir(&guest).args([
        "main.rs",
        "--crate-name",
        "svc",
        "--crate-type",
        "bin",
        "--edition",
        "2024",
    ]);
    rustc.args(["-C", "target-feature=+crt-static", "-C", "panic=abort", "-C", "opt-level=s"]);
    // It is copied into every sandbox and is every tool: small, and without addresses to be written at each start.
    rustc.args(["-C", "lto=fat", "-C", "codegen-units=1", "-C", "relocation-model=static"]);
    rustc.args(["-C", "strip=symbols", "-C", "debuginfo=0", "-C", "link-arg=-Wl,--build-id=none"]);
    rustc
        .args([remap(&guest), remap(&here)])
        .arg("--target")
        .arg(env::var("TARGET").expect("cargo names it"));
    if let Some(linker) = env::var_os("RUSTC_LINKER") {
        rustc.arg("-C").arg(format!("linker={}", linker.display()));
    }
    rustc.arg("-o").arg(out);
    let done = rustc.status().expect("rustc can be run");
    assert!(
        done.success(),
        "the program of the sandboxes does not compile; a static C library (libc6-dev, glibc-static) is needed"
    );
}

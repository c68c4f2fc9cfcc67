//! Sandboxes: closed rooms in which a world's files and tools stand and commands run, and the broker between them and
//! the world.
//!
//! Knows worlds through the port of core only, and nothing of suites, models and runs. Whatever is not about how a sandbox is made
//! is the same for all back ends: the program inside, the messages with it, the session.

#[cfg(target_os = "linux")]
pub mod bubblewrap;
#[cfg(target_os = "linux")]
mod cgroup;
#[cfg(target_os = "linux")]
pub mod docker;
mod limits;
pub mod memory;
#[cfg(target_os = "linux")]
mod program;
#[cfg(target_os = "linux")]
mod record;
#[cfg(target_os = "linux")]
mod seccomp;
#[cfg(target_os = "linux")]
mod seen;
#[cfg(target_os = "linux")]
mod session;
#[cfg(target_os = "linux")]
mod start;
#[cfg(target_os = "linux")]
mod system;
mod unavailable;
#[cfg(target_os = "linux")]
#[expect(dead_code, reason = "the program inside sends and reads what we do not")]
mod wire;
#[cfg(all(test, target_os = "linux"))]
mod wire_tests;

pub use limits::Limits;
pub use unavailable::{Gap, Unavailable};

#[cfg(target_os = "linux")]
pub use bubblewrap::{Bubblewrap, Options};
#[cfg(target_os = "linux")]
pub use docker::Docker;

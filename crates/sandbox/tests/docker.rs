//! What holds of sandboxes as containers: the contract of all back ends.
#![cfg(target_os = "linux")]

mod contract;
mod docker_engine;

contract::contract!(crate::docker_engine::host);

//! Prints the simulated coverage and median width of three intervals of a mean, as a Markdown table for each number of
//! runs. A cell reads `coverage in percent / median width in points of 100`.

#![expect(clippy::print_stdout, reason = "a program that prints its result")]

#[path = "../tests/coverage/observed.rs"]
mod observed;
#[path = "../tests/coverage/processes.rs"]
#[expect(dead_code, reason = "the test checks the stated means, this program does not")]
mod processes;

use processes::{Method, performance, processes, processes_beyond};

const REPLICATIONS: usize = 20_000;
/// The bootstrap is the slowest of the three, and nothing hangs on its last digit.
const BOOTSTRAP_REPLICATIONS: usize = 4_000;
const SEED: u64 = 2026;

fn main() {
    for runs in [2, 3, 5, 6, 10] {
        println!("| {runs} runs | published | t | corrected |\n|---|---|---|---|");
        for process in processes().into_iter().chain(processes_beyond()) {
            let cell = |method, replications| {
                let got = performance(&process, method, runs, replications, SEED);
                format!("{:.1} / {:.1}", got.coverage * 100.0, got.median_width)
            };
            println!(
                "| {} | {} | {} | {} |",
                process.name,
                cell(Method::Published, BOOTSTRAP_REPLICATIONS),
                cell(Method::T, REPLICATIONS),
                cell(Method::Corrected, REPLICATIONS),
            );
        }
        println!();
    }
}

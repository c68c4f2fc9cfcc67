//! Holds the intervals to their coverage over processes with a known mean. The larger table that the documentation
//! prints comes from the example `coverage`, over the same processes.

mod observed;
mod processes;
mod shares;

use processes::{Method, average_total, performance, processes, processes_beyond};

#[test]
fn the_corrected_interval_holds_its_level_over_every_process() {
    for process in processes() {
        for runs in [2, 3, 5, 6] {
            let got = performance(&process, Method::Corrected, runs, 1500, 1).coverage;
            assert!(got >= 0.94, "{}, {runs} runs: {got}", process.name);
        }
    }
}

#[test]
fn the_published_bootstrap_of_five_normal_totals_is_too_narrow() {
    for process in processes().iter().take(2) {
        let got = performance(process, Method::Published, 5, 600, 2).coverage;
        assert!((0.75..0.90).contains(&got), "{}: {got}", process.name);
    }
}

#[test]
fn the_t_interval_fails_where_rare_failures_are_not_seen() {
    let got = |name: &str, runs| {
        let all = processes();
        let process = all.iter().find(|process| process.name == name).unwrap();
        performance(process, Method::T, runs, 1500, 3).coverage
    };
    assert!(got("normal, parts apart", 5) > 0.935);
    assert!(got("two-point, 0.98", 5) < 0.85);
    assert!(got("observed, near ceiling", 5) < 0.85);
}

#[test]
fn the_corrected_interval_costs_less_than_half_again_the_t_interval_on_normal_totals() {
    for process in processes().iter().take(2) {
        let width = |method| performance(process, method, 5, 1500, 5).median_width;
        let (corrected, t) = (width(Method::Corrected), width(Method::T));
        assert!(corrected < 1.5 * t, "{}: {corrected}, t {t}", process.name);
    }
}

#[test]
fn a_rare_failure_of_all_parts_at_once_is_beyond_the_corrected_interval() {
    let process = &processes_beyond()[1];
    let got = performance(process, Method::Corrected, 5, 1500, 6).coverage;
    assert!(got < 0.6, "the documented shortfall is gone: {got}");
}

#[test]
fn every_process_has_the_mean_it_states() {
    for process in processes().into_iter().chain(processes_beyond()) {
        let (got, expect) = (average_total(&process, 20_000, 4), process.true_mean());
        assert!((got - expect).abs() < 0.6, "{}: {got}, stated {expect}", process.name);
    }
}

//! The program that is the first process of every sandbox and every tool in it, and where it stands inside.

/// The program, for this system; empty where there are no sandboxes.
pub(crate) const PROGRAM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/program"));

/// Where it stands inside. A name that says nothing: whoever looks finds what a company calls its own.
pub(crate) const PATH: &str = "/usr/local/lib/ops/svc";

/// The file beside it that names the socket of the tools.
pub(crate) const SETTINGS: &str = "/usr/local/lib/ops/svc.conf";

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::PROGRAM;

    #[test]
    fn the_program_names_neither_us_nor_what_it_is_for() {
        let text = PROGRAM.to_ascii_lowercase();
        for word in [
            "unbent",
            "sandbox",
            "guest",
            "benchmark",
            "/root",
            "/home",
            "/work",
            "crates",
            "honest",
            "suite",
        ] {
            let found = text.windows(word.len()).any(|part| part == word.as_bytes());
            assert!(!found, "{word:?} stands in the program");
        }
    }
}

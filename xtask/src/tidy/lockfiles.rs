//! Where lock files may point: Rust packages to crates.io, and packages of the viewer to whatever registry is set.

use super::Finding;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    let file = path.rsplit('/').next().unwrap_or(path);
    let wrong: fn(&str) -> Option<&'static str> = match file {
        "Cargo.lock" => |line| {
            let source = line.strip_prefix("source = \"")?.strip_suffix('"')?;
            (source != CRATES_IO).then_some("a package from elsewhere than crates.io")
        },
        "package-lock.json" => |line| {
            line.trim_start().starts_with("\"resolved\":").then_some(
                "a resolved address ties the lock file to one registry; `omit-lockfile-registry-resolved`",
            )
        },
        _ => return Vec::new(),
    };
    (1..)
        .zip(text.lines())
        .filter_map(|(n, line)| wrong(line).map(|message| Finding::error(path, n, message)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{CRATES_IO, check};

    #[test]
    fn rust_packages_come_from_crates_io() {
        assert!(check("Cargo.lock", &format!("name = \"a\"\nsource = \"{CRATES_IO}\"\n")).is_empty());
        assert_eq!(check("fuzz/Cargo.lock", "source = \"git+https://example.org/a\"\n").len(), 1);
    }

    #[test]
    fn packages_of_the_viewer_name_no_registry() {
        assert_eq!(
            check("web/package-lock.json", "  \"resolved\": \"https://example.org/a.tgz\",\n").len(),
            1
        );
        assert!(check("web/package-lock.json", "  \"version\": \"1.0.0\",\n").is_empty());
        assert!(check("web/package.json", "  \"resolved\": \"x\"\n").is_empty());
    }
}

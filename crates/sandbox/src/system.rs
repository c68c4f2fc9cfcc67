//! How the programs of this machine lie at its root: what a sandbox needs to have them too.

use std::fs;
use std::path::Path;

/// How the programs of this machine lie at its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct System {
    /// Links from the root into `/usr`: name and target.
    pub(crate) links: Vec<(String, String)>,
    /// Folders at the root that are not such links.
    pub(crate) folders: Vec<String>,
}

impl System {
    /// Looks at this machine.
    pub(crate) fn find() -> Self {
        let mut system = Self { links: Vec::new(), folders: Vec::new() };
        for name in ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"] {
            let target =
                fs::read_link(name).ok().and_then(|target| target.into_os_string().into_string().ok());
            match target {
                Some(target) => system.links.push((name.to_owned(), target)),
                None if Path::new(name).is_dir() => system.folders.push(name.to_owned()),
                None => {}
            }
        }
        system
    }
}

//! The workspace as cargo describes it and as it lies on disk.

use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{Metadata, MetadataCommand};
use ignore::WalkBuilder;

use crate::Failure;

/// The workspace that this program was built in.
pub(crate) struct Workspace {
    /// Its packages; their dependencies are named but not resolved.
    pub(crate) metadata: Metadata,
}

/// How a binary was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build.
    Dev,
    /// Quick to run.
    Release,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn find() -> Result<Self, Failure> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec()?;
        Ok(Self { metadata })
    }

    /// Its root directory.
    pub(crate) fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// A call of cargo at the root.
    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(args).current_dir(self.root());
        command
    }

    /// Builds the `unbent` binary and says where it is.
    pub(crate) fn build_unbent(&self, profile: Profile) -> Result<PathBuf, Failure> {
        self.build(profile, "unbent-cli", "unbent")
    }

    /// Builds a binary of a package and says where it is.
    pub(crate) fn build(&self, profile: Profile, package: &str, binary: &str) -> Result<PathBuf, Failure> {
        let mut args = vec!["build", "--quiet", "--locked", "--package", package, "--bin", binary];
        let folder = match profile {
            Profile::Dev => "debug",
            Profile::Release => {
                args.push("--release");
                "release"
            }
        };
        let status = self.cargo(&args).status()?;
        if !status.success() {
            return Err(format!("{binary} does not build ({status})").into());
        }
        let name = format!("{binary}{}", std::env::consts::EXE_SUFFIX);
        Ok(self.metadata.target_directory.as_std_path().join(folder).join(name))
    }

    /// The paths of all files that are or could be committed, relative to the root, with forward slashes, in order.
    pub(crate) fn files(&self) -> Result<Vec<String>, Failure> {
        let walk = WalkBuilder::new(self.root())
            .hidden(false)
            .require_git(false)
            .git_global(false)
            .filter_entry(|entry| entry.file_name() != ".git")
            .build();
        let mut files = Vec::new();
        for entry in walk {
            let entry = entry?;
            if entry.file_type().is_some_and(|kind| kind.is_file()) {
                let path = entry.path().strip_prefix(self.root())?;
                files.push(path.to_string_lossy().replace('\\', "/"));
            }
        }
        files.sort();
        Ok(files)
    }
}

//! The arguments of the sandboxes that agents act in.

use std::num::NonZeroUsize;

use clap::{Args, ValueEnum};

use super::at_least_one;

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SandboxArgs {
    /// What makes the sandboxes of agents
    #[arg(
        long = "sandbox",
        value_name = "BACKEND",
        value_enum,
        default_value = "bubblewrap",
        env = "UNBENT_SANDBOX"
    )]
    pub(crate) backend: Backend,
    /// The image whose programs are inside, with docker: it has to be there, with bash and coreutils; by default the
    /// programs of this machine
    #[arg(long = "sandbox-image", value_name = "IMAGE")]
    pub(crate) image: Option<String>,
    #[command(flatten)]
    pub(crate) room: SandboxRoomArgs,
}

#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct SandboxRoomArgs {
    /// Sandboxes open at once; by default three for each processor
    #[arg(long = "sandboxes", value_name = "N", value_parser = at_least_one::<NonZeroUsize>)]
    pub(crate) most: Option<NonZeroUsize>,
}

/// What makes sandboxes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Backend {
    /// Namespaces without rights, by the program bwrap
    #[default]
    Bubblewrap,
    /// Containers of a Docker Engine or Podman, at the socket that DOCKER_HOST names
    Docker,
}

impl Backend {
    /// Its name in run files.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bubblewrap => "bubblewrap",
            Self::Docker => "docker",
        }
    }

    /// The back end of this name in a run file.
    pub(crate) fn find(name: &str) -> Option<Self> {
        [Self::Bubblewrap, Self::Docker].into_iter().find(|backend| backend.name() == name)
    }
}

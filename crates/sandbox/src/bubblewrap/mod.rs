//! Sandboxes by bubblewrap: namespaces without rights.

mod arguments;
mod probe;
mod shared;
mod spares;
mod spawn;
mod user;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use unbent_core::{
    BoxFuture, Fault, FaultKind, Sandbox, SandboxHost, SandboxRecord, TrialKey, WorldSpec, Worlds,
};

use crate::cgroup::Tree;
use crate::record::record;
use crate::session::{Process, Session, now};
use crate::start::{self, Held};
use crate::system::System;
use crate::{Limits, Unavailable};
use shared::Shared;
use spares::Spares;
use spawn::Recipe;

pub use probe::probe;

/// How long the end of sandboxes is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// How sandboxes are made.
#[derive(Clone)]
pub struct Options {
    /// Where worlds come from.
    pub worlds: Arc<dyn Worlds>,
    /// What each may use.
    pub limits: Limits,
    /// How many may be open at once; further ones wait.
    pub max_open: usize,
}

/// Opens sandboxes by bubblewrap.
pub struct Bubblewrap {
    options: Options,
    program: PathBuf,
    places: System,
    groups: Option<Tree>,
    open: Arc<Semaphore>,
    shared: Option<Shared>,
    spares: Arc<Spares>,
}

impl Bubblewrap {
    /// Looks for what it needs.
    ///
    /// # Errors
    ///
    /// If there is no bubblewrap, or it may not make namespaces.
    pub fn new(options: Options) -> Result<Self, Unavailable> {
        let program = probe::program()?;
        probe::try_out(&program)?;
        let open = Arc::new(Semaphore::new(options.max_open.max(1)));
        Ok(Self {
            options,
            program,
            places: System::find(),
            groups: Tree::find().ok(),
            open,
            shared: Shared::place(),
            spares: Arc::new(Spares::new()),
        })
    }

    /// What a run file says of its sandboxes.
    pub fn record(&self) -> SandboxRecord {
        let said = std::process::Command::new(&self.program).arg("--version").output();
        let version = said.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        record("bubblewrap", version.unwrap_or_default(), [], &self.options.limits, &probe())
    }

    async fn opened(&self, spec: &WorldSpec) -> Result<Session, Fault> {
        let fault = |why: String| Fault::new(FaultKind::Sandbox, why);
        let permit = self
            .open
            .clone()
            .acquire_owned()
            .await
            .expect("nobody closes the semaphore of the open sandboxes");
        let now = now();
        let world = self
            .options
            .worlds
            .world(spec, now * 1_000)
            .map_err(|why| fault(format!("no world {:?}: {why}", spec.kind)))?;
        let layout = world.layout();
        let limits = &self.options.limits;
        let held = if self.groups.is_some() { Held::ByGroup } else { Held::ByProcess };
        let start = start::start(&layout, limits, now, held)
            .map_err(|why| fault(format!("the world {:?} cannot be set up: {why}", spec.kind)))?;
        let program = self.shared.as_ref().map(Shared::path);
        let recipe = Recipe {
            program: self.program.clone(),
            arguments: arguments::arguments(&layout, limits, &self.places, program),
            settings: layout.socket.clone(),
            groups: self.groups.clone().map(|tree| (tree, limits.clone())),
        };
        // Where as many are open as may be, the machine has better to do than to start one in advance.
        let leaves_spare = self.open.available_permits() > 0;
        let spawned = spawn::spawn(recipe, &self.spares, leaves_spare)
            .await
            .map_err(|why| fault(format!("bubblewrap did not start: {why}")))?;
        let (incoming, outgoing) = tokio::io::split(spawned.stream);
        let process = Process {
            incoming: Box::new(incoming),
            outgoing: Box::new(outgoing),
            keeper: Box::new(spawned.jail),
        };
        Session::begin(process, start, &layout, world, permit).await
    }
}

/// Leaves nothing behind: whoever drops it is about to end.
impl Drop for Bubblewrap {
    fn drop(&mut self) {
        self.spares.close();
        spawn::settle(PATIENCE);
    }
}

impl SandboxHost for Bubblewrap {
    fn open<'a>(
        &'a self,
        _trial: &'a TrialKey,
        world: &'a WorldSpec,
    ) -> BoxFuture<'a, Result<Box<dyn Sandbox>, Fault>> {
        Box::pin(async move { Ok(Box::new(self.opened(world).await?) as Box<dyn Sandbox>) })
    }
}

//! Sandboxes as containers of a Docker Engine or Podman, at a socket of this machine.
//!
//! The first process is the same as under bubblewrap, and is spoken to over its input and output; whatever comes after
//! that does not know the engine.

mod container;
mod image;
mod owner;
mod probe;
mod socket;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bollard::errors::Error;
use serde_json::Value;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use unbent_core::{
    BoxFuture, Deed, Done, Fault, FaultKind, HostedWorld, Invocation, Layout, Ran, Sandbox, SandboxHost,
    SandboxRecord, Seen, TrialKey, WorldSpec, Worlds,
};

use self::image::{Base, Layer, Machine};
use self::owner::Owner;
use self::probe::{About, Make};
use self::socket::{Engine, Environment, fatal, is_absent, said, wait_for};
use crate::record::record;
use crate::session::{Process, Session, now};
use crate::start::{self, Held};
use crate::{Gap, Limits, Unavailable};

pub use probe::{Found, probe};

/// How long the end of containers is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// How containers are made.
#[derive(Clone)]
pub struct Options {
    /// Where worlds come from.
    pub worlds: Arc<dyn Worlds>,
    /// What each may use.
    pub limits: Limits,
    /// How many may be open at once; further ones wait.
    pub max_open: usize,
    /// The image whose programs are inside; none for the programs of this machine. It has to be there already, with
    /// bash and coreutils: nothing is fetched.
    pub image: Option<String>,
    /// Where the engine listens, as `unix:///PATH`; none for what DOCKER_HOST says, or the usual places.
    pub engine: Option<String>,
}

/// Opens containers as sandboxes.
pub struct Docker {
    options: Options,
    engine: Engine,
    about: About,
    base: Base,
    owner: Owner,
    /// The tags of images that are known to be there.
    made: Mutex<BTreeSet<String>>,
    /// Places for sessions, and for containers, which take a moment to go.
    open: Arc<Semaphore>,
    rooms: Arc<Semaphore>,
}

impl Docker {
    /// Looks for an engine, removes what killed runs of ours left at it, and tries out a container.
    ///
    /// Blocks meanwhile, also within a runtime.
    ///
    /// # Errors
    ///
    /// If there is no engine, it may not be used, the image is not there, or no container can be had.
    pub fn new(options: Options) -> Result<Self, Unavailable> {
        let ready = wait_for(async {
            let docker = Self::find(options).await?;
            docker.try_out().await?;
            Ok(docker)
        });
        ready.unwrap_or_else(|error| Err(probe::no_runtime(&error))).map_err(|gap| Unavailable { gap })
    }

    async fn find(options: Options) -> Result<Self, Gap> {
        let engine = Engine::find(&Environment::now().with(options.engine.as_ref()))
            .await
            .map_err(socket::NoEngine::into_gap)?;
        let about = About::of(&engine).await?;
        let client = engine.client().map_err(|error| broken(&error))?;
        // What cannot be removed now is at the next start; whether the engine works is seen soon enough.
        let _ = owner::remove_left_overs(&client).await;
        let _ = image::remove_left_overs(&client).await;
        let base = match &options.image {
            Some(name) => Base::Image(looked_up(&client, name).await?),
            None => Base::Machine(Machine::find().map_err(|error| {
                fatal(format!("/usr cannot be looked at: {error}"), "name an image: --sandbox-image NAME")
            })?),
        };
        let places = || Arc::new(Semaphore::new(options.max_open.max(1)));
        let (open, rooms) = (places(), places());
        Ok(Self { engine, about, base, owner: Owner::us(), made: Mutex::default(), open, rooms, options })
    }

    /// What a run file says of its sandboxes.
    pub fn record(&self) -> SandboxRecord {
        let image = match &self.base {
            Base::Image(id) => Some(("image".to_owned(), id.clone())),
            Base::Machine(_) => None,
        };
        record("docker", self.about.version.clone(), image, &self.options.limits, &self.about.gaps)
    }

    /// Opens a container with nothing in it and runs what every world needs.
    async fn try_out(&self) -> Result<(), Gap> {
        let remedy = match self.base {
            Base::Machine(_) => {
                "if the engine sees another /usr than this machine's, name an image that has bash and coreutils: \
                 --sandbox-image NAME"
            }
            Base::Image(_) => "name an image that has bash and coreutils",
        };
        let why =
            |why: String| fatal(format!("{} cannot make a sandbox ({why})", self.about.version), remedy);
        let session = self.hosting(Box::new(Empty)).await.map_err(|fault| why(fault.message))?;
        let command = "cd / && ls -d . && cat /etc/hostname && mkdir /tmp/a && rm -r /tmp/a".to_owned();
        let deed = Deed::Exec { command, cwd: None, timeout_s: 60 };
        let acted = session.act(&deed.to_act()).await.map_err(|fault| why(fault.message))?;
        match Done::of_value(&acted.output) {
            Some(Done::Exec { code: Some(0), .. }) => Ok(()),
            Some(Done::Exec { stderr, .. }) => Err(why(format!("a command failed: {}", stderr.trim()))),
            Some(Done::Refused { why: refused }) => Err(why(format!("/bin/bash does not start: {refused}"))),
            _ => Err(why("a command had no end".to_owned())),
        }
    }

    async fn opened(&self, spec: &WorldSpec) -> Result<Session, Fault> {
        let world = self
            .options
            .worlds
            .world(spec, now() * 1_000)
            .map_err(|why| fault(format!("no world {:?}: {why}", spec.kind)))?;
        self.hosting(world).await
    }

    async fn hosting(&self, world: Box<dyn HostedWorld>) -> Result<Session, Fault> {
        let layout = world.layout();
        let limits = &self.options.limits;
        let held = if self.about.holds_limits() { Held::ByGroup } else { Held::ByProcess };
        start::check(&layout).map_err(|why| fault(format!("the world cannot be set up: {why}")))?;
        let layer = Layer::new(&layout, &self.base)
            .map_err(|why| fault(format!("no image can be put together: {why}")))?;
        let process = match self.started(&layout, &layer).await {
            // Somebody removed the image meanwhile.
            Err(error) if is_absent(&error) => {
                self.made.lock().await.remove(&layer.tag);
                self.started(&layout, &layer).await
            }
            started => started,
        };
        let process =
            process.map_err(|error| fault(format!("no container could be started: {}", said(&error))))?;
        // By now time has passed.
        let mut start = start::start(&layout, limits, now(), held)
            .map_err(|why| fault(format!("the world cannot be set up: {why}")))?;
        // The engine has put its own there, which nobody can write.
        let name = format!("{}\n", layout.host_name).into_bytes();
        let podman = self.about.abilities.make == Make::Podman;
        start.files.retain(|file| match file.path.as_slice() {
            b"/etc/hostname" => file.content != name,
            b"/etc/passwd" | b"/etc/group" | b"/etc/hosts" => !podman,
            _ => true,
        });
        Session::begin(process, start, &layout, world, place(&self.open).await).await
    }

    async fn started(&self, layout: &Layout, layer: &Layer) -> Result<Process, Error> {
        let room = place(&self.rooms).await;
        let client = self.engine.client()?;
        {
            let mut made = self.made.lock().await;
            if !made.contains(&layer.tag) {
                layer.make(&client, &self.base).await?;
                made.insert(layer.tag.clone());
            }
        }
        let body = container::told(
            layout,
            &self.options.limits,
            &self.base,
            layer.image(),
            &self.owner,
            self.about.abilities,
        );
        container::start(&self.engine, &client, body, room).await
    }
}

/// Leaves nothing behind: whoever drops it is about to end.
impl Drop for Docker {
    fn drop(&mut self) {
        container::settle(PATIENCE);
    }
}

/// A place, once there is one.
async fn place(places: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    Arc::clone(places).acquire_owned().await.expect("nobody closes the semaphores of places")
}

fn fault(why: String) -> Fault {
    Fault::new(FaultKind::Sandbox, why)
}

fn broken(error: &Error) -> Gap {
    fatal(format!("the engine failed: {}", said(error)), "see the engine's log (journalctl -u docker)")
}

/// The id of an image that the engine has.
async fn looked_up(client: &bollard::Docker, name: &str) -> Result<String, Gap> {
    let image = client.inspect_image(name).await.map_err(|error| {
        if is_absent(&error) {
            fatal(
                format!("the engine has no image {name:?}"),
                &format!("fetch it first: docker pull {name}; or do without --sandbox-image"),
            )
        } else {
            broken(&error)
        }
    })?;
    if image.os.as_deref().is_some_and(|system| system != "linux") {
        return Err(fatal(format!("the image {name:?} is not of Linux"), "name another image"));
    }
    let volumes = image.config.and_then(|config| config.volumes).unwrap_or_default();
    if !volumes.is_empty() {
        return Err(fatal(
            format!("the image {name:?} has volumes ({}), whose size nobody limits", volumes.join(", ")),
            "make an image without VOLUME",
        ));
    }
    image.id.ok_or_else(|| fatal(format!("the image {name:?} has no id"), "name another image"))
}

/// A world in which nothing stands.
struct Empty;

impl HostedWorld for Empty {
    fn layout(&self) -> Layout {
        Layout {
            host_name: "ops".to_owned(),
            home: "/root".to_owned(),
            work_dir: "/root".to_owned(),
            zone: "UTC".to_owned(),
            socket: "/run/ops/ops.sock".to_owned(),
            ..Layout::default()
        }
    }

    fn reads(&self, _invocation: &Invocation) -> Vec<String> {
        Vec::new()
    }

    fn run(&mut self, _invocation: &Invocation, _seen: &Seen) -> Ran {
        Ran::default()
    }

    fn watches(&self) -> Vec<String> {
        Vec::new()
    }

    fn picture(&mut self, _seen: &Seen) -> Value {
        Value::Null
    }
}

impl SandboxHost for Docker {
    fn open<'a>(
        &'a self,
        _trial: &'a TrialKey,
        world: &'a WorldSpec,
    ) -> BoxFuture<'a, Result<Box<dyn Sandbox>, Fault>> {
        Box::pin(async move { Ok(Box::new(self.opened(world).await?) as Box<dyn Sandbox>) })
    }
}

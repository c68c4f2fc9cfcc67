//! A container: what the engine is told about it, its ends, and its end.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, HostConfigCgroupnsModeEnum, HostConfigLogConfig, Mount,
    MountBindOptions, MountType, ResourcesUlimits,
};
use bollard::query_parameters::{
    AttachContainerOptions, CreateContainerOptions, RemoveContainerOptions, StartContainerOptions,
};
use futures_util::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinSet;
use tokio_util::io::StreamReader;
use unbent_core::Layout;

use super::image::Base;
use super::owner::Owner;
use super::probe::{Abilities, Make};
use super::socket::Engine;
use crate::Limits;
use crate::program;
use crate::session::{Keeper, Process};
use crate::start::{TOOLS, place_size, places, tools_are_closed};

/// How much of what is complained is told: bytes.
const WORDS: usize = 4 << 10;

/// What shows the machine below: the engine's usual paths, and what else names it.
const MASKED: &[&str] = &[
    "/proc/acpi",
    "/proc/asound",
    "/proc/cmdline",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys",
];

/// What can be looked at and not changed.
const READ_ONLY: &[&str] = &["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// The places of a layout that can be written. A folder of tools that is closed lies in the image, so that the folder
/// around it does too, and only what the world has beside it is a place.
fn writable(layout: &Layout) -> BTreeSet<String> {
    let mut all = places(layout);
    if tools_are_closed(layout) {
        all.remove("/opt");
        let files = layout.files.iter().map(|file| &file.path);
        let singles = [&layout.home, &layout.work_dir, &layout.socket];
        let pids = layout.daemons.iter().filter_map(|daemon| daemon.pid_file.as_ref());
        let paths = files.chain(singles).chain(&layout.folders).chain(&layout.tools).chain(pids);
        all.extend(paths.filter_map(|path| {
            let second = path.strip_prefix("/opt/")?.split('/').next()?;
            let folder = format!("/opt/{second}");
            (folder != TOOLS).then_some(folder)
        }));
    }
    all
}

/// What the engine is told.
pub(super) fn told(
    layout: &Layout,
    limits: &Limits,
    base: &Base,
    image: String,
    owner: &Owner,
    abilities: Abilities,
) -> ContainerCreateBody {
    let places = writable(layout);
    let size = place_size(limits, places.len());
    let place = |place: String| {
        let mode = match place.as_str() {
            "/tmp" => "1777",
            "/root" => "0700",
            _ => "0755",
        };
        (place, format!("rw,exec,nosuid,nodev,size={size},mode={mode}"))
    };
    let mut tmpfs: HashMap<String, String> = places.into_iter().map(place).collect();
    tmpfs.insert("/dev".to_owned(), "ro,dev,noexec,nosuid,size=65536,mode=0755".to_owned());
    tmpfs.insert("/dev/shm".to_owned(), format!("rw,exec,nosuid,nodev,size={size},mode=1777"));
    let bind = |folder: &String| Mount {
        typ: Some(MountType::BIND),
        source: Some(folder.clone()),
        target: Some(folder.clone()),
        read_only: Some(true),
        // What is mounted below it would not be read-only everywhere.
        bind_options: Some(MountBindOptions { non_recursive: Some(true), ..Default::default() }),
        ..Default::default()
    };
    let mounts = match base {
        Base::Machine(machine) => machine.folders.iter().map(bind).collect(),
        Base::Image(_) => Vec::new(),
    };
    let all = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    let host = HostConfig {
        network_mode: Some("none".to_owned()),
        readonly_rootfs: Some(true),
        cap_drop: all(&["ALL"]),
        security_opt: all(&["no-new-privileges"]),
        ipc_mode: Some("none".to_owned()),
        cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
        memory: abilities.memory.then_some(limits.memory as i64),
        memory_swap: (abilities.memory && abilities.swap).then_some(limits.memory as i64),
        pids_limit: abilities.processes.then_some(i64::from(limits.processes)),
        nano_cpus: abilities.processors.then_some((limits.processors * 1e9) as i64),
        ulimits: Some(ulimits(limits, abilities.make)),
        log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), ..Default::default() }),
        auto_remove: Some(true),
        masked_paths: all(MASKED),
        readonly_paths: all(READ_ONLY),
        tmpfs: Some(tmpfs),
        mounts: Some(mounts),
        ..Default::default()
    };
    ContainerCreateBody {
        hostname: Some(layout.host_name.clone()),
        user: Some("0:0".to_owned()),
        image: Some(image),
        entrypoint: all(&[program::PATH]),
        cmd: Some(Vec::new()),
        working_dir: Some("/".to_owned()),
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        open_stdin: Some(true),
        // When our end is gone, so is its input, and with it the first process.
        stdin_once: Some(true),
        network_disabled: Some(true),
        // Podman asks systemd even for none, so it is not told where there can be none.
        healthcheck: matches!(base, Base::Image(_))
            .then(|| HealthConfig { test: all(&["NONE"]), ..Default::default() }),
        labels: Some(owner.labels()),
        host_config: Some(host),
        ..Default::default()
    }
}

/// Limits of the first process, which sets its own below them. Podman's usual ones are beyond what it may set in a
/// container itself.
fn ulimits(limits: &Limits, make: Make) -> Vec<ResourcesUlimits> {
    let limit = |name: &str, value: i64| ResourcesUlimits {
        name: Some(name.to_owned()),
        soft: Some(value),
        hard: Some(value),
    };
    let mut all = vec![limit("nofile", limits.open_files as i64)];
    if make == Make::Podman {
        all.push(limit("nproc", 16_384));
    }
    all
}

/// Removes a container when it is dropped.
struct Hold {
    engine: Engine,
    name: String,
    words: Arc<Mutex<Vec<u8>>>,
    room: Option<OwnedSemaphorePermit>,
}

impl Keeper for Hold {
    fn last_words(&self) -> String {
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&words).trim().to_owned()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let end = End {
            engine: self.engine.clone(),
            name: std::mem::take(&mut self.name),
            _room: self.room.take(),
        };
        // Without the thread it ends when its input does.
        let _ = ENDING.send(Job::Remove(end));
    }
}

/// A container that is to be removed. Its place is free when it is.
struct End {
    engine: Engine,
    name: String,
    _room: Option<OwnedSemaphorePermit>,
}

/// What the thread that ends containers is told.
enum Job {
    Remove(End),
    /// Say when all that was to be removed is.
    Settle(std::sync::mpsc::Sender<()>),
}

/// Removes containers on a thread that never ends, since who drops them may not wait.
static ENDING: LazyLock<mpsc::UnboundedSender<Job>> = LazyLock::new(|| {
    let (jobs, mut queue) = mpsc::unbounded_channel();
    let body = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            let mut going = JoinSet::new();
            while let Some(job) = queue.recv().await {
                match job {
                    Job::Remove(end) => _ = going.spawn(removed(end)),
                    Job::Settle(done) => {
                        while going.join_next().await.is_some() {}
                        // Whoever asked may have stopped waiting.
                        let _ = done.send(());
                    }
                }
                while going.try_join_next().is_some() {}
            }
        });
    };
    std::thread::Builder::new()
        .name("ends containers".to_owned())
        .spawn(body)
        .expect("a thread can be started");
    jobs
});

/// Waits until all containers that were dropped are gone, or for so long.
pub(super) fn settle(patience: Duration) {
    let (done, settled) = std::sync::mpsc::channel();
    if ENDING.send(Job::Settle(done)).is_ok() {
        // Whatever takes longer is left to the next start.
        let _ = settled.recv_timeout(patience);
    }
}

async fn removed(end: End) {
    let Ok(client) = end.engine.client() else { return };
    let options = RemoveContainerOptions { force: true, v: true, ..Default::default() };
    // It may have ended by itself; what cannot be removed now is found at the next start.
    let _ = client.remove_container(&end.name, Some(options)).await;
}

/// Makes and starts a container; its first process, with its ends.
///
/// # Errors
///
/// If the engine refuses.
pub(super) async fn start(
    engine: &Engine,
    client: &bollard::Docker,
    body: ContainerCreateBody,
    room: OwnedSemaphorePermit,
) -> Result<Process, Error> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("room-{}-{:x}-{number}", std::process::id(), crate::session::now());
    let words = Arc::new(Mutex::new(Vec::new()));
    // From now on whatever fails, and whoever stops waiting, leaves nothing.
    let hold = Hold { engine: engine.clone(), name: name.clone(), words: words.clone(), room: Some(room) };
    let options = CreateContainerOptions { name: Some(name.clone()), ..Default::default() };
    client.create_container(Some(options), body).await?;
    let options = AttachContainerOptions {
        stream: true,
        stdin: true,
        stdout: true,
        stderr: true,
        ..Default::default()
    };
    let ends = client.attach_container(&name, Some(options)).await?;
    client.start_container(&name, None::<StartContainerOptions>).await?;
    let said = ends.output.filter_map(move |output| {
        let bytes = match output {
            Ok(LogOutput::StdErr { message }) => {
                let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
                let left = WORDS.saturating_sub(words.len());
                words.extend_from_slice(&message[..message.len().min(left)]);
                None
            }
            Ok(output) => Some(Ok(output.into_bytes())),
            Err(error) => Some(Err(std::io::Error::other(error))),
        };
        std::future::ready(bytes)
    });
    Ok(Process {
        incoming: Box::new(StreamReader::new(Box::pin(said))),
        outgoing: Box::new(ends.input),
        keeper: Box::new(hold),
    })
}

//! Whether containers can be had here, and how strong they are.

use bollard::models::{SystemInfo, SystemVersion};

use super::socket::{Engine, Environment, NoEngine, fatal, said, wait_for};
use crate::Gap;

/// What a look at this machine found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// There is no engine, and nothing says that there should be one.
    Absent(Gap),
    /// There is one, or one is named, and it cannot be used.
    Unusable(Gap),
    /// There is one that answers.
    Usable {
        /// Its name and version.
        engine: String,
        /// Where it listens.
        socket: String,
        /// What is weaker than it could be.
        gaps: Vec<Gap>,
        /// What is usual, holds all the same, and could be stronger.
        remarks: Vec<Gap>,
    },
}

/// Looks for an engine; makes nothing.
pub fn probe() -> Found {
    let found = wait_for(async {
        let engine = Engine::find(&Environment::now()).await?;
        let about = About::of(&engine).await.map_err(NoEngine::Unusable)?;
        let socket = engine.socket.display().to_string();
        Ok(Found::Usable { engine: about.version, socket, gaps: about.gaps, remarks: about.remarks })
    });
    match found {
        Ok(Ok(found)) => found,
        Ok(Err(NoEngine::Absent(gap))) => Found::Absent(gap),
        Ok(Err(NoEngine::Unusable(gap))) => Found::Unusable(gap),
        Err(error) => Found::Unusable(no_runtime(&error)),
    }
}

pub(super) fn no_runtime(error: &std::io::Error) -> Gap {
    fatal(format!("nothing can be waited for ({error})"), "close some files or programs")
}

/// Which engine it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Make {
    Docker,
    Podman,
}

/// Which limits the engine can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Abilities {
    pub(super) make: Make,
    pub(super) memory: bool,
    pub(super) swap: bool,
    pub(super) processes: bool,
    pub(super) processors: bool,
}

/// What an engine says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct About {
    pub(super) version: String,
    pub(super) abilities: Abilities,
    pub(super) gaps: Vec<Gap>,
    pub(super) remarks: Vec<Gap>,
}

impl About {
    /// Asks.
    pub(super) async fn of(engine: &Engine) -> Result<Self, Gap> {
        let asked = async {
            let client = engine.client()?;
            Ok((client.version().await?, client.info().await?))
        };
        let (version, info) = asked.await.map_err(|error| {
            let missing = format!(
                "the engine at {} does not say what it is: {}",
                engine.socket.display(),
                said(&error)
            );
            fatal(missing, "restart the engine (systemctl restart docker)")
        })?;
        Self::judge(&version, &info)
    }

    fn judge(version: &SystemVersion, info: &SystemInfo) -> Result<Self, Gap> {
        let name =
            version.components.iter().flatten().next().map_or("Engine", |component| component.name.as_str());
        let name = if name == "Engine" { "Docker Engine" } else { name };
        let number = version.version.as_deref().unwrap_or("of no version");
        let shown = format!("{name} {number}");
        if let Some(system) = info.os_type.as_deref().filter(|system| *system != "linux") {
            return Err(fatal(
                format!("{shown} makes containers of {system}"),
                "switch the engine to Linux containers",
            ));
        }
        let ours = std::env::consts::ARCH;
        let theirs = match info.architecture.as_deref().unwrap_or(ours) {
            "amd64" => "x86_64",
            "arm64" => "aarch64",
            other => other,
        };
        if theirs != ours {
            return Err(fatal(
                format!("{shown} runs programs for {theirs}, and ours is for {ours}"),
                "use an engine on this machine",
            ));
        }
        let make = if name.starts_with("Podman") { Make::Podman } else { Make::Docker };
        let abilities = Abilities {
            make,
            memory: info.memory_limit.unwrap_or(true),
            swap: info.swap_limit.unwrap_or(true),
            processes: info.pids_limit.unwrap_or(true),
            processors: info.cpu_cfs_quota.unwrap_or(true),
        };
        let (gaps, remarks) = weaknesses(info, abilities);
        Ok(Self { version: shown, abilities, gaps, remarks })
    }

    /// Whether memory and processes are limited by the engine.
    pub(super) fn holds_limits(&self) -> bool {
        self.abilities.memory && self.abilities.processes
    }
}

/// What is weak, and what is usual and could be stronger.
fn weaknesses(info: &SystemInfo, abilities: Abilities) -> (Vec<Gap>, Vec<Gap>) {
    let gap = |missing: &str, works: &str, remedy: &str| Gap {
        missing: missing.to_owned(),
        works: works.to_owned(),
        remedy: remedy.to_owned(),
        fatal: false,
    };
    let options = info.security_options.as_deref().unwrap_or_default();
    let has = |name: &str| {
        options
            .iter()
            .any(|option| option.split(',').any(|part| part == name || part == format!("name={name}")))
    };
    let (mut gaps, mut remarks) = (Vec::new(), Vec::new());
    if !has("userns") && !has("rootless") {
        remarks.push(gap(
            "user 0 of a container is user 0 of the machine",
            "it has no capability, can gain none, and its system calls are filtered",
            "set userns-remap in /etc/docker/daemon.json, or use a rootless engine",
        ));
    }
    if abilities.make == Make::Podman {
        gaps.push(gap(
            "Podman shows /sys and /proc/cmdline of the machine inside, and has an /etc/passwd of its own there",
            "nothing of it can be written",
            "use Docker, or bubblewrap, where an agent may not know which machine it is on",
        ));
    }
    if !has("seccomp") {
        gaps.push(gap(
            "the engine filters no system calls",
            "our own filter holds",
            "use an engine that was built with seccomp",
        ));
    }
    if !abilities.memory || !abilities.processes {
        gaps.push(gap(
            "the engine cannot limit memory and processes of a container",
            "they are limited for each process, not for a container as a whole",
            "turn on the control groups memory and pids (kernel command line: cgroup_enable=memory)",
        ));
    }
    if !abilities.processors {
        gaps.push(gap(
            "the engine cannot limit processor time",
            "commands end when their time is up",
            "turn on the control group cpu with its quota",
        ));
    }
    (gaps, remarks)
}

#[cfg(test)]
mod tests {
    use bollard::models::{SystemInfo, SystemVersion, SystemVersionComponents};

    use super::About;

    fn version(name: &str) -> SystemVersion {
        let component =
            SystemVersionComponents { name: name.to_owned(), version: "5".to_owned(), details: None };
        SystemVersion {
            components: Some(vec![component]),
            version: Some("5.1".to_owned()),
            ..Default::default()
        }
    }

    fn info(options: &[&str]) -> SystemInfo {
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        SystemInfo {
            security_options: Some(options),
            os_type: Some("linux".to_owned()),
            ..Default::default()
        }
    }

    #[test]
    fn an_engine_of_its_own_users_that_limits_everything_lacks_nothing() {
        for options in [["name=seccomp,profile=default", "name=userns"], ["name=seccomp", "name=rootless"]] {
            let about = About::judge(&version("Engine"), &info(&options)).unwrap();
            assert_eq!(about.version, "Docker Engine 5.1");
            assert!(about.gaps.is_empty() && about.remarks.is_empty() && about.holds_limits(), "{about:?}");
        }
        let podman =
            About::judge(&version("Podman Engine"), &info(&["name=seccomp", "name=rootless"])).unwrap();
        assert_eq!((podman.version.as_str(), podman.gaps.len()), ("Podman Engine 5.1", 1));
    }

    #[test]
    fn what_an_engine_lacks_is_told_and_not_asked_of_it() {
        let weak =
            SystemInfo { memory_limit: Some(false), cpu_cfs_quota: Some(false), ..info(&["name=seccomp"]) };
        let about = About::judge(&version("Engine"), &weak).unwrap();
        assert!(!about.holds_limits() && !about.abilities.processors && about.abilities.processes);
        assert_eq!((about.gaps.len(), about.remarks.len()), (2, 1), "{about:?}");
        assert!(about.gaps.iter().chain(&about.remarks).all(|gap| !gap.fatal));
    }

    #[test]
    fn an_engine_of_another_system_or_processor_is_of_no_use() {
        for other in [
            SystemInfo { os_type: Some("windows".to_owned()), ..info(&[]) },
            SystemInfo { architecture: Some("riscv64".to_owned()), ..info(&[]) },
        ] {
            assert!(About::judge(&version("Engine"), &other).unwrap_err().fatal);
        }
        let same = SystemInfo { architecture: Some("amd64".to_owned()), ..info(&[]) };
        assert_eq!(About::judge(&version("Engine"), &same).is_ok(), std::env::consts::ARCH == "x86_64");
    }
}

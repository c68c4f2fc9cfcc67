//! Where the engine listens, and how it is spoken to.
//!
//! Sockets of this machine only: whoever speaks to an engine over the network mounts folders of another machine, and
//! mostly without knowing who listens on the way.

use std::future::Future;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use bollard::errors::Error;
use bollard::{API_DEFAULT_VERSION, ClientVersion};

use crate::Gap;

/// How long one request may take, in seconds.
const PATIENCE_S: u64 = 120;
/// How long the first request may take, in seconds.
const FIRST_PATIENCE_S: u64 = 10;

const OTHERS_WORK: &str = "sandboxes by bubblewrap and suites without a sandbox run all the same";

/// Why there is no engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoEngine {
    /// Nothing points to one.
    Absent(Gap),
    /// One is there or named, and cannot be used.
    Unusable(Gap),
}

/// An engine that listens at a socket.
#[derive(Debug, Clone)]
pub(super) struct Engine {
    pub(super) socket: PathBuf,
    version: ClientVersion,
}

impl NoEngine {
    pub(super) fn into_gap(self) -> Gap {
        match self {
            Self::Absent(gap) | Self::Unusable(gap) => gap,
        }
    }
}

pub(super) fn fatal(missing: String, remedy: &str) -> Gap {
    Gap { missing, works: OTHERS_WORK.to_owned(), remedy: remedy.to_owned(), fatal: true }
}

/// What the environment says of engines.
#[derive(Debug, Clone, Default)]
pub(super) struct Environment {
    /// DOCKER_HOST.
    pub(super) host: Option<String>,
    /// XDG_RUNTIME_DIR.
    pub(super) runtime: Option<PathBuf>,
}

impl Environment {
    pub(super) fn now() -> Self {
        let host = std::env::var_os("DOCKER_HOST").map(|host| host.to_string_lossy().into_owned());
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        Self {
            host: host.filter(|host| !host.is_empty()),
            runtime: runtime.filter(|folder| folder.is_absolute()),
        }
    }

    /// The same, but for the engine that somebody names.
    pub(super) fn with(mut self, engine: Option<&String>) -> Self {
        self.host = engine.cloned().or(self.host);
        self
    }

    /// The sockets that may be an engine's, the best first.
    fn candidates(&self) -> Result<Vec<PathBuf>, Gap> {
        let Some(host) = &self.host else {
            let own = |socket: &str| self.runtime.as_ref().map(|folder| folder.join(socket));
            let all = [
                Some(PathBuf::from("/var/run/docker.sock")),
                own("docker.sock"),
                Some(PathBuf::from("/run/podman/podman.sock")),
                own("podman/podman.sock"),
            ];
            return Ok(all.into_iter().flatten().collect());
        };
        match host.split_once("://") {
            Some(("unix", path)) if path.starts_with('/') => Ok(vec![PathBuf::from(path)]),
            // Only what stands before, as what follows may hold a name and a password.
            Some((scheme, _)) if scheme != "unix" => Err(fatal(
                format!(
                    "DOCKER_HOST names an engine by {scheme}://, and only sockets of this machine are used"
                ),
                "set DOCKER_HOST to unix:///PATH/docker.sock, or unset it",
            )),
            _ => Err(fatal(
                "DOCKER_HOST is no address of the form unix:///PATH".to_owned(),
                "set DOCKER_HOST to unix:///PATH/docker.sock, or unset it",
            )),
        }
    }

    /// The first socket at which somebody listens.
    pub(super) fn socket(&self) -> Result<PathBuf, NoEngine> {
        let named = self.host.is_some();
        let mut unusable = None;
        for socket in self.candidates().map_err(NoEngine::Unusable)? {
            match UnixStream::connect(&socket) {
                Ok(_) => return Ok(socket),
                Err(error) if !named && error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => _ = unusable.get_or_insert_with(|| deaf(&socket, &error)),
            }
        }
        Err(unusable.map_or_else(
            || {
                NoEngine::Absent(fatal(
                    "no socket of Docker or Podman".to_owned(),
                    "install Docker (Debian: package docker.io) or start podman's service (systemctl --user start podman.socket), \
                     or set DOCKER_HOST to unix:///PATH",
                ))
            },
            NoEngine::Unusable,
        ))
    }
}

/// A socket that takes no connection.
fn deaf(socket: &Path, error: &io::Error) -> Gap {
    let shown = socket.display();
    match error.kind() {
        io::ErrorKind::PermissionDenied => fatal(
            format!("no permission to use {shown}"),
            "join the group that may use it (usermod -aG docker USER, then log in anew; whoever may is as good as root), \
             or use a rootless engine",
        ),
        io::ErrorKind::ConnectionRefused => {
            fatal(format!("nobody listens at {shown}"), "start the engine (systemctl start docker)")
        }
        _ => fatal(
            format!("{shown} cannot be used: {error}"),
            "start the engine (systemctl start docker), or set DOCKER_HOST to unix:///PATH",
        ),
    }
}

impl Engine {
    /// Finds the engine and agrees with it on a version of its interface.
    pub(super) async fn find(environment: &Environment) -> Result<Self, NoEngine> {
        let socket = environment.socket()?;
        let silent = |error: &Error| {
            NoEngine::Unusable(fatal(
                format!("what listens at {} is no engine that answers: {}", socket.display(), said(error)),
                "restart the engine (systemctl restart docker)",
            ))
        };
        let at = socket.to_string_lossy();
        let client = bollard::Docker::connect_with_unix(&at, FIRST_PATIENCE_S, API_DEFAULT_VERSION)
            .map_err(|error| silent(&error))?;
        let client = client.negotiate_version().await.map_err(|error| silent(&error))?;
        let version = client.client_version();
        Ok(Self { socket, version })
    }

    /// A client of its own, since the connections of a client belong to the runtime that they were made in.
    pub(super) fn client(&self) -> Result<bollard::Docker, Error> {
        bollard::Docker::connect_with_unix(&self.socket.to_string_lossy(), PATIENCE_S, &self.version)
    }
}

/// What went wrong, in the engine's words.
pub(super) fn said(error: &Error) -> String {
    match error {
        Error::DockerResponseServerError { message, .. } => message.trim().to_owned(),
        Error::RequestTimeoutError => "no answer in time".to_owned(),
        error => {
            let mut said = error.to_string();
            let mut cause: &dyn std::error::Error = error;
            while let Some(deeper) = cause.source() {
                let words = deeper.to_string();
                if !said.contains(&words) {
                    said = format!("{said}: {words}");
                }
                cause = deeper;
            }
            said
        }
    }
}

/// Whether the engine said that there is no such thing.
pub(super) fn is_absent(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 404, .. })
}

/// Waits for something from code that does not wait, whether it runs in a runtime or not.
pub(super) fn wait_for<T: Send>(future: impl Future<Output = T> + Send) -> io::Result<T> {
    std::thread::scope(|scope| {
        // In a thread of its own from its beginning to its end, as a runtime cannot be within another.
        let waiting = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            Ok(runtime.block_on(future))
        });
        waiting.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixListener;
    use std::path::PathBuf;

    use super::{Engine, Environment, NoEngine};

    fn at(host: &str) -> Environment {
        Environment { host: Some(host.to_owned()), runtime: None }
    }

    #[test]
    fn only_sockets_of_this_machine_are_taken_and_no_password_is_shown() {
        for host in
            ["tcp://ann:secret@10.0.0.1:2375", "ssh://ann:secret@far", "unix:relative", "unix://rel", "x"]
        {
            let NoEngine::Unusable(gap) = at(host).socket().unwrap_err() else { panic!("{host}") };
            assert!(
                gap.fatal && gap.missing.contains("DOCKER_HOST") && !gap.missing.contains("secret"),
                "{gap}"
            );
            assert!(gap.remedy.contains("unix:///"), "{gap}");
        }
    }

    #[test]
    fn the_usual_places_are_looked_at_in_their_order() {
        let runtime = Environment { host: None, runtime: Some("/run/user/7".into()) };
        let expected = [
            "/var/run/docker.sock",
            "/run/user/7/docker.sock",
            "/run/podman/podman.sock",
            "/run/user/7/podman/podman.sock",
        ];
        assert_eq!(runtime.candidates().unwrap(), expected.map(PathBuf::from));
        assert_eq!(Environment::default().candidates().unwrap().len(), 2);
    }

    #[test]
    fn a_socket_that_is_named_and_not_there_or_deaf_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("s");
        let host = format!("unix://{}", socket.display());
        let NoEngine::Unusable(gap) = at(&host).socket().unwrap_err() else { panic!("it was named") };
        assert!(gap.missing.contains("cannot be used"), "{gap}");
        drop(UnixListener::bind(&socket).unwrap());
        let NoEngine::Unusable(gap) = at(&host).socket().unwrap_err() else { panic!("it was named") };
        assert!(gap.missing.contains("nobody listens at"), "{gap}");
    }

    #[tokio::test]
    async fn what_is_no_engine_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("s");
        let listener = UnixListener::bind(&socket).unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                if stream.read(&mut [0; 512]).unwrap() > 0 {
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").unwrap();
                }
            }
        });
        let found = Engine::find(&at(&format!("unix://{}", socket.display()))).await;
        let NoEngine::Unusable(gap) = found.unwrap_err() else { panic!("it was named") };
        assert!(gap.missing.contains("no engine that answers"), "{gap}");
    }
}

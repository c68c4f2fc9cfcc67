//! The engine that tests may use: the one that UNBENT_DOCKER_HOST names, or the usual one; none if that is `none`.
//! And an image for it.

use std::collections::{BTreeSet, HashMap};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bollard::query_parameters::{CreateImageOptions, ListImagesOptions, RemoveImageOptions};
use futures_util::TryStreamExt;
use unbent_sandbox::Limits;
use unbent_sandbox::docker::{Docker, Found, Options, probe};

use crate::contract::room::Host;
use crate::contract::world::Scripted;

/// Where the engine listens, if that is said: then it has to be there.
fn named() -> Option<String> {
    std::env::var("UNBENT_DOCKER_HOST").ok().filter(|host| !host.is_empty())
}

/// The options of a host for limits.
pub(crate) fn options(limits: Limits) -> Options {
    Options { worlds: Arc::new(Scripted), limits, max_open: 8, image: None, engine: named() }
}

/// Whether tests shall do without an engine, which is printed.
fn is_barred() -> bool {
    let barred = named().as_deref() == Some("none");
    if barred {
        eprintln!("skipped: UNBENT_DOCKER_HOST names no engine");
    }
    barred
}

/// A host, or none where there is no engine, which is printed.
pub(crate) fn host(limits: Limits) -> Option<Host> {
    if is_barred() {
        return None;
    }
    match Docker::new(options(limits)) {
        Ok(host) => Some(Arc::new(host)),
        Err(unavailable) if named().is_some() => panic!("{unavailable}"),
        Err(unavailable) => {
            eprintln!("skipped: {unavailable}");
            None
        }
    }
}

/// A client of our own; none where there is no engine, which is printed.
pub(crate) fn client() -> Option<bollard::Docker> {
    if is_barred() {
        return None;
    }
    let socket = match (named(), probe()) {
        (Some(host), _) => host.trim_start_matches("unix://").to_owned(),
        (None, Found::Usable { socket, .. }) => socket,
        (None, Found::Absent(gap) | Found::Unusable(gap)) => {
            eprintln!("skipped: {gap}");
            return None;
        }
    };
    // A version of the interface that every engine since 2020 has had.
    let version = &bollard::ClientVersion { major_version: 1, minor_version: 41 };
    Some(bollard::Docker::connect_with_unix(&socket, 60, version).unwrap())
}

/// An image of a few programs of this machine; removed with what was made of it.
pub(crate) struct Image {
    client: bollard::Docker,
    pub(crate) name: String,
    mark: String,
}

impl Image {
    /// Imports one, with changes such as `VOLUME /x`.
    pub(crate) async fn import(
        client: &bollard::Docker,
        what: &str,
        programs: &[&str],
        changes: &[&str],
    ) -> Self {
        let name = format!("localhost/ops/{what}:{}", std::process::id());
        let mark = format!("unbent.test={what}-{}", std::process::id());
        let mut archive = tar::Builder::new(Vec::new());
        let mut files: BTreeSet<String> = programs.iter().map(|program| format!("/bin/{program}")).collect();
        for program in programs {
            let needs = Command::new("ldd").arg(format!("/bin/{program}")).output().unwrap().stdout;
            let needs = String::from_utf8(needs).unwrap();
            files.extend(
                needs.split_ascii_whitespace().filter(|word| word.starts_with('/')).map(str::to_owned),
            );
        }
        for file in &files {
            let content = std::fs::read(file).unwrap();
            put(&mut archive, file, &content);
        }
        put(&mut archive, "/mark", mark.as_bytes());
        let changes = changes.iter().map(|change| (*change).to_owned());
        let options = CreateImageOptions {
            from_src: Some("-".to_owned()),
            repo: Some(name.clone()),
            changes: changes.chain([format!("LABEL {mark}")]).collect(),
            ..Default::default()
        };
        let body = bollard::body_full(archive.into_inner().unwrap().into());
        let made: Vec<_> = client.create_image(Some(options), Some(body), None).try_collect().await.unwrap();
        assert!(!made.is_empty());
        Self { client: client.clone(), name, mark }
    }

    /// Removes what was made of it; how many.
    pub(crate) async fn remove_descendants(&self) -> usize {
        let filters =
            HashMap::from([("label".to_owned(), vec![self.mark.clone(), "unbent.image".to_owned()])]);
        let options = ListImagesOptions { filters: Some(filters), ..Default::default() };
        let images = self.client.list_images(Some(options)).await.unwrap();
        for image in &images {
            let began = Instant::now();
            let options = || RemoveImageOptions { force: true, ..Default::default() };
            // As long as a container of it is on its way out, the engine refuses.
            while let Err(error) = self.client.remove_image(&image.id, Some(options()), None).await {
                assert!(began.elapsed() < Duration::from_mins(1), "{error}");
            }
        }
        images.len()
    }

    pub(crate) async fn remove(self) {
        self.remove_descendants().await;
        let options = RemoveImageOptions { force: true, ..Default::default() };
        self.client.remove_image(&self.name, Some(options), None).await.unwrap();
    }
}

fn put(archive: &mut tar::Builder<Vec<u8>>, path: &str, content: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o755);
    header.set_size(content.len() as u64);
    archive.append_data(&mut header, path.trim_start_matches('/'), content).unwrap();
}

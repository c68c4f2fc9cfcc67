//! What the root of a container is made of: our program and its settings, over the machine's programs or over an image
//! of the user's.
//!
//! Nothing is fetched. Our own image holds no program but ours: the folders of `/usr` are bound into the container, as
//! bubblewrap does too.

use std::collections::HashMap;
use std::fs;
use std::io;

use bollard::errors::Error;
use bollard::models::{ContainerConfig, ContainerCreateBody};
use bollard::query_parameters::{
    CommitContainerOptions, CreateContainerOptions, CreateImageOptions, ListImagesOptions,
    RemoveContainerOptions, RemoveImageOptions, UploadToContainerOptions,
};
use futures_util::TryStreamExt;
use unbent_core::Layout;

use super::owner::Owner;
use super::socket::is_absent;
use crate::program;
use crate::start::{TOOLS, tools_are_closed};
use crate::system::System;

/// The name of images of ours, which says nothing, and which both engines take as it is.
const NAME: &str = "localhost/ops/base";

/// The label of images of ours: for which program they were made.
const LABEL: &str = "unbent.image";

/// What the programs in a container are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Base {
    /// Those of this machine.
    Machine(Machine),
    /// Those of an image, by its id.
    Image(String),
}

/// Where the programs of this machine lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Machine {
    /// Links of the root and of `/usr`: name and target.
    links: Vec<(String, String)>,
    /// Folders that are bound.
    pub(super) folders: Vec<String>,
}

impl Machine {
    pub(super) fn find() -> io::Result<Self> {
        let System { mut links, mut folders } = System::find();
        for entry in fs::read_dir("/usr")? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let Ok(path) = entry.path().into_os_string().into_string() else { continue };
            if kind.is_symlink() {
                if let Ok(target) = fs::read_link(&path)?.into_os_string().into_string() {
                    links.push((path, target));
                }
            } else if kind.is_dir() && path != "/usr/local" {
                folders.push(path);
            }
        }
        if fs::metadata("/etc/alternatives").is_ok_and(|about| about.is_dir()) {
            folders.push("/etc/alternatives".to_owned());
        }
        links.sort();
        folders.sort();
        Ok(Self { links, folders })
    }
}

/// What is put over a base for a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layer {
    archive: Vec<u8>,
    /// The tag of the image, which follows from what is in it.
    pub(super) tag: String,
}

impl Layer {
    /// The layer for the containers of a layout.
    pub(super) fn new(layout: &Layout, base: &Base) -> io::Result<Self> {
        let archive = archive(layout, base)?;
        let mut hasher = blake3::Hasher::new();
        if let Base::Image(id) = base {
            hasher.update(id.as_bytes());
        }
        let tag = hasher.update(&archive).finalize().to_hex()[..16].to_owned();
        Ok(Self { archive, tag })
    }

    /// The name of the image.
    pub(super) fn image(&self) -> String {
        format!("{NAME}:{}", self.tag)
    }

    /// Makes the image, if the engine does not have it.
    pub(super) async fn make(&self, client: &bollard::Docker, base: &Base) -> Result<(), Error> {
        match client.inspect_image(&self.image()).await {
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(error),
            Ok(_) => return Ok(()),
        }
        match base {
            Base::Machine(_) => self.import(client).await,
            Base::Image(id) => self.put_over(client, id).await,
        }
    }

    async fn import(&self, client: &bollard::Docker) -> Result<(), Error> {
        let options = CreateImageOptions {
            from_src: Some("-".to_owned()),
            // Podman knows of no tag beside the name here.
            repo: Some(self.image()),
            changes: vec![change()],
            ..Default::default()
        };
        let body = bollard::body_full(self.archive.clone().into());
        client.create_image(Some(options), Some(body), None).try_for_each(|_| async { Ok(()) }).await
    }

    /// A container that never runs takes the layer, and becomes the image.
    async fn put_over(&self, client: &bollard::Docker, id: &str) -> Result<(), Error> {
        let body = ContainerCreateBody {
            image: Some(id.to_owned()),
            entrypoint: Some(vec![program::PATH.to_owned()]),
            labels: Some(Owner::us().labels()),
            network_disabled: Some(true),
            ..Default::default()
        };
        let container = client.create_container(None::<CreateContainerOptions>, body).await?.id;
        let made = async {
            let options = UploadToContainerOptions { path: "/".to_owned(), ..Default::default() };
            let archive = bollard::body_full(self.archive.clone().into());
            client.upload_to_container(&container, Some(options), archive).await?;
            let options = CommitContainerOptions {
                container: Some(container.clone()),
                repo: Some(NAME.to_owned()),
                tag: Some(self.tag.clone()),
                changes: Some(change()),
                ..Default::default()
            };
            client.commit_container(options, ContainerConfig::default()).await
        }
        .await;
        let options = RemoveContainerOptions { force: true, v: true, ..Default::default() };
        client.remove_container(&container, Some(options)).await?;
        made.map(|_| ())
    }
}

/// Labels the image with the program that is in it.
fn change() -> String {
    format!("LABEL {LABEL}={}", blake3::hash(program::PROGRAM).to_hex())
}

fn archive(layout: &Layout, base: &Base) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    let header = |kind: tar::EntryType, mode: u32, size: usize| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(size as u64);
        // Any day that is no day of ours.
        header.set_mtime(1_700_000_000);
        header
    };
    let inside = |path: &str| path.trim_start_matches('/').to_owned();
    let folders = ["/usr/local", "/usr/local/bin", "/usr/local/lib", "/usr/local/lib/ops"];
    let tools: Vec<&String> = if tools_are_closed(layout) {
        layout.tools.iter().filter(|tool| tool.starts_with(TOOLS)).collect()
    } else {
        Vec::new()
    };
    let of_tools: &[&str] = if tools.is_empty() { &[] } else { &["/opt", TOOLS] };
    for folder in folders.iter().chain(of_tools) {
        archive.append_data(&mut header(tar::EntryType::Directory, 0o755, 0), inside(folder), io::empty())?;
    }
    let files =
        [(program::PATH, program::PROGRAM, 0o555), (program::SETTINGS, layout.socket.as_bytes(), 0o444)];
    for (path, content, mode) in files {
        archive.append_data(
            &mut header(tar::EntryType::Regular, mode, content.len()),
            inside(path),
            content,
        )?;
    }
    let mut link = |path: &str, target: &str| {
        archive.append_link(&mut header(tar::EntryType::Symlink, 0o777, 0), inside(path), target)
    };
    if let Base::Machine(machine) = base {
        for (path, target) in &machine.links {
            link(path, target)?;
        }
    }
    for tool in tools {
        link(tool, program::PATH)?;
    }
    archive.into_inner()
}

/// Removes the images of ours that were made for other programs and are not in use.
pub(super) async fn remove_left_overs(client: &bollard::Docker) -> Result<(), Error> {
    let filters = HashMap::from([("label".to_owned(), vec![LABEL.to_owned()])]);
    let options = ListImagesOptions { filters: Some(filters), ..Default::default() };
    let ours = blake3::hash(program::PROGRAM).to_hex();
    for image in client.list_images(Some(options)).await? {
        if image.labels.get(LABEL).is_some_and(|label| *label != ours.as_str()) {
            // One that is in use stays.
            let _ = client.remove_image(&image.id, None::<RemoveImageOptions>, None).await;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use unbent_core::{Layout, WorldFile};

    use super::{Base, Layer, Machine};
    use crate::program;

    fn layout() -> Layout {
        Layout {
            tools: vec!["/opt/tools/ledger".into(), "/srv/bin/x".into()],
            socket: "/run/ops/s".into(),
            ..Layout::default()
        }
    }

    fn machine() -> Base {
        Base::Machine(Machine {
            links: vec![("/bin".into(), "usr/bin".into())],
            folders: vec!["/usr/bin".into()],
        })
    }

    fn names(layer: &Layer) -> BTreeMap<String, String> {
        let mut archive = tar::Archive::new(&layer.archive[..]);
        let told = archive.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            let link = entry.link_name().unwrap().map(|link| link.display().to_string());
            let header = entry.header();
            assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
            let told =
                link.unwrap_or_else(|| format!("{:o} {}", header.mode().unwrap(), header.size().unwrap()));
            (entry.path().unwrap().display().to_string(), told)
        });
        told.collect()
    }

    #[test]
    fn the_layer_holds_the_program_its_settings_and_the_tools_that_are_closed() {
        let layer = Layer::new(&layout(), &machine()).unwrap();
        let names = names(&layer);
        assert_eq!(names["bin"], "usr/bin");
        assert_eq!(names["opt/tools/ledger"], program::PATH);
        assert_eq!(names["usr/local/lib/ops/svc"], format!("555 {}", program::PROGRAM.len()));
        assert_eq!(names["usr/local/lib/ops/svc.conf"], "444 10");
        assert!(!names.keys().any(|name| name.starts_with("srv") || name.starts_with('/')), "{names:?}");
    }

    #[test]
    fn the_image_is_another_where_anything_in_it_is() {
        let tag = |layout: &Layout, base: &Base| Layer::new(layout, base).unwrap().tag;
        let usual = tag(&layout(), &machine());
        assert_eq!(usual, tag(&layout(), &machine()));
        let file =
            WorldFile { path: "/opt/tools/a".into(), content: Vec::new(), mode: 0o644, age_minutes: 0 };
        let others = [
            tag(&Layout { socket: "/run/t".into(), ..layout() }, &machine()),
            tag(&Layout { files: vec![file], ..layout() }, &machine()),
            tag(&layout(), &Base::Image("a".into())),
            tag(&layout(), &Base::Image("b".into())),
        ];
        let all: std::collections::BTreeSet<_> = others.iter().chain([&usual]).collect();
        assert_eq!(all.len(), 5, "{all:?}");
    }
}

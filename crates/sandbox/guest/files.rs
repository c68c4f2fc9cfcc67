//! Files: looked at and read as whoever opens them would, written for the world and for those inside.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::sys;
use crate::wire::{Change, Content, Cut, File, Node, Report};

/// How many names of a folder are told.
const NAMES: usize = 10_000;

pub(crate) fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}

/// What went wrong, in the words of the system and without its number.
pub(crate) fn why(error: &io::Error) -> Vec<u8> {
    let text = error.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    text.as_bytes()[..end].to_vec()
}

fn refused(kind: io::ErrorKind, why: &'static str) -> io::Error {
    io::Error::new(kind, why)
}

/// Opens a file that is one: neither a device nor a pipe, nor the kernel's view of this process.
fn open_plain(path: &Path, options: &mut OpenOptions) -> io::Result<fs::File> {
    let file = options.custom_flags(sys::O_NONBLOCK | sys::O_NOCTTY).open(path)?;
    let kind = file.metadata()?.file_type();
    if kind.is_dir() {
        return Err(refused(io::ErrorKind::IsADirectory, "Is a directory"));
    }
    if sys::is_of_proc(file.as_fd()) {
        return Err(refused(io::ErrorKind::PermissionDenied, "Permission denied"));
    }
    if !kind.is_file() {
        return Err(refused(io::ErrorKind::InvalidInput, "Not a regular file"));
    }
    Ok(file)
}

/// What stands at a path.
pub(crate) fn look(path: &Path, longest: u64) -> Node {
    match looked(path, longest) {
        Ok(node) => node,
        Err(error) if is_absent(&error) => Node::Absent(()),
        Err(error) => Node::Unreadable(why(&error)),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn looked(path: &Path, longest: u64) -> io::Result<Node> {
    if fs::metadata(path)?.is_dir() {
        let mut names = fs::read_dir(path)?
            .take(NAMES)
            .map(|entry| entry.map(|entry| entry.file_name().as_bytes().to_vec()))
            .collect::<io::Result<Vec<_>>>()?;
        names.sort();
        return Ok(Node::Folder(names));
    }
    let file = open_plain(path, OpenOptions::new().read(true))?;
    let about = file.metadata()?;
    let mut content = Vec::new();
    (&file).take(longest).read_to_end(&mut content)?;
    Ok(Node::File(Content { content, size: about.size(), mode: about.mode() & 0o7777 }))
}

/// Reads a file for somebody who is shown no more than `longest` bytes.
pub(crate) fn read(path: &Path, longest: u64) -> Report {
    let read = || -> io::Result<Cut> {
        let mut file = open_plain(path, OpenOptions::new().read(true))?;
        let size = file.metadata()?.size();
        let (mut head, mut tail) = (Vec::new(), Vec::new());
        if size <= longest {
            (&file).take(longest).read_to_end(&mut head)?;
            return Ok(Cut { head, missing: 0, tail });
        }
        let half = longest / 2;
        (&file).take(half).read_to_end(&mut head)?;
        file.seek(SeekFrom::Start(size - half))?;
        (&file).take(half).read_to_end(&mut tail)?;
        Ok(Cut { head, missing: size - 2 * half, tail })
    };
    match read() {
        Ok(cut) => Report::Read(cut),
        Err(error) if is_absent(&error) => Report::Missing(()),
        Err(error) => Report::Refused(why(&error)),
    }
}

/// Writes a file for somebody inside, with their rights.
pub(crate) fn write(path: &Path, content: &[u8]) -> Report {
    let write = || -> io::Result<()> {
        let open =
            || open_plain(path, OpenOptions::new().write(true).create(true).truncate(false).mode(0o644));
        let file = match (open(), path.parent()) {
            (Err(error), Some(folder)) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(folder)?;
                open()?
            }
            (opened, _) => opened?,
        };
        file.set_len(0)?;
        file.write_all_at(content, 0)
    };
    match write() {
        Ok(()) => Report::Written(()),
        Err(error) => Report::Refused(why(&error)),
    }
}

/// Writes a file of the world, whatever stands there and whoever may write there.
pub(crate) fn put(file: &File) -> io::Result<()> {
    let path = path(&file.path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    if let Ok(about) = fs::symlink_metadata(&path) {
        if about.is_dir() {
            fs::remove_dir_all(&path)?;
        } else if !about.is_file() || about.nlink() > 1 {
            fs::remove_file(&path)?;
        } else if about.mode() & 0o200 == 0 {
            fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        }
    }
    let mut out = OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
    out.write_all(&file.content)?;
    out.set_permissions(Permissions::from_mode(file.mode))?;
    sys::set_changed(&path, file.changed, 0)
}

/// Carries out what a world decided; says what could not be done.
pub(crate) fn change(change: &Change) -> Result<(), Vec<u8>> {
    let (path, done) = match change {
        Change::Write(file) => (&file.path, put(file)),
        Change::Remove(path) => (path, remove(&self::path(path))),
    };
    done.map_err(|error| {
        let mut said = b"cannot write ".to_vec();
        said.extend_from_slice(path);
        said.extend_from_slice(b": ");
        said.extend_from_slice(&why(&error));
        said.push(b'\n');
        said
    })
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(about) if about.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if is_absent(&error) => Ok(()),
        Err(error) => Err(error),
    }
}

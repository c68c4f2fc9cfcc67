//! Files that appear whole or not at all.

use std::io::{self, Write as _};
use std::path::Path;

/// Writes the bytes beside their place and then moves them there; what was there before is replaced.
///
/// # Errors
///
/// The folder is not there, cannot be written to, or has no room; then what was there is as before.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut staged = builder.prefix(".unbent-").tempfile_in(parent)?;
    staged.write_all(bytes)?;
    staged.persist(path).map_err(|error| error.error)?;
    Ok(())
}

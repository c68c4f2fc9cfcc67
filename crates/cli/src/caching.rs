//! Where the cache of answers is, and what a command line wants of it.

use std::path::PathBuf;
use std::sync::Arc;

use unbent_engine::Cache;
use unbent_store::{CacheError, CacheFile};

use crate::args::{CacheArgs, CacheMode, CachePlaceArgs};
use crate::error::CommandError;
use crate::hosts::Keys;
use crate::output;

impl CacheArgs {
    /// Whether models will be asked.
    pub(crate) fn keys(&self) -> Keys {
        if self.mode == CacheMode::Replay { Keys::Unneeded } else { Keys::Needed }
    }

    /// Opens the cache that is asked for; none where nothing is kept yet and nothing shall be.
    pub(crate) fn open(&self, json: bool) -> Result<Option<Cache>, CommandError> {
        let file = match self.mode {
            CacheMode::Off => return Ok(None),
            CacheMode::Write => CacheFile::open_or_create(&self.place.path()?)?,
            CacheMode::Replay => CacheFile::open(&self.place.path()?)?,
            CacheMode::Read => match CacheFile::open(&self.place.path()?) {
                Err(error @ CacheError::NotFound { .. }) => {
                    output::warn(&format!("{error}: everything is asked for"), json);
                    return Ok(None);
                }
                opened => opened?,
            },
        };
        Ok(Some(Cache {
            answers: Arc::new(file),
            writes: self.mode == CacheMode::Write,
            asks: self.mode != CacheMode::Replay,
        }))
    }
}

impl CachePlaceArgs {
    /// The file of the cache; see <https://specifications.freedesktop.org/basedir/latest/> for the default.
    pub(crate) fn path(&self) -> Result<PathBuf, CommandError> {
        let absolute = |path: &PathBuf| path.is_absolute();
        let folder = || {
            let named = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(absolute);
            named.or_else(|| Some(std::env::home_dir().filter(absolute)?.join(".cache")))
        };
        self.file.clone().or_else(|| Some(folder()?.join("unbent/answers.sqlite"))).ok_or_else(|| {
            CommandError::usage(
                "there is no place for the cache: neither XDG_CACHE_HOME nor HOME names a folder",
            )
            .hint("name the file: --cache-file FILE, or UNBENT_CACHE=FILE")
        })
    }
}

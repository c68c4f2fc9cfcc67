//! The cache of answers: one SQLite file that several processes read and fill at once.
//!
//! It knows keys and answers, and not what a key is made of. Unlike a run file it may be deleted at any time, and it may
//! lose what was kept in the last moments before a crash or a power cut: nobody waits for its thread, which commits many
//! answers at once and itself waits for the disk only now and then (`synchronous = NORMAL`). What it forgets is asked for
//! again. It is never half-written.

mod keeper;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _};
use unbent_core::{AnswerCache, Blob, BlobRef, Reply, SourceError};

use self::keeper::Keeper;
use crate::format;
use crate::pack::PackedBlob;
use crate::read;
use crate::write::folder_of;

/// Marks an SQLite database as a cache of answers: the letters `Unbc`.
const APPLICATION_ID: i32 = 0x556e_6263;

/// The version of the tables. 1: the first.
const VERSION: i64 = 1;

const TABLES: &str = "
CREATE TABLE answer (
    key    BLOB PRIMARY KEY NOT NULL,
    hash   BLOB NOT NULL,
    coding INTEGER NOT NULL,
    size   INTEGER NOT NULL,
    bytes  BLOB NOT NULL
) STRICT;
";

/// How long a cache that other processes are making is tried again, and how often.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(5);

/// No answer is larger, in bytes; an entry that says so is damaged.
const ANSWER_LIMIT: i64 = 1 << 28;

/// A cache of answers that cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Nothing is there, or a file that nothing was ever written to.
    #[error("there is no cache of answers {}", path.display())]
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("{} is not a cache of answers: {why}", path.display())]
    NotACache {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// The file has another version than this program knows.
    #[error("the cache of answers {} has version {found}; this program knows {VERSION}", path.display())]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// The version of the file.
        found: i64,
    },
    /// The file does not hold what was written to it.
    #[error("the cache of answers {} is damaged ({what}); delete the file", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The system refused.
    #[error("the cache of answers {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// SQLite refused, such as for a full disk.
    #[error("the cache of answers {}: {source}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

impl CacheError {
    /// Whether another process has it just now.
    fn is_busy(&self) -> bool {
        let Self::Sqlite { source, .. } = self else { return false };
        matches!(source.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
    }
}

impl From<CacheError> for SourceError {
    fn from(error: CacheError) -> Self {
        Self { message: error.to_string() }
    }
}

/// What a cache of answers holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheSummary {
    /// How many answers.
    pub answers: u64,
    /// Bytes on disk.
    pub bytes: u64,
}

/// A file in which answers are kept.
///
/// An answer is found a moment after it was put. Dropping the file waits until all that was put is written.
pub struct CacheFile {
    path: PathBuf,
    conn: Mutex<Connection>,
    /// Who writes; none if it was opened for reading.
    keeper: Option<Keeper>,
}

impl CacheFile {
    /// Opens a cache that is there, to read from it.
    pub fn open(path: &Path) -> Result<Self, CacheError> {
        if !path.exists() {
            return Err(CacheError::NotFound { path: path.to_owned() });
        }
        let file = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let conn = file.lock();
        conn.pragma_update(None, "query_only", "ON").map_err(|error| file.error(error))?;
        if file.is_blank(&conn)? {
            return Err(CacheError::NotFound { path: path.to_owned() });
        }
        file.check(&conn)?;
        drop(conn);
        Ok(file)
    }

    /// Opens a cache to read and fill it; makes it, and the folders that it is in, where it is not there.
    pub fn open_or_create(path: &Path) -> Result<Self, CacheError> {
        let folder = folder_of(path);
        std::fs::create_dir_all(folder)
            .map_err(|source| CacheError::Io { path: folder.to_owned(), source })?;
        // Of several processes that turn a new database to WAL at once, SQLite refuses all but one without waiting.
        let patience = Instant::now() + PATIENCE;
        loop {
            match Self::try_open_or_create(path) {
                Err(error) if error.is_busy() && Instant::now() < patience => std::thread::sleep(PAUSE),
                outcome => return outcome,
            }
        }
    }

    fn try_open_or_create(path: &Path) -> Result<Self, CacheError> {
        let file = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        let conn = file.lock();
        if file.is_blank(&conn)? {
            file.lay_out(&conn)?;
        }
        file.check(&conn)?;
        conn.pragma_update(None, "journal_mode", "WAL").map_err(|error| file.error(error))?;
        drop(conn);
        let writing = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let keeper = Keeper::start(writing.conn, path).map_err(|error| file.error(error))?;
        Ok(Self { keeper: Some(keeper), ..file })
    }

    /// Deletes a cache, and nothing else: a file that does not say that it is one stays. Damage is no hindrance.
    pub fn delete(path: &Path) -> Result<(), CacheError> {
        let io = |path: &Path, source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => CacheError::NotFound { path: path.to_owned() },
            _ => CacheError::Io { path: path.to_owned(), source },
        };
        let head = read_head(path).map_err(|source| io(path, source))?;
        let is_cache =
            head.starts_with(b"SQLite format 3\0") && head.ends_with(&APPLICATION_ID.to_be_bytes());
        if !head.is_empty() && !is_cache {
            return Err(not_a_cache(path, "it does not begin as one; delete it yourself if it is one"));
        }
        // The database goes last: a log without it would be taken for that of the next one.
        for suffix in ["-wal", "-shm", "-journal"] {
            let mut beside = path.as_os_str().to_owned();
            beside.push(suffix);
            let beside = Path::new(&beside);
            match std::fs::remove_file(beside) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(beside, error)),
                _ => {}
            }
        }
        std::fs::remove_file(path).map_err(|source| io(path, source))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Counts what it holds.
    pub fn summary(&self) -> Result<CacheSummary, CacheError> {
        let answers = self
            .lock()
            .query_one("SELECT count(*) FROM answer", [], |row| row.get::<_, i64>(0))
            .map_err(|error| self.error(error))?;
        let mut log = self.path.as_os_str().to_owned();
        log.push("-wal");
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        Ok(CacheSummary { answers: answers.cast_unsigned(), bytes: size(&self.path) + size(Path::new(&log)) })
    }

    fn connect(path: &Path, flags: OpenFlags) -> Result<Self, CacheError> {
        if path.is_dir() {
            return Err(not_a_cache(path, "it is a folder"));
        }
        let conn = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .and_then(|conn| format::tune(&conn).map(|()| conn))
            .map_err(|error| told(path, error))?;
        Ok(Self { path: path.to_owned(), conn: Mutex::new(conn), keeper: None })
    }

    /// Whether nothing was ever written to the file.
    fn is_blank(&self, conn: &Connection) -> Result<bool, CacheError> {
        let pages: i64 = conn
            .pragma_query_value(None, "page_count", |row| row.get(0))
            .map_err(|error| self.error(error))?;
        Ok(pages == 0)
    }

    fn check(&self, conn: &Connection) -> Result<(), CacheError> {
        let pragma = |name: &str| {
            conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(|error| self.error(error))
        };
        if pragma("application_id")? != i64::from(APPLICATION_ID) {
            return Err(not_a_cache(&self.path, "it is an SQLite database of another kind"));
        }
        match pragma("user_version")? {
            VERSION => Ok(()),
            found => Err(CacheError::OtherVersion { path: self.path.clone(), found }),
        }
    }

    /// Makes the tables, unless another process was faster.
    fn lay_out(&self, conn: &Connection) -> Result<(), CacheError> {
        let tried = (|| {
            conn.execute_batch("BEGIN IMMEDIATE")?;
            if conn.query_one("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))? {
                conn.pragma_update(None, "application_id", APPLICATION_ID)?;
                conn.pragma_update(None, "user_version", VERSION)?;
                conn.execute_batch(TABLES)?;
            }
            conn.execute_batch("COMMIT")
        })();
        tried.map_err(|error| self.error(error))
    }

    fn find(&self, key: BlobRef) -> Result<Option<Reply>, CacheError> {
        let conn = self.lock();
        let found = conn
            .prepare_cached("SELECT hash, coding, size, bytes FROM answer WHERE key = ?1")
            .and_then(|mut query| {
                query
                    .query_one([key.as_bytes()], |row| {
                        let is_possible = (0..=ANSWER_LIMIT).contains(&row.get::<_, i64>(2)?);
                        let bytes = if is_possible { read::blob_of_row(row, |_| Ok(None))? } else { None };
                        let hash = row.get_ref(0)?.as_blob()?;
                        Ok(bytes
                            .filter(|bytes| BlobRef::of(bytes).as_bytes() == hash)
                            .and_then(|bytes| serde_json::from_slice::<Reply>(&bytes).ok()))
                    })
                    .optional()
            })
            .map_err(|error| self.error(error))?;
        match found {
            Some(None) => Err(CacheError::Damaged {
                path: self.path.clone(),
                what: format!("the answer under {key} is not what was kept"),
            }),
            Some(reply) => Ok(reply),
            None => Ok(None),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        locked(&self.conn)
    }

    fn error(&self, source: rusqlite::Error) -> CacheError {
        told(&self.path, source)
    }
}

impl AnswerCache for CacheFile {
    fn get(&self, key: BlobRef) -> Result<Option<Reply>, SourceError> {
        Ok(self.find(key)?)
    }

    fn put(&self, key: BlobRef, reply: &Reply) -> Result<(), SourceError> {
        let Some(keeper) = &self.keeper else {
            let message = format!("{}: the cache is open for reading only", self.path.display());
            return Err(SourceError { message });
        };
        keeper.put(key, PackedBlob::new(&Blob::of_json(reply)))
    }
}

impl fmt::Debug for CacheFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheFile").field("path", &self.path).finish_non_exhaustive()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The first bytes of a file, up to the application's mark in the header of an SQLite database; fewer if it is shorter.
fn read_head(path: &Path) -> io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut head = Vec::new();
    std::fs::File::open(path)?.take(72).read_to_end(&mut head)?;
    Ok(head)
}

fn not_a_cache(path: &Path, why: &str) -> CacheError {
    CacheError::NotACache { path: path.to_owned(), why: why.to_owned() }
}

fn told(path: &Path, source: rusqlite::Error) -> CacheError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => not_a_cache(&path, "it is not an SQLite database"),
        Some(ErrorCode::DatabaseCorrupt) => {
            CacheError::Damaged { path, what: "SQLite finds its pages malformed".to_owned() }
        }
        // A column that holds something else, or a table that is not there.
        None | Some(ErrorCode::Unknown) => CacheError::Damaged { path, what: source.to_string() },
        Some(_) => CacheError::Sqlite { path, source },
    }
}

//! The messages between a sandbox and whoever keeps it, as bytes.
//!
//! Compiled on both sides, so it knows the standard library only. A message is its length as four bytes (little endian) and then
//! its fields; there are no versions, as both sides are built together.

/// The longest message that is read, in bytes.
pub(crate) const LONGEST: usize = 256 << 20;
/// The longest invocation of a tool, in bytes.
pub(crate) const LONGEST_CALL: usize = 1 << 20;

/// Bytes that are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Something that is sent.
pub(crate) trait Wire: Sized {
    /// Appends it.
    fn put(&self, out: &mut Vec<u8>);

    /// Takes it off the front; none if the bytes are no such thing.
    fn take(from: &mut &[u8]) -> Option<Self>;
}

/// A message with its length before it.
pub(crate) fn framed<T: Wire>(message: &T) -> Vec<u8> {
    let mut out = vec![0; 4];
    message.put(&mut out);
    let length = (out.len() - 4) as u32;
    out[..4].copy_from_slice(&length.to_le_bytes());
    out
}

/// Takes a whole message off the front of what has come; none if it is not there yet.
pub(crate) fn unframed<T: Wire>(come: &mut Vec<u8>, longest: usize) -> Result<Option<T>, Malformed> {
    let Some(length) = come.first_chunk::<4>() else { return Ok(None) };
    let length = u32::from_le_bytes(*length) as usize;
    if length > longest {
        return Err(Malformed);
    }
    let Some(mut message) = come.get(4..4 + length) else { return Ok(None) };
    let taken = T::take(&mut message).filter(|_| message.is_empty()).ok_or(Malformed)?;
    come.drain(..4 + length);
    Ok(Some(taken))
}

fn take_bytes<'a>(from: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    let (taken, rest) = from.split_at_checked(n)?;
    *from = rest;
    Some(taken)
}

macro_rules! numbers {
    ($($number:ty),*) => { $(
        impl Wire for $number {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn take(from: &mut &[u8]) -> Option<Self> {
                let bytes = take_bytes(from, size_of::<$number>())?;
                Some(<$number>::from_le_bytes(bytes.try_into().ok()?))
            }
        }
    )* };
}

numbers!(u16, u32, u64, i32, i64);

impl Wire for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        match take_bytes(from, 1)? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }
}

impl Wire for Vec<u8> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u32).put(out);
        out.extend_from_slice(self);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let length = u32::take(from)?;
        Some(take_bytes(from, length as usize)?.to_vec())
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u32).put(out);
        for item in self {
            item.put(out);
        }
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let length = u32::take(from)?;
        // Every item is a byte at least, so a length that lies is found before it costs.
        if length as usize > from.len() {
            return None;
        }
        (0..length).map(|_| T::take(from)).collect()
    }
}

impl<T: Wire> Wire for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(item) = self {
            item.put(out);
        }
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some(if bool::take(from)? { Some(T::take(from)?) } else { None })
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some((A::take(from)?, B::take(from)?))
    }
}

macro_rules! messages {
    ($($(#[$about:meta])* struct $name:ident { $($(#[$what:meta])* $field:ident: $kind:ty,)* })*) => { $(
        $(#[$about])*
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        #[allow(clippy::allow_attributes, clippy::struct_field_names, reason = "what a message carries may be named after it")]
        pub(crate) struct $name { $($(#[$what])* pub(crate) $field: $kind,)* }

        impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)*
            }

            fn take(from: &mut &[u8]) -> Option<Self> {
                Some(Self { $($field: Wire::take(from)?,)* })
            }
        }
    )* };
}

macro_rules! choices {
    ($($(#[$about:meta])* enum $name:ident { $($(#[$what:meta])* $tag:literal $choice:ident($kind:ty),)* })*) => { $(
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) enum $name { $($(#[$what])* $choice($kind),)* }

        impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                match self { $(Self::$choice(inner) => { out.push($tag); inner.put(out); })* }
            }

            fn take(from: &mut &[u8]) -> Option<Self> {
                match take_bytes(from, 1)? { $([$tag] => Some(Self::$choice(Wire::take(from)?)),)* _ => None }
            }
        }
    )* };
}

impl Wire for () {
    fn put(&self, _out: &mut Vec<u8>) {}

    fn take(_from: &mut &[u8]) -> Option<Self> {
        Some(())
    }
}

messages! {
    /// A file to write.
    struct File {
        /// Where.
        path: Vec<u8>,
        /// What it holds.
        content: Vec<u8>,
        /// Its permissions.
        mode: u32,
        /// When it was last changed, in seconds since 1970 by the real clock.
        changed: i64,
    }

    /// A program that runs from the start.
    struct Daemon {
        /// Its name.
        name: Vec<u8>,
        /// The shell command that becomes it.
        command: Vec<u8>,
        /// Where its process number is written.
        pid_file: Option<Vec<u8>>,
    }

    /// Everything that is known before anything runs.
    struct Start {
        /// The filter of system calls: instructions of eight bytes each.
        filter: Vec<u8>,
        /// Numbers of limits of a process, and the values that they are set to.
        limits: Vec<(u32, u64)>,
        /// The environment of every command.
        environment: Vec<(Vec<u8>, Vec<u8>)>,
        /// The folder that commands begin in.
        work_dir: Vec<u8>,
        /// Folders to make.
        folders: Vec<Vec<u8>>,
        /// Files to write.
        files: Vec<File>,
        /// Paths that become links to the program.
        tools: Vec<Vec<u8>>,
        /// The program that is every tool.
        program: Vec<u8>,
        /// The socket that tools talk to.
        socket: Vec<u8>,
        /// The port that takes requests.
        port: Option<u16>,
        /// Programs that run from the start.
        daemons: Vec<Daemon>,
        /// The name of the time zone.
        zone: Vec<u8>,
        /// How far the zone is ahead of UTC, in seconds.
        ahead: i64,
        /// How much of each output, and of a file that is read, is kept: bytes.
        output: u64,
        /// How much of a file is shown when it is looked at: bytes.
        look: u64,
    }

    /// Run a command.
    struct Command {
        /// The command, for bash.
        command: Vec<u8>,
        /// The folder that it begins in, if not the usual one.
        cwd: Option<Vec<u8>>,
        /// When it is killed, in milliseconds.
        timeout_ms: u64,
    }

    /// Write a file.
    struct Text {
        /// Where; relative to the usual folder.
        path: Vec<u8>,
        /// What it shall hold.
        content: Vec<u8>,
    }

    /// What became of a tool's invocation.
    struct Verdict {
        /// What it prints.
        stdout: Vec<u8>,
        /// What it complains.
        stderr: Vec<u8>,
        /// Its exit code.
        code: u32,
        /// What becomes of files.
        changes: Vec<Change>,
        /// How far the zone is ahead of UTC from now on, in seconds.
        ahead: i64,
    }

    /// Bytes of which the middle may be missing.
    struct Cut {
        /// The first.
        head: Vec<u8>,
        /// How many are missing.
        missing: u64,
        /// The last.
        tail: Vec<u8>,
    }

    /// How a command ended.
    struct Ended {
        /// Its exit code, 128 + n by signal n; none where the time was up.
        code: Option<i32>,
        /// The folder that it began in.
        cwd: Vec<u8>,
        /// What it printed.
        stdout: Cut,
        /// What it complained.
        stderr: Cut,
    }

    /// What was seen.
    struct Looked {
        /// What stands at each path.
        nodes: Vec<(Vec<u8>, Node)>,
        /// Which programs are alive.
        daemons: Vec<(Vec<u8>, bool)>,
    }

    /// What stands in a file.
    struct Content {
        /// The first bytes.
        content: Vec<u8>,
        /// How long it is in all.
        size: u64,
        /// Its permissions.
        mode: u32,
    }

    /// A tool was called.
    struct Call {
        /// Its arguments, its own name first.
        args: Vec<Vec<u8>>,
        /// The folder in which it was called.
        cwd: Vec<u8>,
    }

    /// What a tool prints, and how it ends.
    struct Said {
        /// What it prints.
        stdout: Vec<u8>,
        /// What it complains.
        stderr: Vec<u8>,
        /// Its exit code.
        code: u32,
    }
}

choices! {
    /// What becomes of a file.
    enum Change {
        /// It is written, whatever stood there.
        1 Write(File),
        /// It is removed.
        2 Remove(Vec<u8>),
    }

    /// What stands at a path.
    enum Node {
        /// ().
        1 Absent(()),
        /// A file.
        2 File(Content),
        /// A folder, with the names in it.
        3 Folder(Vec<Vec<u8>>),
        /// Something that cannot be read, and why.
        4 Unreadable(Vec<u8>),
    }

    /// What the keeper wants.
    enum Order {
        /// Begin.
        1 Start(Box<Start>),
        /// Run a command.
        2 Run(Command),
        /// Read a file; relative to the usual folder.
        3 Read(Vec<u8>),
        /// Write a file.
        4 Write(Text),
        /// Look at paths.
        5 Look(Vec<Vec<u8>>),
        /// A tool's invocation has this result.
        6 Verdict(Verdict),
        /// A request is answered with this body.
        7 Answer(Vec<u8>),
    }

    /// What the inside says.
    enum Report {
        /// Everything stands.
        1 Ready(()),
        /// It cannot be done, and why.
        2 Refused(Vec<u8>),
        /// A command ended.
        3 Ended(Ended),
        /// A file was read.
        4 Read(Cut),
        /// A file was written.
        5 Written(()),
        /// There is no such file.
        6 Missing(()),
        /// Paths were looked at.
        7 Looked(Looked),
        /// A tool was called.
        8 Called(Call),
        /// A request came to the port.
        9 Posted(Vec<u8>),
    }
}

impl<T: Wire> Wire for Box<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.as_ref().put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        T::take(from).map(Self::new)
    }
}

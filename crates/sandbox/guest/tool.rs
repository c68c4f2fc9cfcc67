//! A tool: shows its invocation to whoever listens at the socket, prints what comes back, and ends as it is told.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::net::UnixStream;

use crate::files::{path, why};
use crate::wire::{Call, LONGEST, Said, framed, unframed};

pub(crate) fn call() -> i32 {
    match called() {
        Ok(said) => {
            let _ = io::stdout().write_all(&said.stdout);
            let _ = io::stdout().flush();
            let _ = io::stderr().write_all(&said.stderr);
            said.code as i32
        }
        Err(error) => {
            let name = env::args_os().next().unwrap_or_default();
            let _ = io::stderr().write_all(name.as_bytes());
            let _ = io::stderr().write_all(b": service unavailable: ");
            let _ = io::stderr().write_all(&why(&error));
            let _ = io::stderr().write_all(b"\n");
            69
        }
    }
}

fn called() -> io::Result<Said> {
    let socket = fs::read(env::current_exe()?.with_extension("conf"))?;
    let mut stream = UnixStream::connect(path(socket.trim_ascii()))?;
    let cwd = env::current_dir().map_or_else(|_| b"/".to_vec(), |cwd| cwd.into_os_string().into_vec());
    let call = Call { args: env::args_os().map(OsString::into_vec).collect(), cwd };
    stream.write_all(&framed(&call))?;
    let mut come = Vec::new();
    let mut part = [0; 16 << 10];
    loop {
        if let Some(said) = unframed(&mut come, LONGEST).map_err(|_| io::ErrorKind::InvalidData)? {
            return Ok(said);
        }
        match stream.read(&mut part)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => come.extend_from_slice(&part[..n]),
        }
    }
}

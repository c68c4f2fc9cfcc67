//! The server as a process: what it prints, and that it is told by its options.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

#[test]
fn its_first_line_says_where_it_listens() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_unbent-mock"))
        .args(["--key", "k", "--faults", "cut=0.1,server=0.2", "--workers", "2", "--answer-bytes", "20"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("listening on http://").unwrap().to_owned();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: mock\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn options_that_make_no_sense_are_refused() {
    for given in [["--faults", "0.3x"], ["--listen", "nowhere"]] {
        let refused = Command::new(env!("CARGO_BIN_EXE_unbent-mock")).args(given).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{given:?}");
    }
}

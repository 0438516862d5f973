//! A small HTTP server on the loopback interface that answers as a test says, well or badly.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// What was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The path of the request.
    pub(crate) path: String,
    /// All header lines, names in lower case.
    pub(crate) headers: String,
}

impl Asked {
    /// The value of a header field.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let line = self.headers.lines().find(|line| line.split(':').next() == Some(name))?;
        Some(line[name.len() + 1..].trim())
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// These bytes, header included; then the connection is closed.
    Bytes(Vec<u8>),
    /// Nothing, until the client goes away.
    Hang,
    /// These bytes, a few at a time with pauses, for ever.
    Drip(Vec<u8>),
}

/// A document in an answer whose end is where the connection is closed, as tor sends it.
pub(crate) fn closed(body: &[u8]) -> Reply {
    Reply::Bytes([b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n", body].concat())
}

/// A document in an answer with a length and further header lines.
pub(crate) fn sized(body: &[u8], headers: &str) -> Reply {
    let head = format!("HTTP/1.0 200 OK\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    Reply::Bytes([head.as_bytes(), body].concat())
}

/// A document in chunks.
pub(crate) fn chunked(body: &[u8]) -> Reply {
    let mut bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n".to_vec();
    for chunk in body.chunks(7) {
        bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    Reply::Bytes(bytes)
}

/// An answer without a document.
pub(crate) fn status(line: &str) -> Reply {
    Reply::Bytes(format!("HTTP/1.0 {line}\r\n\r\n").into_bytes())
}

/// A server, as long as it is held.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers each request as `reply` says.
    pub(crate) fn start(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (asked, stopped) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (log, end, reply) = (Arc::clone(&asked), Arc::clone(&stopped), Arc::new(reply));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if end.load(SeqCst) {
                    return;
                }
                let (Ok(stream), log, reply) = (stream, Arc::clone(&log), Arc::clone(&reply)) else {
                    continue;
                };
                thread::spawn(move || drop(answer(stream, &log, &*reply)));
            }
        });
        Server { address, asked, stopped, thread: Some(thread) }
    }

    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no test panics with it").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, SeqCst);
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn answer(
    stream: TcpStream,
    log: &Mutex<Vec<Asked>>,
    reply: &(dyn Fn(&Asked) -> Reply + Send + Sync),
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = String::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.push_str(&format!("{}:{value}\n", name.to_ascii_lowercase())),
            None => break,
        }
    }
    let asked = Asked { path, headers };
    log.lock().expect("no test panics with it").push(asked.clone());
    let mut stream = stream;
    match reply(&asked) {
        Reply::Bytes(bytes) => stream.write_all(&bytes),
        Reply::Hang => reader.read(&mut [0]).map(|_| ()),
        Reply::Drip(bytes) => loop {
            for piece in bytes.chunks(16).cycle() {
                stream.write_all(piece)?;
                thread::sleep(Duration::from_millis(10));
            }
        },
    }
}

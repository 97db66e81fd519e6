//! A server of one file that misbehaves as it is told: plain HTTP on a loopback address, one thread
//! a connection, one request a connection.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request, as far as it matters.
#[derive(Clone, Debug)]
pub struct Request {
    /// Requests before this one.
    pub n: usize,
    /// Path and query.
    pub path: String,
    /// First byte of `Range: bytes=N-`.
    pub start: Option<u64>,
    /// `If-Range`.
    pub if_range: Option<String>,
}

/// What the server says.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// Status line and headers, without the empty line.
    pub head: String,
    /// What follows.
    pub body: Vec<u8>,
    /// Close the connection after so many bytes of the body.
    pub cut: Option<usize>,
    /// Say nothing more after the cut, but keep the connection.
    pub stall: bool,
    /// Wait before each KiB of the body.
    pub creep: Option<Duration>,
}

impl Reply {
    /// A status with headers and a body whose length is stated.
    pub fn new(status: &str, headers: &[&str], body: Vec<u8>) -> Self {
        let mut head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        Self { head, body, ..Self::default() }
    }

    /// Closes the connection after `n` bytes of the body.
    pub fn cut(mut self, n: usize) -> Self {
        self.cut = Some(n);
        self
    }

    /// What an honest server says: parts when they are asked for.
    pub fn honest(request: &Request, file: &[u8]) -> Self {
        Self::versioned(request, file, "\"v1\"")
    }

    /// The same with a version, which `If-Range` is compared with.
    pub fn versioned(request: &Request, file: &[u8], etag: &str) -> Self {
        let etag_header = format!("ETag: {etag}");
        let same = request.if_range.as_deref().is_none_or(|tag| tag == etag);
        match request.start.filter(|_| same) {
            None => Self::new("200 OK", &[&etag_header], file.to_vec()),
            Some(start) if start >= file.len() as u64 => {
                let range = format!("Content-Range: bytes */{}", file.len());
                Self::new("416 Range Not Satisfiable", &[&range], Vec::new())
            }
            Some(start) => {
                let (end, len) = (file.len() - 1, file.len());
                let range = format!("Content-Range: bytes {start}-{end}/{len}");
                Self::new(
                    "206 Partial Content",
                    &[&etag_header, &range],
                    file[start as usize..].to_vec(),
                )
            }
        }
    }
}

/// Runs until it is dropped.
pub struct Server {
    address: String,
    requests: Arc<Mutex<Vec<Request>>>,
    over: Arc<AtomicBool>,
}

impl Server {
    /// Answers each request with `reply`.
    pub fn new(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let over: Arc<AtomicBool> = Arc::default();
        let (seen, stop, reply) = (Arc::clone(&requests), Arc::clone(&over), Arc::new(reply));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let (seen, stop) = (Arc::clone(&seen), Arc::clone(&stop));
                let reply = Arc::clone(&reply);
                std::thread::spawn(move || {
                    // The client may go away at any time.
                    let _ = stream.and_then(|stream| serve(stream, &seen, &stop, &*reply));
                });
            }
        });
        Self { address, requests, over }
    }

    /// Address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // Wakes the thread that listens.
        let _ = TcpStream::connect(self.address.trim_start_matches("http://"));
    }
}

fn serve(
    stream: TcpStream,
    seen: &Mutex<Vec<Request>>,
    stop: &AtomicBool,
    reply: &dyn Fn(&Request) -> Reply,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let (mut start, mut if_range) = (None, None);
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "range" => {
                let from = value.strip_prefix("bytes=").and_then(|v| v.strip_suffix('-'));
                start = Some(from.unwrap().parse().unwrap());
            }
            "if-range" => if_range = Some(value.to_owned()),
            _ => {}
        }
    }
    if path.is_empty() {
        return Ok(());
    }
    let request = {
        let mut seen = seen.lock().unwrap();
        let request = Request { n: seen.len(), path, start, if_range };
        seen.push(request.clone());
        request
    };
    let reply = reply(&request);
    let mut stream = stream;
    stream.write_all(format!("{}Connection: close\r\n\r\n", reply.head).as_bytes())?;
    let body = &reply.body[..reply.cut.unwrap_or(reply.body.len()).min(reply.body.len())];
    match reply.creep {
        None => stream.write_all(body)?,
        Some(wait) => {
            for part in body.chunks(1024) {
                std::thread::sleep(wait);
                stream.write_all(part)?;
            }
        }
    }
    stream.flush()?;
    while reply.stall && !stop.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

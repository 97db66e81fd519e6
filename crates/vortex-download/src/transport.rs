//! One request over HTTP: TLS verified, redirects followed only where the policy allows it.

use std::io::Read;
use std::time::{Duration, Instant, SystemTime};

use ureq::http::{HeaderMap, Uri, header};
use ureq::{Agent, Error, Timeout};

use crate::error::DownloadError;
use crate::fault::Fault;
use crate::options::Options;
use crate::policy::{Policy, is_loopback, join};
use crate::range::number;
use crate::retry::retry_after;

/// Makes requests. Certificates are always checked against Mozilla's roots.
pub(crate) struct Client {
    agent: Agent,
    policy: Policy,
    max_redirects: u32,
    list_timeout: Duration,
}

/// The head of an answer, and its body to be read.
pub(crate) struct Answer {
    /// HTTP status, which is not a redirect.
    pub status: u16,
    /// The final address after redirects.
    pub uri: Uri,
    /// All headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: ureq::BodyReader<'static>,
}

/// The requested part of a file.
pub(crate) struct Rest<'a> {
    /// First byte wanted.
    pub start: u64,
    /// The version of the earlier bytes (`ETag` or `Last-Modified`), if known.
    pub version: Option<&'a str>,
}

impl Client {
    pub fn new(policy: Policy, options: &Options) -> Self {
        let config = Agent::config_builder()
            .https_only(policy == Policy::Https)
            .http_status_as_error(false)
            // Redirects are followed here one by one, because each must pass the policy.
            .max_redirects(0)
            .max_redirects_will_error(false)
            // Use a new connection for each attempt, because a reused one may already be closed.
            .max_idle_connections(0)
            .user_agent(concat!("vortex/", env!("CARGO_PKG_VERSION")))
            // Request the bytes as on the server's disk, because ranges need this.
            .accept_encoding("identity")
            .timeout_resolve(Some(options.connect_timeout))
            .timeout_connect(Some(options.connect_timeout))
            .timeout_recv_response(Some(options.answer_timeout))
            .timeout_per_read(Some(options.stall_timeout))
            .timeout_per_write(Some(options.stall_timeout))
            .build();
        Self {
            agent: config.new_agent(),
            policy,
            max_redirects: options.max_redirects,
            list_timeout: options.list_timeout,
        }
    }

    /// Requests `url`, or a part of it.
    pub fn get(&self, url: &str, rest: Option<&Rest<'_>>) -> Result<Answer, Fault> {
        let mut uri = self.policy.check(url, None)?;
        for _ in 0..=self.max_redirects {
            let answer = self.get_one(&uri, rest)?;
            if !(300..400).contains(&answer.status) || answer.status == 304 {
                return match answer.status {
                    200 | 206 | 416 => Ok(answer),
                    status => Err(refusal(&uri, status, &answer.headers)),
                };
            }
            let Some(location) = text(&answer.headers, header::LOCATION) else {
                let message =
                    format!("answers {} without the address of the redirect", answer.status);
                return Err(refused(&uri, message));
            };
            uri = self.policy.check(&join(&uri, location), Some(&uri))?;
        }
        let message = format!("too many redirects (more than {})", self.max_redirects);
        Err(refused(&uri, message))
    }

    fn get_one(&self, uri: &Uri, rest: Option<&Rest<'_>>) -> Result<Answer, Fault> {
        let mut request = self.agent.get(uri);
        if let Some(rest) = rest {
            request = request.header(header::RANGE, format!("bytes={}-", rest.start));
            if let Some(version) = rest.version {
                request = request.header(header::IF_RANGE, version);
            }
        }
        if uri.host().is_some_and(is_loopback) {
            request = request.config().proxy(None).build();
        }
        let response = request.call().map_err(|e| fault(uri, e))?;
        let (head, body) = response.into_parts();
        if let Some(encoding) = text(&head.headers, header::CONTENT_ENCODING)
            && !encoding.eq_ignore_ascii_case("identity")
        {
            let message = format!("sends the file packed ({encoding}), which was not asked for");
            return Err(refused(uri, message));
        }
        let status = head.status.as_u16();
        Ok(Answer { status, uri: uri.clone(), headers: head.headers, body: body.into_reader() })
    }

    /// A whole document of at most `max` bytes.
    pub fn document(&self, url: &str, max: u64) -> Result<Vec<u8>, Fault> {
        let answer = self.get(url, None)?;
        if answer.status != 200 {
            let message = format!("answers {} to a plain question", answer.status);
            return Err(refused(&answer.uri, message));
        }
        let Answer { uri, mut body, .. } = answer;
        let (mut bytes, mut buffer, start) = (Vec::new(), vec![0; 1 << 14], Instant::now());
        loop {
            match body.read(&mut buffer).map_err(|e| fault(&uri, Error::from(e)))? {
                0 => return Ok(bytes),
                n => bytes.extend_from_slice(&buffer[..n]),
            }
            if bytes.len() as u64 > max {
                let message = format!("is longer than {max} bytes, the limit for lists");
                return Err(refused(&uri, message));
            }
            if start.elapsed() > self.list_timeout {
                return Err(Fault::Lost { message: "the list comes too slowly".into() });
            }
        }
    }
}

/// A header as text.
pub(crate) fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// `Content-Length`, if it is present and a number.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    text(headers, header::CONTENT_LENGTH).and_then(|digits| number(digits.trim()))
}

/// A version of the file that `If-Range` may name: a strong `ETag`, or a `Last-Modified`.
pub(crate) fn version(headers: &HeaderMap) -> Option<String> {
    let strong = |tag: &&str| tag.starts_with('"') && tag.ends_with('"') && tag.len() > 2;
    text(headers, header::ETAG)
        .filter(strong)
        .or_else(|| text(headers, header::LAST_MODIFIED))
        .map(str::to_owned)
}

fn refused(uri: &Uri, message: String) -> Fault {
    Fault::Refused(DownloadError::Refused { url: uri.to_string(), message })
}

/// Statuses that are neither a file nor a redirect.
fn refusal(uri: &Uri, status: u16, headers: &HeaderMap) -> Fault {
    match status {
        408 | 425 | 429 | 500 | 502 | 503 | 504 => Fault::Busy {
            message: format!("the server answers {status}"),
            wait: text(headers, header::RETRY_AFTER)
                .and_then(|value| retry_after(value, SystemTime::now())),
        },
        _ => Fault::Refused(DownloadError::Status { url: uri.to_string(), status }),
    }
}

/// Converts failures of the connection: some may be temporary.
pub(crate) fn fault(uri: &Uri, error: Error) -> Fault {
    let host = uri.host().unwrap_or_default();
    let lost = |message: String| Fault::Lost { message };
    match error {
        Error::Timeout(Timeout::Resolve | Timeout::Connect) | Error::ConnectionFailed => {
            Fault::Unreachable { message: format!("{host} cannot be reached (no answer)") }
        }
        Error::HostNotFound => {
            Fault::Unreachable { message: format!("{host} cannot be reached (name not found)") }
        }
        Error::ConnectProxyFailed(reason) => {
            Fault::Unreachable { message: format!("{host} cannot be reached: proxy: {reason}") }
        }
        Error::Timeout(_) => lost("the connection stalled".into()),
        Error::Io(e) if is_certificate(&e) => refused(uri, certificate(&e)),
        Error::Io(e) => match e.kind() {
            std::io::ErrorKind::ConnectionRefused
            | std::io::ErrorKind::HostUnreachable
            | std::io::ErrorKind::NetworkUnreachable
            | std::io::ErrorKind::NetworkDown
            | std::io::ErrorKind::AddrNotAvailable
            | std::io::ErrorKind::NotFound => {
                Fault::Unreachable { message: format!("{host} cannot be reached ({e})") }
            }
            _ => lost(format!("the connection broke ({e})")),
        },
        Error::Rustls(e) => refused(uri, certificate(&e)),
        Error::Tls(e) => refused(uri, certificate(&e)),
        Error::Protocol(e) => lost(format!("the answer is not HTTP ({e})")),
        error => refused(uri, error.to_string()),
    }
}

/// TLS failures arrive wrapped: retrying does not make a certificate better.
fn is_certificate(error: &std::io::Error) -> bool {
    let text = error.to_string();
    error.kind() == std::io::ErrorKind::InvalidData
        && (text.contains("certificate") || text.contains("peer"))
}

fn certificate(error: &dyn std::fmt::Display) -> String {
    format!("the encrypted connection is refused ({error}); certificates are always checked")
}

/// The message if a server asks for a wait that is too long.
pub(crate) fn too_long(wait: Duration) -> String {
    format!("the server asks to come back in {} seconds", wait.as_secs())
}

//! One attempt at a file: request the missing bytes, check the headers of the answer, append the
//! received bytes.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use ureq::http::header;

use crate::error::DownloadError;
use crate::fault::Fault;
use crate::list::FileEntry;
use crate::options::Options;
use crate::partial::{Origin, Partial};
use crate::progress::{DownloadEvent, DownloadObserver, Rate};
use crate::range::ContentRange;
use crate::transport::{Answer, Client, Rest, content_length, fault, text, version};

/// Bytes read at once.
const BUFFER_BYTES: usize = 1 << 18;

/// The inputs of an attempt.
pub(crate) struct Attempt<'a> {
    pub client: &'a Client,
    pub options: &'a Options,
    pub cancel: &'a AtomicBool,
    pub observer: &'a mut dyn DownloadObserver,
    pub entry: &'a FileEntry,
    pub url: &'a str,
    /// Whether the server is trusted to send parts.
    pub ranges: bool,
}

/// The expected body of an answer.
struct Promise {
    /// Bytes of this answer, if known.
    len: Option<u64>,
    /// Bytes of the whole file, if known.
    total: Option<u64>,
}

impl Attempt<'_> {
    /// Returns when the file is complete, with right or wrong bytes.
    pub fn run(mut self, partial: &mut Partial) -> Result<(), Fault> {
        let size = self.entry.size;
        let usable = self.ranges && partial.goes_on_from(self.url);
        if partial.len() > 0 && (!usable || size.is_some_and(|size| partial.len() > size)) {
            partial.restart()?;
        }
        let start = partial.len();
        if start > 0 && size == Some(start) {
            return Ok(());
        }
        let origin = partial.origin();
        let known = (origin.url == self.url).then_some(origin.version.as_deref()).flatten();
        let rest = (start > 0).then_some(Rest { start, version: known });
        let answer = self.client.get(self.url, rest.as_ref())?;
        let promise = match answer.status {
            206 if start > 0 => self.part(&answer, partial)?,
            206 => {
                let message = "sends a part (206) although the whole file was requested";
                return Err(Fault::Lie { message: message.into() });
            }
            416 => return self.beyond(&answer, partial),
            _ => self.whole(&answer, partial)?,
        };
        self.body(answer, promise, partial)
    }

    /// A 206: it must be the requested part of the same file.
    fn part(&self, answer: &Answer, partial: &mut Partial) -> Result<Promise, Fault> {
        let lie = |message: String| Err(Fault::Lie { message });
        let asked = partial.len();
        let stated = text(&answer.headers, header::CONTENT_RANGE);
        let Some(ContentRange::Bytes { start, end, total }) = stated.and_then(ContentRange::parse)
        else {
            return lie(format!("sends a part (206) with Content-Range {stated:?}"));
        };
        if start != asked {
            return lie(format!("sends bytes from {start} where {asked} was asked for"));
        }
        let size = self.entry.size.or(partial.origin().size);
        let Some(total) = total.or(size) else {
            return lie("sends a part (206) and does not say of how much".into());
        };
        if size.is_some_and(|size| size != total) || end >= total {
            return lie(format!("sends bytes {start} to {end} of {total}, but there are {size:?}"));
        }
        let len = end - start + 1;
        if let Some(stated) = content_length(&answer.headers).filter(|stated| *stated != len) {
            return lie(format!("promises {len} bytes in one header and {stated} in another"));
        }
        let (old, new) = (partial.origin().version.clone(), version(&answer.headers));
        if partial.origin().url == self.url
            && let (Some(old), Some(new)) = (old, new)
            && old != new
        {
            partial.restart()?;
            let message = format!("the file changed on the server ({old}, now {new})");
            return Err(Fault::Lost { message });
        }
        Ok(Promise { len: Some(len), total: Some(total) })
    }

    /// A 416: there are no more bytes after the received ones.
    fn beyond(&self, answer: &Answer, partial: &mut Partial) -> Result<(), Fault> {
        let stated = text(&answer.headers, header::CONTENT_RANGE).and_then(ContentRange::parse);
        let complete = ContentRange::Unsatisfied { total: partial.len() };
        if partial.len() > 0 && self.entry.size.is_none() && stated == Some(complete) {
            return Ok(());
        }
        if partial.len() == 0 {
            let message = "answers 416 although the whole file was requested";
            return Err(Fault::Lie { message: message.into() });
        }
        partial.restart()?;
        Err(Fault::Lost { message: "the server has fewer bytes than have arrived".into() })
    }

    /// A 200: the whole file, for any request.
    fn whole(&self, answer: &Answer, partial: &mut Partial) -> Result<Promise, Fault> {
        if partial.len() > 0 {
            partial.restart()?;
        }
        let refuse = |message: String| {
            let url = answer.uri.to_string();
            Err(Fault::Refused(DownloadError::Refused { url, message }))
        };
        let page = text(&answer.headers, header::CONTENT_TYPE)
            .is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/html"));
        if page && !self.entry.name.ends_with(".html") {
            return refuse(
                "a web page came instead of the file; open the address in a browser".into(),
            );
        }
        let chunked = answer.headers.contains_key(header::TRANSFER_ENCODING);
        let stated = content_length(&answer.headers).filter(|_| !chunked);
        if let (Some(size), Some(stated)) = (self.entry.size, stated)
            && size != stated
        {
            return Err(Fault::Wrong { message: format!("{stated} bytes and not {size}") });
        }
        let total = self.entry.size.or(stated);
        if total.is_none() && !chunked {
            return refuse("the server does not give the length of the file".into());
        }
        if self.entry.size.is_none()
            && let Some(total) = total
        {
            if total > self.options.max_file_bytes {
                let max = self.options.max_file_bytes;
                return refuse(format!("{total} bytes; allowed without a list: {max}"));
            }
            partial.check_space(total)?;
        }
        partial.set_origin(Origin {
            url: self.url.to_owned(),
            version: version(&answer.headers),
            size: total,
        })?;
        Ok(Promise { len: total, total })
    }

    fn body(
        &mut self,
        mut answer: Answer,
        promise: Promise,
        partial: &mut Partial,
    ) -> Result<(), Fault> {
        let max = promise.len.unwrap_or(self.options.max_file_bytes);
        let mut buffer = vec![0; BUFFER_BYTES];
        let mut rate = Rate::new(partial.len());
        let mut window = (Instant::now(), partial.len());
        let mut left = max;
        let outcome = loop {
            if self.cancel.load(Ordering::SeqCst) {
                break Err(Fault::Fatal(DownloadError::Cancelled));
            }
            // Read one byte more than allowed, to detect it.
            let room = usize::try_from(left.saturating_add(1)).unwrap_or(usize::MAX);
            let n = match answer.body.read(&mut buffer[..room.min(BUFFER_BYTES)]) {
                Ok(0) => break Ok(()),
                Ok(n) => n,
                Err(e) => break Err(fault(&answer.uri, e.into())),
            };
            if n as u64 > left {
                partial.restart()?;
                break Err(Fault::Wrong { message: format!("more than the {max} bytes promised") });
            }
            partial.append(&buffer[..n])?;
            left -= n as u64;
            if let Some(progress) = rate.tick(&self.entry.name, partial.len(), promise.total) {
                self.observer.event(&DownloadEvent::Progress(progress));
            }
            if window.0.elapsed() >= self.options.stall_timeout {
                let slow = self.options.stall_timeout.as_secs_f64() * self.options.min_rate as f64;
                let brought = partial.len() - window.1;
                if (brought as f64) < slow && left > 0 {
                    let message = format!("the connection creeps ({brought} bytes lately)");
                    break Err(Fault::Lost { message });
                }
                window = (Instant::now(), partial.len());
            }
        };
        partial.sync()?;
        outcome?;
        match promise.total {
            Some(total) if partial.len() < total => Err(Fault::Lost {
                message: format!("the answer ended after {} of {total} bytes", partial.len()),
            }),
            _ => Ok(()),
        }
    }
}

//! The downloader: from a list to complete and correct files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::attempt::Attempt;
use crate::attempts::Attempts;
use crate::checksum::{Digests, Hasher};
use crate::error::{DownloadError, Result};
use crate::fault::Fault;
use crate::list::{FileEntry, FileList, Listing};
use crate::lockfile::{LockFile, Locked};
use crate::options::Options;
use crate::partial::{Partial, left_of};
use crate::policy::Policy;
use crate::portal;
use crate::progress::{DownloadEvent, DownloadObserver};
use crate::space;
use crate::transport::Client;

/// Longest sleep without checking the cancel flag.
const NAP: Duration = Duration::from_millis(100);

/// Downloads files, one after the other.
pub struct Downloader<'a> {
    client: Client,
    options: Options,
    observer: &'a mut dyn DownloadObserver,
    cancel: &'a AtomicBool,
    sleep: Box<dyn FnMut(Duration) + 'a>,
}

/// A complete and correct file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downloaded {
    /// Its path.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Whether it existed before.
    pub kept: bool,
}

/// The state of an existing file.
enum Found {
    Nothing,
    Right(Digests, u64),
    Wrong(String),
}

impl<'a> Downloader<'a> {
    /// A downloader; `cancel` stops it quickly, and the received bytes are kept.
    pub fn new(
        policy: Policy,
        options: Options,
        observer: &'a mut dyn DownloadObserver,
        cancel: &'a AtomicBool,
    ) -> Self {
        let client = Client::new(policy, &options);
        Self { client, options, observer, cancel, sleep: Box::new(std::thread::sleep) }
    }

    /// Uses `sleep` between attempts, so that tests need not wait.
    #[must_use]
    pub fn with_sleep(mut self, sleep: impl FnMut(Duration) + 'a) -> Self {
        self.sleep = Box::new(sleep);
        self
    }

    /// The first `n` files of a list (its default number without `n`); asks the portal if the list
    /// refers to one.
    ///
    /// # Errors
    /// [`DownloadError::List`] if a list is not available, [`DownloadError::OnTape`] if files must
    /// be requested from the portal first, [`DownloadError::Cancelled`].
    pub fn files(&mut self, list: &FileList, n: Option<usize>) -> Result<Vec<FileEntry>> {
        let mut files = self.all_files(list)?;
        let wanted = n.unwrap_or(list.default_files);
        if wanted > files.len() && n.is_some() {
            let text = format!("{wanted} files requested, but there are {}", files.len());
            self.observer.event(&DownloadEvent::Note { text: &text });
        }
        let n_wanted = wanted.min(files.len());
        // Files that are not on tape come first; otherwise the order is kept.
        files.sort_by_key(|file| file.on_tape);
        files.truncate(n_wanted);
        if let Some(file) = files.iter().find(|file| file.on_tape) {
            let page = list.listing.as_ref().map_or(list.page.clone(), portal::record_page);
            return Err(DownloadError::OnTape { name: file.name.clone(), page });
        }
        Ok(files)
    }

    fn all_files(&mut self, list: &FileList) -> Result<Vec<FileEntry>> {
        let Some(listing) = &list.listing else { return Ok(list.files.clone()) };
        let url = portal::record_url(listing);
        let asked = self.document(&url, self.options.max_list_bytes);
        let error = match asked.and_then(|json| portal::record_files(&url, &json, listing)) {
            Ok(files) => return Ok(files),
            Err(DownloadError::Cancelled) => return Err(DownloadError::Cancelled),
            Err(error) => error,
        };
        if !listing.indexes.is_empty() {
            self.note(&format!("{error}; trying the record's own indexes"));
            return self.indexed_files(listing);
        }
        if list.files.is_empty() {
            return Err(error);
        }
        self.note(&format!("{error}; continuing with addresses without known sizes and checksums"));
        Ok(list.files.clone())
    }

    /// The files of all indexes of a record. The checksums of the indexes must be right.
    fn indexed_files(&mut self, listing: &Listing) -> Result<Vec<FileEntry>> {
        let mut files = Vec::new();
        for index in &listing.indexes {
            let url = &index.urls[0];
            let json = self.document(url, self.options.max_list_bytes)?;
            let mut hasher = Hasher::new(index.checksum.as_ref());
            hasher.update(&json);
            let found = hasher.finish().listed;
            if found != index.checksum {
                let message = format!("{} expected, {} found", show(&index.checksum), show(&found));
                return Err(DownloadError::WrongBytes { url: url.clone(), message, times: 1 });
            }
            files.extend(portal::index_files(url, &json, listing)?);
        }
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }

    /// Downloads a small document, with retries.
    fn document(&mut self, url: &str, max: u64) -> Result<Vec<u8>> {
        self.observer.event(&DownloadEvent::Asking { url });
        let options = self.options.clone();
        let mut attempts = Attempts::new(&options);
        loop {
            self.check_cancel()?;
            match self.client.document(url, max) {
                Ok(bytes) => return Ok(bytes),
                Err(fault) => {
                    let again = attempts.failed(url, fault, false)?;
                    self.wait(url, &again.reason, again.wait)?;
                }
            }
        }
    }

    /// Downloads `files` into `folder`. Existing correct files are kept; other existing files are
    /// an error, or are replaced with `replace`.
    ///
    /// # Errors
    /// The first failure; the received bytes are kept, and the next call continues from them.
    pub fn download(
        &mut self,
        files: &[FileEntry],
        folder: &Path,
        replace: bool,
    ) -> Result<Vec<Downloaded>> {
        std::fs::create_dir_all(folder).map_err(|e| DownloadError::io(folder, e))?;
        let mut lock = LockFile::open(folder)?;
        let mut found = Vec::with_capacity(files.len());
        let mut needed = 0u64;
        for entry in files {
            let path = folder.join(&entry.name);
            let there = self.look(entry, &path, &lock)?;
            if let Found::Wrong(reason) = &there
                && !replace
            {
                return Err(DownloadError::InTheWay { path, reason: reason.clone() });
            }
            if !matches!(there, Found::Right(..)) {
                let missing = entry.size.unwrap_or(0).saturating_sub(left_of(&path));
                needed = needed.saturating_add(missing);
            }
            found.push((entry, path, there));
        }
        space::check(folder, needed, space::available(folder))?;
        let mut downloaded = Vec::with_capacity(files.len());
        for (entry, path, there) in found {
            let name = &entry.name;
            if let Found::Right(digests, bytes) = there {
                remember(&mut lock, entry, &entry.urls[0], &digests, bytes)?;
                self.observer.event(&DownloadEvent::Kept { name, bytes });
                downloaded.push(Downloaded { path, bytes, kept: true });
                continue;
            }
            let bytes = self.fetch(entry, &path, &mut lock, replace)?;
            self.observer.event(&DownloadEvent::Finished { name, bytes });
            downloaded.push(Downloaded { path, bytes, kept: false });
        }
        Ok(downloaded)
    }

    /// Compares an existing file with its known size and checksum.
    fn look(&mut self, entry: &FileEntry, path: &Path, lock: &LockFile) -> Result<Found> {
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(e) => return Err(DownloadError::io(path, e)),
        };
        if !metadata.is_file() {
            let reason = "is not a file".to_owned();
            return Err(DownloadError::InTheWay { path: path.to_owned(), reason });
        }
        let (len, locked) = (metadata.len(), lock.get(&entry.name));
        if let Some(size) = entry.size.filter(|size| *size != len) {
            return Ok(Found::Wrong(format!("has {len} bytes and not {size}")));
        }
        if entry.checksum.is_none() && locked.is_none() {
            let reason = "exists, and no size or checksum is known to compare it with";
            return Ok(Found::Wrong(reason.into()));
        }
        self.observer.event(&DownloadEvent::Checking { name: &entry.name });
        let mut hasher = Hasher::new(entry.checksum.as_ref());
        let read = File::open(path).and_then(|mut file| hasher.read(&mut file));
        read.map_err(|e| DownloadError::io(path, e))?;
        let digests = hasher.finish();
        Ok(match difference(entry, locked, &digests) {
            Some(difference) => Found::Wrong(format!("has other bytes: {}", difference.message)),
            None => Found::Right(digests, len),
        })
    }

    /// Downloads one file, from the first of its addresses that works.
    fn fetch(
        &mut self,
        entry: &FileEntry,
        path: &Path,
        lock: &mut LockFile,
        replace: bool,
    ) -> Result<u64> {
        if left_of(path) > 0 {
            self.observer.event(&DownloadEvent::Checking { name: &entry.name });
        }
        let mut partial = Partial::open(path, entry.checksum)?;
        let mut last = None;
        for (i, url) in entry.urls.iter().enumerate() {
            match self.fetch_from(entry, url, &mut partial, lock, replace) {
                Ok(digests) => {
                    let bytes = partial.len();
                    partial.finish(path)?;
                    remember(lock, entry, url, &digests, bytes)?;
                    return Ok(bytes);
                }
                Err(error) if is_of_the_address(&error) => {
                    if i + 1 < entry.urls.len() {
                        self.note(&format!("{error}; trying the next address"));
                    }
                    last = Some(error);
                }
                Err(error) => {
                    last = Some(error);
                    break;
                }
            }
        }
        if partial.len() == 0 {
            partial.discard();
        }
        // A list without addresses is refused when it is read.
        let none =
            || DownloadError::List { what: entry.name.clone(), message: "has no address".into() };
        Err(last.unwrap_or_else(none))
    }

    fn fetch_from(
        &mut self,
        entry: &FileEntry,
        url: &str,
        partial: &mut Partial,
        lock: &LockFile,
        replace: bool,
    ) -> Result<Digests> {
        let options = self.options.clone();
        let mut attempts = Attempts::new(&options);
        let locked = lock.get(&entry.name).filter(|_| !replace);
        let (mut ranges, mut wrong) = (true, 0);
        let (name, bytes) = (&entry.name, partial.len());
        self.observer.event(&DownloadEvent::Started { name, bytes, total: entry.size });
        loop {
            self.check_cancel()?;
            let before = partial.len();
            let attempt = Attempt {
                client: &self.client,
                options: &options,
                cancel: self.cancel,
                observer: &mut *self.observer,
                entry,
                url,
                ranges,
            };
            let fault = match attempt.run(partial) {
                Ok(()) => {
                    let digests = partial.digests();
                    let Some(difference) = difference(entry, locked, &digests) else {
                        return Ok(digests);
                    };
                    partial.restart()?;
                    if wrong + 1 >= options.max_wrong && difference.locked {
                        return Err(DownloadError::Changed {
                            path: PathBuf::from(&entry.name),
                            lock: lock.path().to_owned(),
                            expected: difference.expected,
                            found: difference.found,
                        });
                    }
                    Fault::Wrong { message: difference.message }
                }
                Err(fault) => fault,
            };
            let progress = partial.len() > before;
            if let Fault::Lie { message } = &fault {
                partial.restart()?;
                if !ranges {
                    let (url, message) = (url.to_owned(), message.clone());
                    return Err(DownloadError::Lies { url, message });
                }
                // A server with wrong answers about parts may still send the whole file correctly.
                ranges = false;
            }
            if let Fault::Wrong { message } = &fault {
                partial.restart()?;
                wrong += 1;
                if wrong >= options.max_wrong {
                    let (url, message) = (url.to_owned(), message.clone());
                    return Err(DownloadError::WrongBytes { url, message, times: wrong });
                }
            }
            let again = attempts.failed(url, fault, progress)?;
            self.wait(&entry.name, &again.reason, again.wait)?;
        }
    }

    fn note(&mut self, text: &str) {
        self.observer.event(&DownloadEvent::Note { text });
    }

    fn wait(&mut self, name: &str, reason: &str, wait: Duration) -> Result<()> {
        self.observer.event(&DownloadEvent::Retry { name, reason, wait });
        let mut left = wait;
        while !left.is_zero() {
            self.check_cancel()?;
            let nap = left.min(NAP);
            (self.sleep)(nap);
            left -= nap;
        }
        Ok(())
    }

    fn check_cancel(&self) -> Result<()> {
        if self.cancel.load(Ordering::SeqCst) { Err(DownloadError::Cancelled) } else { Ok(()) }
    }
}

/// How a file differs from the expected one.
struct Difference {
    message: String,
    expected: String,
    found: String,
    /// The expected digest is from the first download, not from the list.
    locked: bool,
}

fn difference(entry: &FileEntry, locked: Option<&Locked>, digests: &Digests) -> Option<Difference> {
    let of = |expected: String, found: String, locked: bool| {
        let message = format!("{expected} expected, {found} found");
        Some(Difference { message, expected, found, locked })
    };
    if digests.listed != entry.checksum {
        return of(show(&entry.checksum), show(&digests.listed), false);
    }
    let found = digests.identity().to_string();
    match locked {
        Some(locked) if locked.blake3 != found => of(locked.blake3.clone(), found, true),
        _ => None,
    }
}

fn show(checksum: &Option<crate::checksum::Checksum>) -> String {
    checksum.map_or_else(|| "no checksum".into(), |checksum| checksum.to_string())
}

fn remember(
    lock: &mut LockFile,
    entry: &FileEntry,
    url: &str,
    digests: &Digests,
    size: u64,
) -> Result<()> {
    let blake3 = digests.identity().to_string();
    if lock.get(&entry.name).is_some_and(|locked| locked.blake3 == blake3) {
        return Ok(());
    }
    lock.set(&entry.name, Locked { size, blake3, url: url.to_owned() })
}

/// Whether another address may help.
fn is_of_the_address(error: &DownloadError) -> bool {
    matches!(
        error,
        DownloadError::Status { .. }
            | DownloadError::Refused { .. }
            | DownloadError::Lies { .. }
            | DownloadError::WrongBytes { .. }
            | DownloadError::GaveUp { .. }
            | DownloadError::Url { .. }
    )
}

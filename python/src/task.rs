//! Long calls: the work runs on a thread of its own, without the lock of the interpreter, while the
//! calling thread passes it the input and looks for signals such as Ctrl-C.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use vortex_codec::Result;

use crate::errors::{of_kind, to_python};

/// How often signals are looked for.
const TICK: Duration = Duration::from_millis(50);
/// How long the work may take to end after a signal. Blocks can take longer; then the exception does
/// not wait, and the thread ends after its block.
pub const GRACE: Duration = Duration::from_millis(500);
/// Bytes of the input that are passed at a time.
const PIECE: usize = 256 << 10;
/// Pieces that wait for the work, so that it does not wait for them.
const AHEAD: usize = 8;

/// What the work tells the calling thread.
enum Event<T> {
    /// It has taken a piece of the input; one more may follow.
    Taken,
    /// It has ended.
    Done(Result<T>),
}

/// Runs `work` on `input`. The work should end soon after its flag is set.
pub fn run<T: Send + 'static>(
    py: Python<'_>,
    input: &[u8],
    work: impl FnOnce(Input<T>, Arc<AtomicBool>) -> Result<T> + Send + 'static,
) -> PyResult<T> {
    run_until(py, input, Some(GRACE), Arc::default(), work)
}

/// As [`run`] on the bytes of an array, for work that writes its result.
pub fn written(
    py: Python<'_>,
    data: &PyReadonlyArray1<'_, u8>,
    work: impl FnOnce(Input<Vec<u8>>, Arc<AtomicBool>, &mut Vec<u8>) -> Result<()> + Send + 'static,
) -> PyResult<Vec<u8>> {
    run(py, data.as_slice()?, |input, cancel| {
        let mut bytes = Vec::new();
        work(input, cancel, &mut bytes)?;
        Ok(bytes)
    })
}

/// As [`run`], with the flag of the caller. After a signal it waits for `grace`; without it, until
/// the work has ended or there is another signal.
pub fn run_until<T: Send + 'static>(
    py: Python<'_>,
    mut input: &[u8],
    grace: Option<Duration>,
    cancel: Arc<AtomicBool>,
    work: impl FnOnce(Input<T>, Arc<AtomicBool>) -> Result<T> + Send + 'static,
) -> PyResult<T> {
    py.detach(move || {
        let (events, received) = channel();
        let (pieces, next) = channel();
        let flag = Arc::clone(&cancel);
        std::thread::spawn(move || {
            let (taken, piece) = (events.clone(), Vec::new());
            let input = Input { events: taken, next, piece, at: 0, ended: false };
            let done = work(input, flag);
            // The caller may have left after a signal.
            let _ = events.send(Event::Done(done));
        });
        let mut pass_one = || {
            let (piece, rest) = input.split_at(input.len().min(PIECE));
            input = rest;
            // After its end the work needs no input.
            let _ = pieces.send(piece.to_vec());
        };
        (0..AHEAD).for_each(|_| pass_one());
        let mut signal: Option<(PyErr, Option<Instant>)> = None;
        loop {
            match received.recv_timeout(TICK) {
                Ok(Event::Taken) => pass_one(),
                Ok(Event::Done(done)) => {
                    return match (signal, done) {
                        (Some((error, _)), _) => Err(error),
                        (None, Ok(value)) => Ok(value),
                        (None, Err(error)) => Err(Python::attach(|py| to_python(py, &error))),
                    };
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let message = "a thread of the library panicked; please report this";
                    return Err(Python::attach(|py| of_kind(py, "WorkerPanicked", message)));
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(error) = Python::attach(|py| py.check_signals()) {
                        cancel.store(true, Ordering::SeqCst);
                        if signal.is_some() {
                            return Err(error);
                        }
                        signal = Some((error, grace.map(|grace| Instant::now() + grace)));
                    }
                }
            }
            if let Some((error, until)) = signal.take() {
                if until.is_some_and(|until| until < Instant::now()) {
                    return Err(error);
                }
                signal = Some((error, until));
            }
        }
    })
}

/// The input of the work, as a reader.
pub struct Input<T> {
    events: Sender<Event<T>>,
    next: Receiver<Vec<u8>>,
    /// The piece that is being read. An empty one ends the input.
    piece: Vec<u8>,
    at: usize,
    ended: bool,
}

impl<T> Read for Input<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.piece.len() && !self.ended {
            let gone = |_| io::Error::other("the caller has left");
            (self.piece, self.at) = (self.next.recv().map_err(gone)?, 0);
            self.ended = self.piece.is_empty();
            // If the caller has left, the next piece is missing.
            let _ = self.events.send(Event::Taken);
        }
        let n = buffer.len().min(self.piece.len() - self.at);
        buffer[..n].copy_from_slice(&self.piece[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

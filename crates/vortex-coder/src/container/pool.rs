//! Threads that process blocks and return them in their original order.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::permits::{Permit, Permits};
use crate::error::{Error, ErrorKind, Result};
use crate::threads;

/// Blocks in flight in addition to one per thread: it waits for a thread. The caller holds one more,
/// which is read meanwhile. Pools that share permits need none: while a thread of one has no block,
/// another pool works.
const SLACK: usize = 1;

/// The function of each thread: it takes jobs from [`Jobs::next`] until there are none.
type Body<J, D> = Arc<dyn Fn(&Jobs<J, D>) + Send + Sync>;

/// An ordered parallel map with a bounded number of jobs in flight. Threads are started when there
/// is work for them. They end when the pool is dropped, after their current job.
pub(super) struct Pool<J, D> {
    threads: usize,
    /// Ends the job of each thread that asks for it.
    cancel: Option<Arc<AtomicBool>>,
    body: Body<J, D>,
    started: usize,
    jobs: Sender<(u64, J)>,
    taken: Jobs<J, D>,
    done: Receiver<(u64, Option<D>)>,
    /// Finished jobs that wait for earlier ones.
    early: BTreeMap<u64, Option<D>>,
    submitted: u64,
    collected: u64,
}

/// The side of a [`Pool`] that the threads use.
pub(super) struct Jobs<J, D> {
    waiting: Arc<Mutex<Receiver<(u64, J)>>>,
    done: Sender<(u64, Option<D>)>,
    abandoned: Arc<AtomicBool>,
    /// Shared with other pools, if there is such a bound.
    permits: Option<Arc<Permits>>,
}

/// Obliges a thread to finish a job. If it is dropped without [`Ticket::finish`], for example in a
/// panic, it reports this.
pub(super) struct Ticket<D> {
    number: u64,
    done: Option<Sender<(u64, Option<D>)>>,
    /// Given back after the result was sent.
    _permit: Option<Permit>,
}

impl<J: Send + 'static, D: Send + 'static> Pool<J, D> {
    pub(super) fn new(
        threads: usize,
        cancel: Option<Arc<AtomicBool>>,
        permits: Option<Arc<Permits>>,
        body: impl Fn(&Jobs<J, D>) + Send + Sync + 'static,
    ) -> Self {
        let (jobs, waiting) = channel();
        let (finished, done) = channel();
        let taken = Jobs {
            waiting: Arc::new(Mutex::new(waiting)),
            done: finished,
            abandoned: Arc::default(),
            permits,
        };
        Self {
            threads: threads::count(threads),
            cancel,
            body: Arc::new(body),
            started: 0,
            jobs,
            taken,
            done,
            early: BTreeMap::new(),
            submitted: 0,
            collected: 0,
        }
    }

    /// Jobs submitted and not yet collected.
    pub(super) fn in_flight(&self) -> u64 {
        self.submitted - self.collected
    }

    /// Whether a job should be collected before the next one is submitted.
    pub(super) fn is_full(&self) -> bool {
        let slack = if self.taken.permits.is_some() { 0 } else { SLACK };
        self.in_flight() >= (self.threads + slack) as u64
    }

    /// Adds a job, and starts a thread for it if there are fewer threads than allowed.
    pub(super) fn submit(&mut self, job: J) -> Result<()> {
        if self.started < self.threads && self.in_flight() >= self.started as u64 {
            let (body, jobs) = (Arc::clone(&self.body), self.taken.clone());
            let thread = std::thread::Builder::new().name("vortex block".to_owned());
            // The ticket of the job reports a panic; the thread continues with the next job.
            let cancel = self.cancel.clone();
            let serve = move || {
                threads::stop_on(cancel);
                while catch_unwind(AssertUnwindSafe(|| body(&jobs))).is_err() {}
            };
            match thread.spawn(serve) {
                Ok(_detached) => self.started += 1,
                // One thread is enough to continue.
                Err(_) if self.started > 0 => {}
                Err(error) => return Err(Error::from(error).context("starting a thread")),
            }
        }
        // The receiver lives in `self.taken`, so this cannot fail.
        let _ = self.jobs.send((self.submitted, job));
        self.submitted += 1;
        Ok(())
    }

    /// Waits for the oldest job; `None` if no job is in flight.
    pub(super) fn collect(&mut self) -> Option<Result<D>> {
        if self.in_flight() == 0 {
            return None;
        }
        let panicked = || Error::new(ErrorKind::WorkerPanicked, "a thread coding a block panicked");
        let done = loop {
            if let Some(done) = self.early.remove(&self.collected) {
                break done;
            }
            match self.done.recv() {
                Ok((number, done)) => self.early.insert(number, done),
                Err(_) => break None, // cannot happen: `self.taken` holds a sender
            };
        };
        self.collected += 1;
        Some(done.ok_or_else(panicked))
    }
}

impl<J, D> Drop for Pool<J, D> {
    fn drop(&mut self) {
        self.taken.abandoned.store(true, Ordering::Relaxed);
    }
}

impl<J, D> Clone for Jobs<J, D> {
    fn clone(&self) -> Self {
        Self {
            waiting: Arc::clone(&self.waiting),
            done: self.done.clone(),
            abandoned: Arc::clone(&self.abandoned),
            permits: self.permits.clone(),
        }
    }
}

impl<J, D> Jobs<J, D> {
    /// Waits for a job, and for a permit if there is a bound; `None` when the thread should end.
    pub(super) fn next(&self) -> Option<(J, Ticket<D>)> {
        let next = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let (number, job) = next.ok()?;
        let permit = self.permits.as_ref().map(Permits::acquire);
        if self.abandoned.load(Ordering::Relaxed) {
            return None;
        }
        Some((job, Ticket { number, done: Some(self.done.clone()), _permit: permit }))
    }
}

impl<D> Ticket<D> {
    /// Returns the result.
    pub(super) fn finish(mut self, done: D) {
        if let Some(sender) = self.done.take() {
            // If the pool was dropped, nobody waits for the result.
            let _ = sender.send((self.number, Some(done)));
        }
    }
}

impl<D> Drop for Ticket<D> {
    fn drop(&mut self) {
        if let Some(sender) = self.done.take() {
            let _ = sender.send((self.number, None));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order() {
        for threads in [1, 2, 5] {
            let mut pool = Pool::new(threads, None, None, |jobs: &Jobs<u64, u64>| {
                while let Some((job, ticket)) = jobs.next() {
                    std::thread::sleep(std::time::Duration::from_micros(job * 7 % 50));
                    ticket.finish(job * job);
                }
            });
            let mut out = Vec::new();
            for job in 0..100 {
                if pool.is_full() {
                    out.push(pool.collect().unwrap().unwrap());
                }
                pool.submit(job).unwrap();
                assert!(pool.in_flight() <= (threads + SLACK) as u64);
            }
            while let Some(done) = pool.collect() {
                out.push(done.unwrap());
            }
            assert_eq!(out, (0..100).map(|i| i * i).collect::<Vec<u64>>());
        }
    }

    #[test]
    fn a_panic_is_an_error_and_the_others_go_on() {
        let mut pool = Pool::new(2, None, None, |jobs: &Jobs<u64, u64>| {
            while let Some((job, ticket)) = jobs.next() {
                assert!(job != 3 && job != 5, "on purpose");
                ticket.finish(job);
            }
        });
        let mut bad = Vec::new();
        for job in 0..10 {
            pool.submit(job).unwrap();
        }
        for job in 0..10 {
            match pool.collect().unwrap() {
                Ok(done) => assert_eq!(done, job),
                Err(error) => {
                    assert_eq!(error.kind, ErrorKind::WorkerPanicked);
                    bad.push(job);
                }
            }
        }
        assert_eq!(bad, [3, 5]);
    }
}

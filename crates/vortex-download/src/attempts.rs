//! Counts attempts, and decides whether to try again.

use std::time::Duration;

use crate::error::{DownloadError, Result};
use crate::fault::Fault;
use crate::options::Options;
use crate::retry::Backoff;
use crate::transport::too_long;

/// Attempts at one address.
pub(crate) struct Attempts<'a> {
    options: &'a Options,
    backoff: Backoff,
    made: u32,
    idle: u32,
    unreachable: u32,
}

/// What to do after a failed attempt.
pub(crate) struct Again {
    /// What happened.
    pub reason: String,
    /// How long to wait.
    pub wait: Duration,
}

impl<'a> Attempts<'a> {
    pub fn new(options: &'a Options) -> Self {
        let backoff = Backoff::new(options.first_wait, options.max_wait, options.seed);
        Self { options, backoff, made: 0, idle: 0, unreachable: 0 }
    }

    /// An attempt ended with `fault` after it had brought bytes, or had not (`progress`).
    ///
    /// # Errors
    /// If another attempt would not help.
    pub fn failed(&mut self, url: &str, fault: Fault, progress: bool) -> Result<Again> {
        self.made += 1;
        if progress {
            self.backoff.reset();
            (self.idle, self.unreachable) = (0, 0);
        } else {
            self.idle += 1;
        }
        let (reason, asked) = match fault {
            Fault::Fatal(error) | Fault::Refused(error) => return Err(error),
            Fault::Unreachable { message } => {
                self.unreachable += 1;
                (message, None)
            }
            Fault::Busy { message, wait } => (message, wait),
            Fault::Lost { message } | Fault::Lie { message } | Fault::Wrong { message } => {
                (message, None)
            }
        };
        let gave_up = |message: String| {
            let url = url.to_owned();
            Err(DownloadError::GaveUp { url, message, attempts: self.made })
        };
        if let Some(wait) = asked
            && wait > self.options.max_retry_after
        {
            return gave_up(format!("{reason}: {}", too_long(wait)));
        }
        if self.idle >= self.options.max_idle_attempts
            || self.unreachable >= self.options.max_unreachable_attempts
            || self.made >= self.options.max_attempts
        {
            return gave_up(reason);
        }
        let wait = self.backoff.wait();
        Ok(Again { reason, wait: asked.map_or(wait, |asked| asked.max(wait)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_attempts_end_and_progress_does_not() {
        let options = Options::default();
        let lost = || Fault::Lost { message: "broke".into() };
        let mut attempts = Attempts::new(&options);
        for _ in 0..900 {
            assert!(attempts.failed("u", lost(), true).unwrap().wait <= options.first_wait);
        }
        for _ in 1..options.max_idle_attempts {
            assert!(attempts.failed("u", lost(), false).is_ok());
        }
        let error = attempts.failed("u", lost(), false).err().unwrap().to_string();
        assert!(error.contains("broke") && error.contains("908"), "{error}");
    }

    #[test]
    fn even_progress_ends_some_day() {
        let options = Options::default();
        let mut attempts = Attempts::new(&options);
        let mut n = 0;
        while attempts.failed("u", Fault::Lost { message: String::new() }, true).is_ok() {
            n += 1;
        }
        assert_eq!(n, options.max_attempts - 1);
    }

    #[test]
    fn servers_may_ask_for_time() {
        let options = Options::default();
        let busy = |seconds| Fault::Busy {
            message: "503".into(),
            wait: Some(Duration::from_secs(seconds)),
        };
        let mut attempts = Attempts::new(&options);
        let wait = attempts.failed("u", busy(77), false).unwrap().wait;
        assert_eq!(wait, Duration::from_secs(77));
        assert!(attempts.failed("u", busy(0), false).unwrap().wait > Duration::ZERO);
        let error = attempts.failed("u", busy(86_400), false).err().unwrap().to_string();
        assert!(error.contains("86400 seconds"), "{error}");
    }
}

//! The wait before the next attempt.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use vortex_base::random::SplitMix64;

use crate::range::number;

/// Waits that double from attempt to attempt, each shortened at random by up to half, so that many
/// clients of one server do not retry at the same time.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    base: Duration,
    max: Duration,
    doublings: u32,
    random: SplitMix64,
}

impl Backoff {
    pub fn new(base: Duration, max: Duration, seed: u64) -> Self {
        Self { base, max, doublings: 0, random: SplitMix64::new(seed) }
    }

    /// Resets the waits, because bytes have arrived.
    pub fn reset(&mut self) {
        self.doublings = 0;
    }

    /// The next wait.
    pub fn wait(&mut self) -> Duration {
        let longest = self.base.saturating_mul(1 << self.doublings.min(30)).min(self.max);
        self.doublings = self.doublings.saturating_add(1);
        longest.mul_f64(0.5 + self.random.unit() / 2.0)
    }
}

/// `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.
pub(crate) fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Some(seconds) = number(text).filter(|_| !text.is_empty()) {
        return Some(Duration::from_secs(seconds));
    }
    let now = now.duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some(Duration::from_secs(http_date(text)?.saturating_sub(now)))
}

/// Seconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once(", ")?;
    let parts: Vec<&str> = rest.split(' ').collect();
    let [day, month, year, time, "GMT"] = parts[..] else { return None };
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS.iter().position(|m| *m == month)? as u64 + 1;
    let (day, year) = (number(day)?, number(year)?);
    let clock: Vec<u64> = time.split(':').map(number).collect::<Option<_>>()?;
    let [hour, minute, second] = clock[..] else { return None };
    if !(1970..=9999).contains(&year) || !(1..=31).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // Years begin in March here, so that the leap day is the last one.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1;
    let days = days.checked_sub(719_468)?;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let second = Duration::from_secs(1);
        let mut backoff = Backoff::new(second, 20 * second, 7);
        for longest in [1, 2, 4, 8, 16, 20, 20] {
            let wait = backoff.wait();
            assert!(wait >= second * longest / 2 && wait <= second * longest, "{wait:?}");
        }
        backoff.reset();
        assert!(backoff.wait() <= second);
        // One seed, one sequence; another seed, another one.
        let waits = |seed| {
            let mut b = Backoff::new(second, 20 * second, seed);
            [b.wait(), b.wait(), b.wait()]
        };
        assert_eq!(waits(1), waits(1));
        assert_ne!(waits(1), waits(2));
    }

    #[test]
    fn retry_after_in_seconds_and_dates() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(retry_after("120", at(0)), Some(Duration::from_secs(120)));
        // 784,111,777 is the second of the example in RFC 9110.
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(retry_after(date, at(784_111_770)), Some(Duration::from_secs(7)));
        assert_eq!(retry_after(date, at(784_111_999)), Some(Duration::ZERO));
        assert_eq!(http_date("Thu, 29 Feb 2024 00:00:00 GMT"), Some(1_709_164_800));
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        for bad in [
            "",
            "-1",
            "1.5",
            "soon",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 99 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "99999999999999999999999",
        ] {
            assert_eq!(retry_after(bad, at(0)), None, "{bad}");
        }
    }
}

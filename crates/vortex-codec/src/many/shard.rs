//! The part of a manifest that one run takes.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// Shard `i/n`: of the entries, counted from 0, those whose number modulo `n` is `i - 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shard {
    number: u32,
    of: u32,
}

impl Shard {
    /// Shard `number` of `of`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`] unless 1 <= `number` <= `of`.
    pub fn new(number: u32, of: u32) -> Result<Self> {
        if of == 0 {
            return Err(Error::invalid_argument(format!("{number}/0: at least 1 shard is needed")));
        }
        if !(1..=of).contains(&number) {
            return Err(Error::invalid_argument(format!(
                "{number}/{of}: the first number is {number}; 1 to {of} are possible"
            )));
        }
        Ok(Self { number, of })
    }

    /// Its own entries.
    pub fn of<T>(self, entries: impl IntoIterator<Item = T>) -> Vec<T> {
        let first = self.number as usize - 1;
        entries.into_iter().skip(first).step_by(self.of as usize).collect()
    }

    /// Its number and their count as a part of a file name: `3-of-100`.
    pub fn file_name(self) -> String {
        format!("{}-of-{}", self.number, self.of)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let numbers = text.split_once('/').and_then(|(number, of)| {
            let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
            let read = |text: &str| text.parse().ok().filter(|_| digits(text));
            read(number).zip(read(of))
        });
        let Some((number, of)) = numbers else {
            return Err(Error::invalid_argument(format!(
                "{text:?} is not a shard; write I/N with numbers of at most {}, such as 3/100",
                u32::MAX
            )));
        };
        Self::new(number, of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_share_all_entries() {
        for n in [1, 2, 3, 7, 20] {
            let shards = (1..=n).map(|i| Shard::new(i, n).unwrap());
            let mut seen: Vec<u32> = shards.flat_map(|shard| shard.of(0..10)).collect();
            seen.sort_unstable();
            assert!(seen.into_iter().eq(0..10), "{n}");
        }
        assert_eq!("3/4".parse::<Shard>().unwrap().of(0..9), [2, 6]);
    }

    #[test]
    fn wrong_shards_name_the_limit() {
        let wrong = |text: &str| text.parse::<Shard>().unwrap_err().to_string();
        assert_eq!(wrong("4/3"), "4/3: the first number is 4; 1 to 3 are possible");
        assert_eq!(wrong("0/3"), "0/3: the first number is 0; 1 to 3 are possible");
        assert_eq!(wrong("1/0"), "1/0: at least 1 shard is needed");
        for text in ["", "/", "3", "3/", "/3", "+1/3", "-1/3", "1/3/3", "1 /3", "1/4294967296"] {
            assert!(wrong(text).contains("such as 3/100"), "{text}");
        }
        let shard: Shard = "3/100".parse().unwrap();
        assert_eq!((shard.to_string(), shard.file_name()), ("3/100".into(), "3-of-100".into()));
    }
}

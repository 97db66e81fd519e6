//! `Content-Range` (RFC 9110, section 14.4).

/// The part of a file that an answer contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentRange {
    /// Bytes `start ..= end` of a file of `total` bytes, if known.
    Bytes {
        /// First byte.
        start: u64,
        /// Last byte.
        end: u64,
        /// Length of the whole file.
        total: Option<u64>,
    },
    /// No such bytes; the file has `total`.
    Unsatisfied {
        /// Length of the whole file.
        total: u64,
    },
}

impl ContentRange {
    /// Reads `bytes 0-9/10`, `bytes 0-9/*` or `bytes */10`; `None` for anything else, ranges that
    /// end before they start or after their file included.
    pub fn parse(text: &str) -> Option<Self> {
        let (unit, rest) = text.trim().split_once(char::is_whitespace)?;
        if !unit.eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (range, total) = rest.trim().split_once('/')?;
        let total = match total.trim() {
            "*" => None,
            digits => Some(number(digits)?),
        };
        if range.trim() == "*" {
            return Some(Self::Unsatisfied { total: total? });
        }
        let (start, end) = range.split_once('-')?;
        let (start, end) = (number(start.trim())?, number(end.trim())?);
        let inside = start <= end && end < u64::MAX && total.is_none_or(|total| end < total);
        inside.then_some(Self::Bytes { start, end, total })
    }
}

/// A number without sign.
pub(crate) fn number(digits: &str) -> Option<u64> {
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let bytes = |start, end, total| Some(ContentRange::Bytes { start, end, total });
        assert_eq!(ContentRange::parse("bytes 5-9/10"), bytes(5, 9, Some(10)));
        assert_eq!(ContentRange::parse(" Bytes  0-0/* "), bytes(0, 0, None));
        let total = 10;
        assert_eq!(ContentRange::parse("bytes */10"), Some(ContentRange::Unsatisfied { total }));
        for bad in [
            "",
            "bytes",
            "bytes 5-9",
            "bytes 9-5/10",
            "bytes 5-10/10",
            "bytes -5/10",
            "bytes 5-/10",
            "bytes +5-9/10",
            "bytes */*",
            "items 0-1/2",
            "bytes 0-99999999999999999999/*",
            "bytes 0-18446744073709551615/*",
        ] {
            assert_eq!(ContentRange::parse(bad), None, "{bad}");
        }
    }
}

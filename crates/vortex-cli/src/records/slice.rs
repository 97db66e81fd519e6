//! Ranges of records, as Python writes slices.

use std::ops::Range;

/// `A:B`: the records from A up to, but not including, B.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    start: Option<i64>,
    end: Option<i64>,
}

impl Slice {
    /// The first `n` records.
    pub fn first(n: u64) -> Self {
        Self { start: None, end: Some(i64::try_from(n).unwrap_or(i64::MAX)) }
    }

    /// Reads `A:B`, `A:`, `:B` and `:`; negative numbers count from the end.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some((start, end)) = text.split_once(':') else {
            return Err(match text.parse::<i64>() {
                Ok(-1) => "one record is written -1:".into(),
                Ok(n) if n < i64::MAX => format!("one record is written {n}:{}", n + 1),
                _ => "not a range A:B; write 0:100, 500: or -100:".into(),
            });
        };
        let number = |text: &str| match text.trim() {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| {
                let step = text.contains(':').then_some("; steps are not possible");
                format!("{text:?} is not a whole number{}", step.unwrap_or_default())
            }),
        };
        Ok(Self { start: number(start)?, end: number(end)? })
    }

    /// These records of `n`, as Python counts: a range beyond them is cut, and may be empty.
    pub fn of(self, n: u64) -> Range<u64> {
        let place = |at: i64| match at {
            0.. => at.unsigned_abs().min(n),
            _ => n.saturating_sub(at.unsigned_abs()),
        };
        let end = self.end.map_or(n, place);
        self.start.map_or(0, place).min(end)..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_python_slices() {
        let of = |text: &str, n| Slice::parse(text).unwrap().of(n);
        for (text, wanted) in [
            ("2:5", 2..5),
            (":", 0..10),
            (":3", 0..3),
            ("7:", 7..10),
            ("-3:", 7..10),
            (":-3", 0..7),
            ("-5:-2", 5..8),
            ("8:99", 8..10),
            ("20:30", 10..10),
            ("-99:2", 0..2),
            ("5:-99", 0..0),
            ("5:2", 2..2),
            ("-9223372036854775808:9223372036854775807", 0..10),
        ] {
            assert_eq!(of(text, 10), wanted, "{text}");
        }
        assert_eq!(of("-3:", 0), 0..0);
        assert_eq!(of("1:", u64::MAX), 1..u64::MAX);
        assert_eq!(Slice::first(3), Slice::parse(":3").unwrap());
    }

    #[test]
    fn what_is_no_range() {
        let refused = |text: &str| Slice::parse(text).unwrap_err();
        assert_eq!(refused("5"), "one record is written 5:6");
        assert_eq!(refused("-1"), "one record is written -1:");
        assert!(refused("").contains("0:100") && refused("all").contains("0:100"));
        assert_eq!(refused("0:x"), "\"x\" is not a whole number");
        assert!(refused("0:10:2").contains("steps are not possible"));
        assert!(refused("1.5:3").contains("whole number"));
        assert!(refused("0:99999999999999999999").contains("whole number"));
    }
}

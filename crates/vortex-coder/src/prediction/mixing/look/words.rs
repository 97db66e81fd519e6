//! A readable description of what the first look found in bytes without records.

use std::fmt;
use std::ops::Range;

use super::super::numbers::{Form, Numbers};
use super::super::regions::Content;
use super::segments;

/// A range of bytes and its probable contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The range.
    pub bytes: Range<usize>,
    what: String,
}

impl fmt::Display for Stretch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// The probable contents of bytes without records, range by range.
pub fn stretches(bytes: &[u8]) -> Vec<Stretch> {
    let regions = segments::find(bytes).unwrap_or_default();
    let mut found: Vec<Stretch> = Vec::new();
    let mut start = 0;
    for region in regions {
        let (what, end) = (words(region.content), start + region.bytes);
        match found.last_mut() {
            Some(last) if last.what == what => last.bytes.end = end,
            _ => found.push(Stretch { bytes: start..end, what }),
        }
        start = end;
    }
    found
}

fn words(content: Content) -> String {
    match content {
        Content::Bytes => "text or other bytes".to_owned(),
        Content::Numbers(Numbers { width: 1, .. }) => "numbers of 1 byte".to_owned(),
        Content::Numbers(Numbers { width, form, .. }) => {
            let kind = if form == Form::Float { "floats" } else { "integers" };
            format!("{kind} of {width} bytes")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_before_floats_is_told_apart() {
        let text = "pt eta phi in GeV, one line\n".repeat(400);
        let mut state = 1u32;
        let mut draw = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from(u16::try_from(state >> 16).expect("16 bits")) / 700.0
        };
        let floats = (0..20_000).flat_map(|_| draw().to_le_bytes());
        let bytes: Vec<u8> = text.bytes().chain(floats).collect();
        let found = stretches(&bytes);
        assert_eq!(found.first().map(ToString::to_string).as_deref(), Some("text or other bytes"));
        let longest = found.iter().max_by_key(|stretch| stretch.bytes.len());
        let longest = longest.expect("there are bytes");
        assert!(longest.to_string().starts_with("floats"), "{longest}");
        assert!(longest.bytes.start.abs_diff(text.len()) <= 1024);
        assert_eq!(found.last().map(|stretch| stretch.bytes.end), Some(bytes.len()));
    }
}

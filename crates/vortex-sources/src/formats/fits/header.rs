//! The header of a unit: cards of 80 characters in blocks of 2880 bytes.

use std::collections::HashMap;
use std::io::Read;

/// Bytes of a block; headers and data fill whole blocks.
pub(super) const BLOCK: u64 = 2880;
const CARD: usize = 80;
/// Longest header, in blocks.
const MAX_BLOCKS: u64 = 4096;
/// Most axes, as in the standard.
const MAX_AXES: i64 = 999;

/// The values of a header; those of the first card of a keyword.
#[derive(Debug, Default)]
pub(super) struct Header {
    first: String,
    values: HashMap<String, Value>,
    blocks: u64,
}

#[derive(Debug)]
enum Value {
    Text(String),
    Integer(i64),
    True,
    Other,
}

impl Header {
    /// Reads whole blocks up to the one with the card `END`.
    ///
    /// # Errors
    /// A message that says what is wrong.
    pub(super) fn read(from: &mut impl Read) -> Result<Self, String> {
        let mut header = Self::default();
        let mut block = [0; BLOCK as usize];
        loop {
            if header.blocks == MAX_BLOCKS {
                return Err(format!("no END in the first {} bytes", MAX_BLOCKS * BLOCK));
            }
            from.read_exact(&mut block)
                .map_err(|_| format!("ends without END after {} bytes", header.blocks * BLOCK))?;
            header.blocks += 1;
            for card in block.chunks_exact(CARD) {
                if !card.iter().all(|byte| (b' '..=b'~').contains(byte)) {
                    return Err("has a card with a character that is not printable ASCII".into());
                }
                // Printable ASCII is UTF-8.
                let card = std::str::from_utf8(card).unwrap_or_default();
                let keyword = card[..8].trim_end();
                if keyword == "END" {
                    return Ok(header);
                }
                header.add(keyword, card);
            }
        }
    }

    fn add(&mut self, keyword: &str, card: &str) {
        if self.first.is_empty() {
            self.first = keyword.to_owned();
        }
        if let Some(value) = card[8..].strip_prefix("= ") {
            self.values.entry(keyword.to_owned()).or_insert_with(|| Value::of(value));
        }
    }

    /// The first keyword.
    pub(super) fn first(&self) -> &str {
        &self.first
    }

    /// Bytes of the header, padding included.
    pub(super) fn bytes(&self) -> u64 {
        self.blocks * BLOCK
    }

    pub(super) fn integer(&self, keyword: &str) -> Option<i64> {
        match self.values.get(keyword)? {
            Value::Integer(n) => Some(*n),
            _ => None,
        }
    }

    pub(super) fn text(&self, keyword: &str) -> Option<&str> {
        match self.values.get(keyword)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_true(&self, keyword: &str) -> bool {
        matches!(self.values.get(keyword), Some(Value::True))
    }

    /// A length: not negative, and a default if there is none.
    fn length(&self, keyword: &str, default: u64) -> Result<u64, String> {
        match self.integer(keyword) {
            None => Ok(default),
            Some(n) => u64::try_from(n).map_err(|_| format!("{keyword} is {n}")),
        }
    }

    /// Lengths of the axes, the one that varies fastest first.
    pub(super) fn axes(&self) -> Result<Vec<u64>, String> {
        let n = self.integer("NAXIS").ok_or("has no NAXIS")?;
        if !(0..=MAX_AXES).contains(&n) {
            return Err(format!("NAXIS is {n}; 0 to {MAX_AXES} are possible"));
        }
        (1..=n)
            .map(|i| {
                let keyword = format!("NAXIS{i}");
                let length = self.integer(&keyword).ok_or(format!("has no {keyword}"))?;
                u64::try_from(length).map_err(|_| format!("{keyword} is {length}"))
            })
            .collect()
    }

    /// Bytes of the data: `|BITPIX| GCOUNT (PCOUNT + NAXIS1 ... NAXISm) / 8`, without padding.
    pub(super) fn data_bytes(&self) -> Result<u64, String> {
        let (mut axes, parameters) = (self.axes()?, self.length("PCOUNT", 0)?);
        if axes.is_empty() {
            return Ok(0);
        }
        // Random groups have a first axis of length 0.
        if self.is_true("GROUPS") && axes[0] == 0 {
            axes.remove(0);
        }
        let bits = self.integer("BITPIX").ok_or("has no BITPIX")?.unsigned_abs();
        if ![8, 16, 32, 64].contains(&bits) {
            return Err(format!("BITPIX is {bits}; 8, 16, 32, 64, -32, -64 are possible"));
        }
        let elements = axes.iter().try_fold(1u64, |n, axis| n.checked_mul(*axis));
        let groups = self.length("GCOUNT", 1)?;
        elements
            .and_then(|n| n.checked_add(parameters)?.checked_mul(groups)?.checked_mul(bits / 8))
            .ok_or_else(|| format!("axes {axes:?} have more than 2^64 bytes"))
    }
}

impl Value {
    /// Of the characters behind `= `.
    fn of(text: &str) -> Self {
        let text = text.trim_start();
        if let Some(rest) = text.strip_prefix('\'') {
            return quoted(rest).map_or(Self::Other, Self::Text);
        }
        let word = text.split('/').next().unwrap_or_default().trim();
        match (word, word.parse()) {
            ("T", _) => Self::True,
            (_, Ok(n)) => Self::Integer(n),
            _ => Self::Other,
        }
    }
}

/// The text up to the closing quote; two quotes are one. Spaces at the end have no meaning.
fn quoted(rest: &str) -> Option<String> {
    let mut text = String::new();
    let mut characters = rest.chars().peekable();
    loop {
        match characters.next()? {
            '\'' if characters.next_if_eq(&'\'').is_some() => text.push('\''),
            '\'' => return Some(text.trim_end().to_owned()),
            other => text.push(other),
        }
    }
}

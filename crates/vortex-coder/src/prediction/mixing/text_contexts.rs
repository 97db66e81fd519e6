//! Contexts of text and of bytes of unknown meaning: the previous bytes, words, and the columns of
//! printed tables.

use super::engine::MAX_CONTEXTS;
use super::hash::{Hash, mix};

/// Contexts of a byte, the most useful ones first.
pub(super) const TEXT_CONTEXTS: usize = 16;
/// Classes of the previous byte.
pub(super) const TEXT_CLASSES: usize = 16;
/// Number of columns of a line that are distinguished.
const MAX_COLUMNS: usize = 255;

/// The bytes so far, and the position of the next byte in its line and column.
pub(super) struct TextContexts {
    bytes: Vec<u8>,
    /// The last eight bytes, with the latest in the lowest byte.
    history: u64,
    /// Hash of the current word (letters and digits); and of the previous word.
    word: u32,
    word_before: u32,
    /// Hash of the current column so far, and of the previous column.
    column: u32,
    column_before: u32,
    /// First byte of the line; 0 if it ends a column.
    line_type: u8,
    line_start: usize,
    line_before: usize,
    /// Starts of the columns of this line, and of the last line of each type.
    starts: Vec<usize>,
    starts_above: Vec<Vec<usize>>,
}

impl TextContexts {
    pub(super) fn new() -> Self {
        Self {
            bytes: Vec::new(),
            history: 0,
            word: 0,
            word_before: 0,
            column: 0,
            column_before: 0,
            line_type: 0,
            line_start: 0,
            line_before: 0,
            starts: vec![0],
            starts_above: vec![Vec::new(); 256],
        }
    }

    /// Adds a byte.
    pub(super) fn push(&mut self, byte: u8) {
        self.bytes.push(byte);
        let at = self.bytes.len();
        self.history = self.history << 8 | u64::from(byte);
        if byte.is_ascii_alphanumeric() || byte >= 128 {
            self.word = mix(self.word, u32::from(byte) + 1);
        } else if self.word != 0 {
            self.word_before = std::mem::take(&mut self.word);
        }
        match byte {
            b'\n' => {
                std::mem::swap(
                    &mut self.starts,
                    &mut self.starts_above[usize::from(self.line_type)],
                );
                self.starts.clear();
                self.starts.push(at);
                self.line_before = std::mem::replace(&mut self.line_start, at);
                self.column_before = std::mem::take(&mut self.column);
                self.line_type = 0;
            }
            b' ' | b',' | b'\t' | b';' => {
                if self.starts.len() < MAX_COLUMNS {
                    self.starts.push(at);
                }
                self.column_before = std::mem::take(&mut self.column);
            }
            _ => {
                if at == self.line_start + 1 {
                    self.line_type = byte;
                }
                self.column = mix(self.column, u32::from(byte) + 1);
            }
        }
    }

    /// The class of the previous byte, below [`TEXT_CLASSES`].
    pub(super) fn class(&self) -> usize {
        match self.history.to_le_bytes()[0] {
            b'0'..=b'9' => 0,
            b' ' => 1,
            b'\n' => 2,
            b'.' => 3,
            b'-' | b'+' => 4,
            b'e' | b'E' => 5,
            b'a'..=b'z' => 6,
            b'A'..=b'Z' => 7,
            b',' | b';' | b':' | b'\t' => 8,
            b'"' | b'\'' | b'<' | b'>' | b'/' => 9,
            0 => 10,
            1..=31 => 11,
            128..=254 => 12,
            255 => 13,
            _ => 14,
        }
    }

    /// The contexts of the next byte.
    #[allow(clippy::cast_possible_truncation)] // parts of hashes, small numbers
    pub(super) fn contexts(&self, out: &mut [u32; MAX_CONTEXTS]) {
        let recent = self.history;
        let order = |n: u32| {
            let bytes = recent & (u64::MAX >> (64 - 8 * n));
            mix(mix(bytes as u32, (bytes >> 32) as u32), n)
        };
        let last = (recent & 255) as u32;
        let at = self.bytes.len();
        let column = self.starts.len();
        let inside = at - self.starts.last().expect("a line has a first column");
        let place = mix(self.line_type.into(), column as u32);
        let byte = |at: usize| self.bytes.get(at).map_or(0, |&byte| u32::from(byte) + 1);
        // The byte in the same column of the last line of this type, and the byte of the previous
        // line at the same distance from its start.
        let above = self.starts_above[usize::from(self.line_type)].get(column - 1);
        let above = above.map_or(0, |start| byte(start + inside));
        let straight = self.line_before + (at - self.line_start);
        let straight = if straight < self.line_start { byte(straight) } else { 0 };
        let list: [u32; TEXT_CONTEXTS] = [
            order(1),
            order(2),
            order(3),
            mix(place, self.column),
            order(4),
            mix(mix(place, above), inside as u32),
            mix(self.word, place),
            order(6),
            mix(mix(self.column, self.column_before), 1),
            order(5),
            mix(mix(place, above), self.column),
            mix(straight, last),
            mix(self.word, self.word_before),
            mix(mix(place, inside as u32), last),
            order(8),
            mix(mix(self.column, self.column_before), place),
        ];
        let hash = Hash::new(0);
        for (i, (out, context)) in out.iter_mut().zip(list).enumerate() {
            *out = hash.of(i, context);
        }
    }
}

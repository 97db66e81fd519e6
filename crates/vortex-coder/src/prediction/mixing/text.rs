//! Contexts of text: the bytes before, words, and the columns of printed tables.

use super::engine::MAX_CONTEXTS;
use super::hash::mix;

/// What was read so far, and where in its line and field the next byte stands.
pub(super) struct TextContexts {
    bytes: Vec<u8>,
    history: u64,
    /// Hash of the letters since the last byte that is none, and of the word before.
    word: u32,
    word_before: u32,
    /// Hash of the bytes of this field, and of whole fields before.
    field_hash: u32,
    field_before: u32,
    line_type: u8,
    /// Starts of the fields of this line, and of the last line of each type.
    fields: Vec<u32>,
    above: Vec<Vec<u32>>,
    line_start: usize,
    last_line: usize,
}

impl TextContexts {
    pub(super) fn new() -> Self {
        Self {
            bytes: Vec::new(), history: 0, word: 0, word_before: 0, field_hash: 0, field_before: 0, line_type: 0,
            fields: vec![0], above: vec![Vec::new(); 256], line_start: 0, last_line: 0,
        }
    }

    pub(super) fn push(&mut self, byte: u8) {
        self.bytes.push(byte);
        let at = self.bytes.len();
        self.history = self.history << 8 | u64::from(byte);
        if byte.is_ascii_alphanumeric() || byte >= 128 {
            self.word = mix(self.word, u32::from(byte) + 1);
        } else if self.word != 0 {
            self.word_before = self.word;
            self.word = 0;
        }
        match byte {
            b'\n' => {
                let fields = std::mem::take(&mut self.fields);
                let before = std::mem::replace(&mut self.above[usize::from(self.line_type)], fields);
                self.fields = before;
                self.fields.clear();
                self.fields.push(at as u32);
                self.last_line = self.line_start;
                self.line_start = at;
                self.field_before = self.field_hash;
                self.field_hash = 0;
                self.line_type = 0;
            }
            b' ' | b',' | b'\t' | b';' => {
                if self.fields.len() < 255 {
                    self.fields.push(at as u32);
                }
                self.field_before = self.field_hash;
                self.field_hash = 0;
            }
            _ => {
                if at == self.line_start + 1 {
                    self.line_type = byte;
                }
                self.field_hash = mix(self.field_hash, u32::from(byte) + 1);
            }
        }
    }

    /// 0..16
    pub(super) fn category(&self) -> usize {
        let c = (self.history & 255) as u8;
        match c {
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

    pub(super) fn all(&self, out: &mut [u32; MAX_CONTEXTS]) -> usize {
        let h = self.history;
        let order = |n: u32| -> u32 {
            let v = if n == 8 { h } else { h & ((1 << (8 * n)) - 1) };
            mix(mix(v as u32, (v >> 32) as u32), n)
        };
        let at = self.bytes.len();
        let start = *self.fields.last().unwrap_or(&0) as usize;
        let pos = at - start;
        let field = self.fields.len() as u32;
        let above_fields = &self.above[usize::from(self.line_type)];
        let above_at = |f: usize| above_fields.get(f).map(|&s| s as usize);
        let above = above_at(self.fields.len() - 1)
            .map_or(0, |s| u32::from(self.bytes.get(s + pos).copied().unwrap_or(0)) + 1);
        let straight = {
            let i = self.last_line + (at - self.line_start);
            if i < self.line_start { u32::from(self.bytes[i]) } else { 0 }
        };
        let place = mix(u32::from(self.line_type), field);
        let list = [
            order(1), order(2), order(3), order(4), order(5), order(6), order(8),
            mix(self.word, place),
            mix(self.word, self.word_before),
            mix(place, self.field_hash),
            mix(mix(place, above), pos as u32),
            mix(mix(place, above), self.field_hash),
            mix(mix(self.field_hash, self.field_before), 1),
            mix(straight, (h & 255) as u32),
            mix(mix(place, pos as u32), (h & 255) as u32),
            mix(mix(self.field_hash, self.field_before), place),
        ];
        out[..list.len()].copy_from_slice(&list);
        list.len()
    }
}

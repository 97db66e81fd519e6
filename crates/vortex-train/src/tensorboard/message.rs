//! The few protocol buffer messages of an event file, encoded by hand.
//!
//! Field numbers are those of `event.proto`, `summary.proto`, `tensor.proto` and `tensor_shape.proto` in
//! TensorBoard's `compat/proto`.

const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const BYTES: u64 = 2;
const FIXED32: u64 = 5;

/// A message that is being built.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(mut self, mut value: u64) -> Self {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
        self
    }
    fn tag(self, field: u64, kind: u64) -> Self {
        self.varint(field << 3 | kind)
    }
    fn int(self, field: u64, value: u64) -> Self {
        self.tag(field, VARINT).varint(value)
    }
    fn double(mut self, field: u64, value: f64) -> Self {
        self = self.tag(field, FIXED64);
        self.0.extend(value.to_le_bytes());
        self
    }
    fn float(mut self, field: u64, value: f32) -> Self {
        self = self.tag(field, FIXED32);
        self.0.extend(value.to_le_bytes());
        self
    }
    fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        self = self.tag(field, BYTES).varint(value.len() as u64);
        self.0.extend(value);
        self
    }
    fn message(self, field: u64, value: Self) -> Self {
        self.bytes(field, &value.0)
    }
}

/// `Event.wall_time` and `Event.step`.
fn event(wall_time: f64, step: u64) -> Message {
    Message::default().double(1, wall_time).int(2, step)
}

/// The first event of every file (`Event.file_version`).
pub fn version(wall_time: f64) -> Vec<u8> {
    Message::default().double(1, wall_time).bytes(3, b"brain.Event:2").0
}

/// A run begins or continues: earlier events for `step` and later steps are discarded
/// (`Event.session_log`, `SessionLog.status` = `START`).
pub fn start(wall_time: f64, step: u64) -> Vec<u8> {
    event(wall_time, step).message(7, Message::default().int(1, 1)).0
}

/// Numbers (`Event.summary`, `Summary.value`, `Value.tag` and `Value.simple_value`).
pub fn scalars(wall_time: f64, step: u64, values: &[(&str, f64)]) -> Vec<u8> {
    let summary = values.iter().fold(Message::default(), |summary, (tag, value)| {
        summary.message(1, Message::default().bytes(1, tag.as_bytes()).float(2, *value as f32))
    });
    event(wall_time, step).message(5, summary).0
}

/// Markdown: a `Value.tensor` of one string, with the `Value.metadata` of the plugin `text`.
pub fn text(wall_time: f64, step: u64, tag: &str, markdown: &str) -> Vec<u8> {
    const DT_STRING: u64 = 7;
    let one = Message::default().message(2, Message::default().int(1, 1));
    let tensor = Message::default().int(1, DT_STRING).message(2, one).bytes(8, markdown.as_bytes());
    let metadata = Message::default().message(1, Message::default().bytes(1, b"text"));
    let value = Message::default().bytes(1, tag.as_bytes()).message(8, tensor).message(9, metadata);
    event(wall_time, step).message(5, Message::default().message(1, value)).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_by_hand() {
        assert_eq!(version(0.0), b"\x09\0\0\0\0\0\0\0\0\x1a\x0dbrain.Event:2");
        assert_eq!(start(0.0, 300), b"\x09\0\0\0\0\0\0\0\0\x10\xac\x02\x3a\x02\x08\x01");
        let one = scalars(0.0, 1, &[("a", 1.0)]);
        assert_eq!(one[9..], *b"\x10\x01\x2a\x0a\x0a\x08\x0a\x01a\x15\0\0\x80\x3f");
    }
}

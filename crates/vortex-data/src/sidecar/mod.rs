//! Schemas in files beside the data, and the search for the schema of a data file.
//!
//! Two forms are read. `NAME.schema.yaml` is Vortex's own, read strictly:
//!
//! ```yaml
//! stride: 27                                   # bytes per record
//! byte_order: little                           # little (default) or big, for all fields
//! fields:
//!   - {name: pt, dtype: float32}               # offset: the end of the previous field
//!   - {name: hits, dtype: "<i2", count: 3}     # hits[0], hits[1], hits[2]
//!   - {name: energy, dtype: f8, offset: 12, byte_order: big, transform: ordered}
//!   - {name: label, dtype: i1, offset: 24}     # bytes 25 and 26 become padding
//! ```
//!
//! A field can state how its values were made: `decimal: {digits: 6, places: 2}` for float32 numbers that were
//! printed, and `law: {form: sum, constant: 1, minus: [pc, pu]}` or
//! `law: {form: root_of_squares, constant: 0.0112, plus: [px, py, pz]}` for a formula over other fields of the
//! record. Values that do not obey it are still restored exactly; they only need more bytes. `vortex train`
//! finds most of these itself.
//!
//! Types have numpy's names (`"<f4"`, `"f4"`, `float32`). `transform` is `identity`,
//! `msb_first` or `ordered`; left out, it is the [usual](vortex_coder::FieldCoding::usual) one.
//! `delta: true` is for numbers that are close to those of the previous record.
//!
//! `NAME.json` is a description with `stride` and `fields` (`name`, `dtype`, `offset`) or
//! `record_descr` (pairs of name and dtype, without gaps); other keys are ignored. A description with
//! `columns`, or with a `layout` alone (text), has no records: its schema is one number a record
//! when all columns have the same width of 2, 4 or 8 bytes and start at a multiple of it (of
//! their type, or an unsigned integer where types differ), and single bytes otherwise.

mod json;
mod names;
mod words;
mod yaml;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use vortex_coder::schema::Schema;

use crate::detect::{DETECTION_WINDOW, detect};
use crate::error::{Error, Result};

pub use yaml::to_yaml;

/// Largest sidecar read, in bytes.
pub const MAX_SIDECAR_BYTES: u64 = 32 << 20;

/// Endings of text files, which have no records: a `NAME.json` beside one describes another file,
/// such as the `NAME.bin` that the text was printed from.
const TEXT: [&str; 10] = ["csv", "tsv", "txt", "log", "md", "html", "xml", "yaml", "yml", "jsonl"];

/// The origin of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaSource {
    /// A file that the user named.
    File(PathBuf),
    /// A file beside the data.
    Sidecar(PathBuf),
    /// The bytes of the data.
    Detected,
}

impl fmt::Display for SchemaSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) | Self::Sidecar(path) => write!(f, "{}", path.display()),
            Self::Detected => write!(f, "detected"),
        }
    }
}

/// The schema of a data file: from `explicit` if given, else from a sidecar beside the file, else
/// from its bytes.
///
/// For `dir/NAME.bin` the sidecars tried are `dir/NAME.bin.schema.yaml`, `dir/NAME.schema.yaml`
/// and `dir/NAME.json`. A `.json` that does not describe data is ignored, and so is one beside a
/// text file such as `NAME.csv`; any other file that cannot be read is an error.
///
/// # Errors
/// [`Error::Io`] or [`Error::Sidecar`].
pub fn schema_of(data: &Path, explicit: Option<&Path>) -> Result<(Schema, SchemaSource)> {
    if let Some(path) = explicit {
        return Ok((read_schema(path)?, SchemaSource::File(path.to_owned())));
    }
    if let Some(path) = own_sidecars(data).into_iter().find(|p| p.is_file()) {
        return Ok((read_schema(&path)?, SchemaSource::Sidecar(path)));
    }
    let path = data.with_extension("json");
    let ending = data.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    if path != data && !TEXT.contains(&ending.as_str()) && path.is_file() {
        let text = read_text(&path)?;
        if json::describes_data(&text) {
            return Ok((json::parse(&path, &text)?, SchemaSource::Sidecar(path)));
        }
    }
    Ok((detect(&first_bytes(data)?).schema, SchemaSource::Detected))
}

/// Reads a schema file of either form: JSON when its name ends in `.json` or its text begins
/// with `{`, else YAML.
///
/// # Errors
/// [`Error::Io`]; [`Error::Sidecar`] with line, field and value.
pub fn read_schema(path: &Path) -> Result<Schema> {
    let text = read_text(path)?;
    parse_schema(path, &text)
}

/// Reads the text of a schema file; `path` is for messages, and its ending says the form as in
/// [`read_schema`].
///
/// # Errors
/// [`Error::Sidecar`] with line, field and value.
pub fn parse_schema(path: &Path, text: &str) -> Result<Schema> {
    let is_json = match path.extension().and_then(|e| e.to_str()) {
        Some("json") => true,
        Some("yaml" | "yml") => false,
        _ => text.trim_start().starts_with('{'),
    };
    if is_json { json::parse(path, text) } else { yaml::parse(path, text) }
}

/// Writes a schema in Vortex's own form; [`read_schema`] gives back an equal one.
///
/// # Errors
/// [`Error::Io`].
pub fn write_schema(path: &Path, schema: &Schema) -> Result<()> {
    std::fs::write(path, to_yaml(schema)).map_err(|e| Error::io(path, e))
}

fn own_sidecars(data: &Path) -> [PathBuf; 2] {
    let mut appended = data.as_os_str().to_owned();
    appended.push(".schema.yaml");
    [PathBuf::from(appended), data.with_extension("schema.yaml")]
}

fn read_text(path: &Path) -> Result<String> {
    let bytes = read_limited(path, MAX_SIDECAR_BYTES + 1)?;
    if bytes.len() as u64 > MAX_SIDECAR_BYTES {
        let message = format!("longer than {MAX_SIDECAR_BYTES} bytes, too long for a schema");
        return Err(Error::sidecar(path, message));
    }
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        Error::sidecar(path, format!("not text: byte {at} is not UTF-8"))
    })
}

fn first_bytes(path: &Path) -> Result<Vec<u8>> {
    read_limited(path, DETECTION_WINDOW as u64)
}

fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(|e| Error::io(path, e))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_coder::schema::{DType, Field};

    #[test]
    fn order_of_sources() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("x.bin");
        std::fs::write(&data, []).unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        let stride = |explicit: Option<&str>| {
            let explicit = explicit.map(|e| dir.path().join(e));
            let (schema, source) = schema_of(&data, explicit.as_deref()).unwrap();
            (schema.stride(), source)
        };
        assert_eq!(stride(None), (1, SchemaSource::Detected));
        write("x.json", r#"{"some": "other file"}"#);
        assert_eq!(stride(None), (1, SchemaSource::Detected));
        write("x.json", "[broken");
        assert_eq!(stride(None), (1, SchemaSource::Detected));
        write("x.json", r#"{"stride": 5, "fields": []}"#);
        assert_eq!(stride(None), (5, SchemaSource::Sidecar(dir.path().join("x.json"))));
        let printed = dir.path().join("x.CSV");
        std::fs::write(&printed, "1,2\n").unwrap();
        assert_eq!(schema_of(&printed, None).unwrap().1, SchemaSource::Detected);
        write("x.schema.yaml", "stride: 6");
        assert_eq!(stride(None), (6, SchemaSource::Sidecar(dir.path().join("x.schema.yaml"))));
        write("x.bin.schema.yaml", "stride: 7");
        assert_eq!(stride(None).0, 7);
        write("other", "  {\"stride\": 8}");
        assert_eq!(stride(Some("other")), (8, SchemaSource::File(dir.path().join("other"))));
        write("x.bin.schema.yaml", "stride: none");
        assert!(matches!(schema_of(&data, None), Err(Error::Sidecar { .. })));
        assert!(matches!(schema_of(&data, Some(&dir.path().join("no"))), Err(Error::Io { .. })));
        assert!(matches!(schema_of(&dir.path().join("no"), None), Err(Error::Io { .. })));
    }

    #[test]
    fn what_is_written_is_read() {
        let mut energy = Field::new("E [GeV]: \"total\"\n", DType::F64, 3);
        energy.big_endian = true;
        let schema = Schema::new(20, vec![energy, Field::new("é#", DType::I16, 1)]).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("y.schema.yaml");
        write_schema(&path, &schema).unwrap();
        assert_eq!(read_schema(&path).unwrap(), schema);
    }

    #[test]
    fn sidecars_that_are_not_text() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("z.schema.yaml");
        std::fs::write(&path, b"stride: \xff").unwrap();
        let message = read_schema(&path).unwrap_err().to_string();
        assert!(message.contains("byte 8") && message.contains("z.schema.yaml"), "{message}");
    }
}

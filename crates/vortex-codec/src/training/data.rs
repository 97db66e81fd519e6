//! Which files can be used for one training, and which folders hold one.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use vortex_coder::Schema;
use vortex_data::sidecar::{SchemaSource, schema_of};

use crate::error::{Error, ErrorKind, Result};

/// The schema of all files.
///
/// # Errors
/// [`ErrorKind::Schema`] if one of them has other records than the first, and those of reading.
pub fn same_records(files: &[&Path], explicit: Option<&Path>) -> Result<Schema> {
    let Some(first) = files.first() else {
        return Err(Error::invalid_argument("no data file to train on"));
    };
    let (schema, source) = schema_of(first, explicit)?;
    if explicit.is_some() {
        return Ok(schema);
    }
    for file in &files[1..] {
        let (other, other_source) = schema_of(file, None)?;
        // Detection in two files may give different schemas although the records are the same.
        let found = other_source == SchemaSource::Detected;
        let differs = match found {
            true => source == SchemaSource::Detected && other.stride() != schema.stride(),
            false => other != schema,
        };
        if differs {
            let (first, name) = (first.display(), file.display());
            let (bytes, fields) = (other.stride(), other.fields().len());
            let looks = if found { " (detected)" } else { "" };
            let message = format!(
                "{name}: records of {bytes} bytes and {fields} fields{looks}, but those of {first} have {} bytes \
                 and {} fields; all files of a training need the same records",
                schema.stride(),
                schema.fields().len(),
            );
            return Err(Error::new(ErrorKind::MixedRecords, message));
        }
    }
    Ok(schema)
}

/// Whether training or an import wrote into this folder.
pub fn holds_run(folder: &Path) -> bool {
    ["model.vxm", "last.safetensors"].iter().any(|file| folder.join(file).exists())
}

/// Files of a prepared folder with one schema, on which one model can be trained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Bytes of all files.
    pub bytes: u64,
    /// The files, by name.
    pub files: Vec<PathBuf>,
}

/// The streams of a prepared folder by schema, the group with the most bytes first.
///
/// # Errors
/// The errors of reading the folder, and of a stream without its schema.
pub fn groups(folder: &Path) -> Result<Vec<Group>> {
    let at = |path: &Path, error: io::Error| Error::from(error).context(path.display());
    let mut groups: BTreeMap<Vec<u8>, Group> = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(|error| at(folder, error))? {
        let path = entry.map_err(|error| at(folder, error))?.path();
        if path.extension().is_none_or(|e| e != "bin") {
            continue;
        }
        let schema = path.with_extension("schema.yaml");
        let schema = std::fs::read(&schema).map_err(|error| at(&schema, error))?;
        let len = path.metadata().map_err(|error| at(&path, error))?.len();
        let group = groups.entry(schema).or_insert(Group { bytes: 0, files: Vec::new() });
        group.bytes += len;
        group.files.push(path);
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.iter_mut().for_each(|group| group.files.sort());
    groups.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.files.cmp(&b.files)));
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_schema_go_together() {
        let folder = tempfile::tempdir().unwrap();
        for (name, len, schema) in
            [("b", 10, "stride: 1"), ("c", 25, "stride: 5"), ("a", 20, "stride: 1")]
        {
            std::fs::write(folder.path().join(format!("{name}.bin")), vec![0; len]).unwrap();
            std::fs::write(folder.path().join(format!("{name}.schema.yaml")), schema).unwrap();
        }
        let groups = groups(folder.path()).unwrap();
        let names: Vec<Vec<_>> =
            groups.iter().map(|g| g.files.iter().filter_map(|f| f.file_stem()).collect()).collect();
        assert_eq!(names, [&["a", "b"][..], &["c"]]);
        assert_eq!(groups[0].bytes, 30);

        let files = ["a.bin", "b.bin", "c.bin"].map(|name| folder.path().join(name));
        let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
        assert_eq!(same_records(&files[..2], None).unwrap().stride(), 1);
        let error = same_records(&files, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MixedRecords);
        assert!(error.message().contains("c.bin: records of 5 bytes"), "{error}");
        assert!(same_records(&[], None).is_err());
    }
}

//! The memory of a reader through the index is bounded for any number of members.

use std::io::Cursor;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use crate::support::*;
use vortex_coder::container::*;
use vortex_coder::{DType, ErrorKind, Field, Identity, Model, Result, Schema};

/// Stores weak references to all models that it returned.
struct Watching(Mutex<Vec<Weak<SeedModel>>>);

impl ModelLoader for Watching {
    fn by_digest(&self, digest: [u8; 32]) -> Result<Arc<dyn Model>> {
        Err(wrong_model(Identity::Network(digest), None))
    }
    fn from_bytes(&self, bytes: &[u8]) -> Result<Arc<dyn Model>> {
        let model = Arc::new(SeedModel::new(bytes[0]));
        self.0.lock().unwrap().push(Arc::downgrade(&model));
        Ok(model)
    }
}

#[test]
fn one_model_is_kept_at_a_time() {
    let data = records(1000, 3);
    let mut file = Vec::new();
    for seed in [1, 2, 3, 3, 1] {
        let model = Arc::new(SeedModel::new(seed));
        let embed_model = Some(model.file());
        let options =
            WriterOptions { embed_model, zstd_level: None, ..ordinary(Coder::Model(model)) };
        file.extend(encode(&data, options).0);
    }
    let loader = Arc::new(Watching(Mutex::default()));
    let models: Arc<dyn ModelLoader> = Arc::clone(&loader) as _;
    let options = ReaderOptions { models, ..ReaderOptions::default() };
    let mut reader = IndexedReader::open(Cursor::new(&file), options).unwrap();
    let all = reader.read_range(0, 5 * data.len()).unwrap();
    assert!(all.chunks(data.len()).all(|part| part == data));
    let given = loader.0.lock().unwrap();
    assert_eq!(given.len(), 4, "the third and the fourth member share theirs");
    let alive = || given.iter().filter(|model| model.strong_count() > 0).count();
    // The threads of a member end soon after their last block was taken.
    let begun = Instant::now();
    while alive() > 1 && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(alive(), 1, "of {} models", given.len());
}

fn wide_schema(first: &str) -> Schema {
    let name = |i| if i == 0 { first.to_owned() } else { format!("field_{i:0>200}") };
    let fields = (0..200).map(|i| Field::new(name(i), DType::U8, i));
    Schema::new(200, fields.collect()).unwrap()
}

fn members(names: &[&str]) -> Vec<u8> {
    let one =
        |name: &&str| encode(&[7; 3000], WriterOptions::new(Coder::Classic(wide_schema(name)))).0;
    names.iter().flat_map(one).collect()
}

#[test]
fn schemas_are_kept_once_and_count() {
    let open = |file: &[u8]| {
        let limits = Limits { max_index_bytes: 80_000, ..Limits::default() };
        let options = ReaderOptions { limits, ..ReaderOptions::default() };
        IndexedReader::open(Cursor::new(file.to_vec()), options).map(|reader| {
            let schemas: Vec<_> = reader.members().map(|m| m.schema.clone().unwrap()).collect();
            schemas.iter().filter(|schema| Arc::ptr_eq(schema, &schemas[0])).count()
        })
    };
    assert_eq!(open(&members(&["a"; 9])).unwrap(), 9);
    // Two packed schemas need only a few hundred bytes of the file.
    let file = members(&["a", "b"]);
    assert!(file.len() < 8_000, "{}", file.len());
    let error = open(&file).unwrap_err();
    assert_eq!(error.kind, ErrorKind::LimitExceeded);
    assert!(error.message.contains("max_index_bytes"), "{error}");
}

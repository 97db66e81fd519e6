//! Prepared and restored tables are equal.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::types::{Float32Type, Int32Type};
use arrow_array::{Array as _, ArrayRef, ListArray, RecordBatch, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use proptest::prelude::*;
use vortex_base::random::SplitMix64;
use vortex_sources::prepare::{Layout, LayoutRule, PrepareOptions, prepare, restore};

use super::files::{
    Read, read_file, read_parquet, read_stream, write_file, write_parquet, write_stream,
};
use super::tables::{Chance, Kinds, numbers};

/// Prepares and restores a file; `None` if it holds no values.
fn there_and_back(path: &Path, layout: Layout, seed: Option<u64>) -> Option<PathBuf> {
    let folder = path.parent().unwrap();
    let (data, back) = (folder.join("data"), folder.join("back"));
    let layout = LayoutRule::Fixed(layout);
    let options = PrepareOptions { layout, seed, ..PrepareOptions::default() };
    let manifest = match prepare(&[path.to_owned()], &data, &options, &mut |_| {}) {
        Ok(manifest) => manifest,
        Err(error) => {
            assert!(error.to_string().contains("holds no dataset"), "{error}");
            return None;
        }
    };
    assert!(manifest.is_whole(), "{:?}", manifest.sources[0].left_out);
    assert!(manifest.sources[0].unread.is_empty());
    let restored = restore(&manifest, &data, &back, &mut |_| {}).unwrap();
    Some(restored[0].path.clone())
}

fn check(
    write: impl Fn(&Path, &mut Chance) -> Read,
    read: impl Fn(&Path) -> Read,
    name: &str,
    seed: u64,
) {
    let chance = &mut Chance(SplitMix64::new(seed));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let (schema, batches) = write(&path, chance);
    let layout = if chance.below(2) == 0 { Layout::Row } else { Layout::Column };
    let order = (chance.below(2) == 0).then_some(seed);
    let Some(back) = there_and_back(&path, layout, order) else {
        let values = |batch: &RecordBatch| batch.num_rows() > 0 && batch.num_columns() > 0;
        let nulls = schema.fields().iter().all(|field| !has_values(field.data_type()));
        assert!(nulls || !batches.iter().any(values), "{schema:?}");
        return;
    };
    let (found_schema, found) = read(&back);
    assert_eq!(found_schema, schema);
    assert_eq!(found, batches);
}

/// Whether a type can have values, and not only nulls.
fn has_values(kind: &DataType) -> bool {
    match kind {
        DataType::Null => false,
        DataType::FixedSizeList(item, _) => has_values(item.data_type()),
        DataType::Struct(members) => members.iter().any(|member| has_values(member.data_type())),
        _ => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn arrow_files_come_back(seed: u64) {
        let write = |path: &Path, chance: &mut Chance| {
            let (schema, batches) = chance.table(Kinds::Arrow);
            write_file(path, &schema, &batches, chance);
            (schema, batches)
        };
        check(write, read_file, "a.arrow", seed);
    }

    #[test]
    fn arrow_streams_come_back(seed: u64) {
        let write = |path: &Path, chance: &mut Chance| {
            let (schema, batches) = chance.table(Kinds::Arrow);
            write_stream(path, &schema, &batches, chance);
            (schema, batches)
        };
        check(write, read_stream, "a.arrows", seed);
    }

    #[test]
    fn parquet_files_come_back(seed: u64) {
        let write = |path: &Path, chance: &mut Chance| {
            let (schema, batches) = chance.table(Kinds::Parquet);
            write_parquet(path, &schema, &batches, chance);
            // As arrow-rs reads it; the batches are not those of the row groups.
            read_parquet(path)
        };
        check(write, read_parquet, "a.parquet", seed);
    }
}

#[test]
fn lists_with_the_same_counts_share_a_table() {
    let lists = |values: ArrayRef| -> ArrayRef {
        let item = Arc::new(Field::new("item", values.data_type().clone(), true));
        let offsets = OffsetBuffer::from_lengths([2, 0, 1]);
        Arc::new(ListArray::new(item, offsets, values, None))
    };
    let pt = lists(numbers::<Float32Type>(vec![1.0, 2.0, 3.0]));
    let charge = lists(numbers::<Int32Type>(vec![1, -1, 1]));
    let field = |name: &str, array: &ArrayRef| Field::new(name, array.data_type().clone(), true);
    let schema = Schema::new(vec![field("Muon_pt", &pt), field("Muon_charge", &charge)]);
    let schema = Arc::new(schema);
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![pt, charge]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let chance = &mut Chance(SplitMix64::new(1));
    let (parquet, arrow) = (folder.path().join("a.parquet"), folder.path().join("a.arrow"));
    write_parquet(&parquet, &schema, std::slice::from_ref(&batch), chance);
    write_file(&arrow, &schema, &[batch], chance);
    for path in [parquet, arrow] {
        let source = vortex_sources::open(&path).unwrap();
        let tables: Vec<_> = source.datasets().iter().map(|d| (&*d.name, d.n_records)).collect();
        assert_eq!(tables, [("rows", 3), ("Muon", 3)]);
        let names = |table: usize| -> Vec<String> {
            let fields = source.datasets()[table].schema.fields();
            fields.iter().map(|field| field.name.clone()).collect()
        };
        assert_eq!(names(0), ["counts(Muon)"]);
        assert_eq!(names(1), ["Muon_pt", "Muon_charge"]);
    }
}

/// A file with one column of nulls beside a column of values.
fn beside(path: &Path, column: ArrayRef) -> (SchemaRef, Vec<RecordBatch>) {
    let n = column.len();
    let values = numbers::<Int32Type>((0..n as i32).collect());
    let kind = column.data_type().clone();
    let fields = vec![Field::new("x", kind, true), Field::new("n", DataType::Int32, true)];
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![column, values]).unwrap();
    let chance = &mut Chance(SplitMix64::new(1));
    match path.extension().unwrap().to_str() {
        Some("parquet") => write_parquet(path, &schema, std::slice::from_ref(&batch), chance),
        Some("arrows") => write_stream(path, &schema, std::slice::from_ref(&batch), chance),
        _ => write_file(path, &schema, std::slice::from_ref(&batch), chance),
    }
    (schema, vec![batch])
}

#[test]
fn a_dictionary_without_values_inside_of_nulls_comes_back() {
    let kind = DataType::Dictionary(Box::new(DataType::Int16), Box::new(DataType::Utf8));
    let fields = Fields::from(vec![Field::new("d", kind, true)]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.arrow");
    let (schema, batches) = beside(&path, Arc::new(StructArray::new_null(fields, 3)));
    let back = there_and_back(&path, Layout::Row, None).unwrap();
    assert_eq!(read_file(&back), (schema, batches));
}

#[test]
fn a_column_that_is_too_deep_is_left_out_alone() {
    let mut lists = numbers::<Int32Type>(vec![1, 2]);
    let mut structs = Arc::clone(&lists);
    for depth in 0..45 {
        let field = |array: &ArrayRef| Field::new("f", array.data_type().clone(), true);
        structs = Arc::new(StructArray::new(vec![field(&structs)].into(), vec![structs], None));
        if depth < 16 {
            let (field, offsets) = (Arc::new(field(&lists)), OffsetBuffer::from_lengths([1, 1]));
            lists = Arc::new(ListArray::new(field, offsets, lists, None));
        }
    }
    for (name, column) in [("a.parquet", lists), ("a.arrow", structs)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        beside(&path, column);
        let data = folder.path().join("data");
        let manifest = prepare(&[path], &data, &PrepareOptions::default(), &mut |_| {}).unwrap();
        let source = &manifest.sources[0];
        let reasons: Vec<&str> =
            source.unread.iter().chain(&source.left_out).map(|entry| &*entry.reason).collect();
        assert!(matches!(reasons[..], [reason] if reason.contains("more than 32")), "{reasons:?}");
    }
}

#[test]
fn bytes_behind_a_stream_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.arrows");
    beside(&path, numbers::<Int32Type>(vec![1, 2]));
    assert!(vortex_sources::open(&path).unwrap().unread().is_empty());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend(b"more");
    std::fs::write(&path, bytes).unwrap();
    let source = vortex_sources::open(&path).unwrap();
    assert_eq!(source.unread()[0].reason, "4 bytes behind the end of the stream");
}

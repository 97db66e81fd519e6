//! Writing and reading tables with arrow-rs.

use std::fs::File;
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_ipc::CompressionType;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::{Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::tables::Chance;

pub type Read = (SchemaRef, Vec<RecordBatch>);

/// Writes a Parquet file with a row group for each batch.
pub fn write_parquet(
    path: &Path,
    schema: &SchemaRef,
    batches: &[RecordBatch],
    chance: &mut Chance,
) {
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::BROTLI(Default::default()),
        Compression::LZ4_RAW,
        Compression::ZSTD(Default::default()),
    ];
    let properties = WriterProperties::builder()
        .set_compression(codecs[chance.below(6) as usize])
        .set_dictionary_enabled(chance.below(2) == 0)
        .set_data_page_row_count_limit(50)
        .set_write_batch_size(20);
    let file = File::create(path).unwrap();
    let mut writer =
        ArrowWriter::try_new(file, SchemaRef::clone(schema), Some(properties.build())).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
        writer.flush().unwrap();
    }
    writer.close().unwrap();
}

pub fn read_parquet(path: &Path) -> Read {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = SchemaRef::clone(reader.schema());
    let reader = reader.with_batch_size(1 << 16).build().unwrap();
    (schema, reader.map(Result::unwrap).collect())
}

fn options(chance: &mut Chance) -> IpcWriteOptions {
    let codecs = [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)];
    let codec = codecs[chance.below(3) as usize];
    IpcWriteOptions::default().try_with_compression(codec).unwrap()
}

pub fn write_file(path: &Path, schema: &Schema, batches: &[RecordBatch], chance: &mut Chance) {
    let out = File::create(path).unwrap();
    let mut writer = FileWriter::try_new_with_options(out, schema, options(chance)).unwrap();
    writer.write_metadata("footer", "of a file");
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
}

pub fn write_stream(path: &Path, schema: &Schema, batches: &[RecordBatch], chance: &mut Chance) {
    let out = File::create(path).unwrap();
    let mut writer = StreamWriter::try_new_with_options(out, schema, options(chance)).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
}

pub fn read_file(path: &Path) -> Read {
    let reader = FileReader::try_new(File::open(path).unwrap(), None).unwrap();
    assert_eq!(reader.custom_metadata().get("footer").map(String::as_str), Some("of a file"));
    (reader.schema(), reader.map(Result::unwrap).collect())
}

pub fn read_stream(path: &Path) -> Read {
    let reader = StreamReader::try_new(File::open(path).unwrap(), None).unwrap();
    (reader.schema(), reader.map(Result::unwrap).collect())
}

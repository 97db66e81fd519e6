//! The look before coding at the quick levels: bounded in what is read and in what is tried, so that it takes less time than
//! coding.

use std::io::Write;

use vortex_coder::container::{Writer, WriterOptions};
use vortex_coder::{Schema, columns};
use vortex_data::{Search, discover};

use crate::error::Result;
use crate::level::Level;
use crate::look::{Known, middle};

/// Records from the start of a stream that are searched for decimals and laws, and bounds on their bytes.
const SEARCHED_RECORDS: usize = 1024;
const SEARCHED_BYTES: std::ops::RangeInclusive<usize> = 64 << 10..=512 << 10;
/// Bytes from the middle of the sample that each candidate is tried on.
const TRIED_BYTES: usize = 128 << 10;

/// The level that candidates are tried at, or a lower one.
const TRIAL_LEVEL: Level = Level::QUICK;

/// The schema with decimals and laws of the sample where they make it shorter, from level 2 on; instead of a guess that
/// does not pay, [`Schema::bytes`].
pub(crate) fn improve(
    level: Level,
    columns: columns::Level,
    schema: Schema,
    known: Known,
    sample: &[u8],
) -> Result<Schema> {
    let mut candidates = vec![schema];
    if columns > columns::Level::LOWEST && candidates[0] != Schema::bytes() {
        let schema = &candidates[0];
        let bytes = (SEARCHED_RECORDS * schema.stride())
            .clamp(*SEARCHED_BYTES.start(), *SEARCHED_BYTES.end());
        let start = &sample[..sample.len().min(bytes) / schema.stride() * schema.stride()];
        // Distances from the record before are found block by block, by pcodec.
        let search = Search { decimals: true, laws: true, deltas: false };
        let found = discover(schema, start, search)?.schema;
        if found != *schema {
            candidates.push(found);
        }
    }
    if known == Known::Guess && candidates[0] != Schema::bytes() {
        candidates.push(Schema::bytes());
    }
    if candidates.len() == 1 {
        return Ok(candidates.remove(0));
    }
    // The candidates differ in more than what a higher level makes of them.
    let trial = level.min(TRIAL_LEVEL);
    let mut best: Option<(u64, Schema)> = None;
    for schema in candidates {
        let size = size(trial, &schema, middle(sample, schema.stride(), TRIED_BYTES))?;
        if best.as_ref().is_none_or(|(least, _)| size < *least) {
            best = Some((size, schema));
        }
    }
    Ok(best.expect("there are candidates").1)
}

/// Bytes of a file of these records.
fn size(level: Level, schema: &Schema, records: &[u8]) -> Result<u64> {
    let coder = level.coder(schema.clone());
    let mut options = WriterOptions::new(coder);
    options.zstd_level = level.zstd_level(&options.coder, options.zstd_level);
    let mut writer = Writer::new(Vec::new(), options)?;
    writer.write_all(records)?;
    Ok(writer.finish()?.1.compressed_bytes)
}

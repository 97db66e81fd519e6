//! Measuring a model on data: a real compressed file, decoded and compared, the model's own
//! cross-entropy, and other codecs on the same bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use vortex_coder::BlockRecords;
use vortex_coder::cost::COST_ONE_BIT;

use crate::baselines::{self, Choice};
use crate::codec::{self, Encoding};
use crate::models::Models;
use crate::report::results::{CodecRow, Results, RoleRow};

/// What to measure and how to call it.
pub struct Subject<'a> {
    /// Name of the data, for the report.
    pub data: String,
    /// Name of the part of it.
    pub part: String,
    /// The part's bytes.
    pub bytes: &'a [u8],
    /// Where the model came from, and the size of its file; `None` for the built-in predictor.
    pub model_file: Option<(String, u64)>,
    /// Decodes with the model.
    pub models: &'a Arc<Models>,
    /// Encodes with it.
    pub encoding: &'a Encoding,
    /// Other codecs to run.
    pub baselines: Choice,
}

/// Measures; `say` hears what comes next.
pub fn evaluate(subject: &Subject, mut say: impl FnMut(&str)) -> Result<Results> {
    let Subject { bytes, encoding, .. } = *subject;
    let layout = encoding.model.layout();
    let schema = layout.schema();

    say("vortex");
    let start = Instant::now();
    let mut packed = Vec::new();
    codec::encode(&mut &bytes[..], &mut packed, encoding)?;
    let encode_s = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let mut back = Vec::with_capacity(bytes.len());
    let search = subject.models.search(None);
    codec::decode(&mut &packed[..], &mut back, search, encoding.threads)?;
    let decode_s = start.elapsed().as_secs_f64();
    ensure!(back == bytes, "vortex did not give back the same bytes; please report this");
    drop(back);

    say("cross-entropy");
    let costs = costs_by_role(bytes, encoding)?;
    let records = bytes.len() / schema.stride();
    let tail_bits = (bytes.len() % schema.stride()) as f64 * 8.0;
    let bits = |cost: u64| cost as f64 / f64::from(COST_ONE_BIT);
    let roles = layout.roles().iter().zip(&costs).map(|(role, &cost)| RoleRow {
        field: schema.fields()[usize::from(role.field)].name.clone(),
        significance: role.rank,
        bits: bits(cost) / records.max(1) as f64,
    });

    let mut codecs = vec![CodecRow {
        name: if subject.model_file.is_some() { "vortex" } else { "vortex (adaptive)" }.into(),
        bytes: packed.len() as u64,
        encode_s,
        decode_s,
    }];
    for codec in baselines::list(subject.baselines) {
        say(codec.name());
        codecs.push(baselines::measure(codec.as_ref(), bytes, schema)?.into());
    }
    Ok(Results {
        data: subject.data.clone(),
        part: subject.part.clone(),
        bytes: bytes.len() as u64,
        stride: schema.stride(),
        fields: schema.fields().len(),
        model: subject.model_file.as_ref().map(|m| m.0.clone()),
        model_bytes: subject.model_file.as_ref().map_or(0, |m| m.1),
        codecs,
        cross_entropy_bits: costs.iter().map(|&c| bits(c)).sum::<f64>() + tail_bits,
        float_bits: None,
        roles: roles.collect(),
    })
}

/// Cost of each role over all whole records, in units of 2^-16 bits; blocks and lanes as in a
/// file, blocks shared out among threads.
pub fn costs_by_role(bytes: &[u8], encoding: &Encoding) -> Result<Vec<u64>> {
    let layout = encoding.model.layout();
    let stride = layout.stride();
    let block_bytes = (encoding.block_bytes / stride).max(1) * stride;
    let blocks: Vec<&[u8]> = bytes.chunks(block_bytes).collect();
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<u64>> {
        let mut sums = vec![0u64; layout.roles().len()];
        let mut coder = encoding.model.coder();
        while let Some(block) = blocks.get(next.fetch_add(1, Ordering::Relaxed)) {
            let whole = &block[..block.len() - block.len() % stride];
            let lanes = encoding.model.lanes(block.len());
            for costs in coder.measure(&[BlockRecords { bytes: whole, lanes }])? {
                sums.iter_mut().zip(costs).for_each(|(sum, cost)| *sum += cost);
            }
        }
        Ok(sums)
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..encoding.threads.min(blocks.len())).map(|_| scope.spawn(work)).collect();
        let mut sums = vec![0u64; layout.roles().len()];
        for thread in threads {
            let part = thread.join().ok().context("a measuring thread stopped")??;
            sums.iter_mut().zip(part).for_each(|(sum, cost)| *sum += cost);
        }
        Ok(sums)
    })
}

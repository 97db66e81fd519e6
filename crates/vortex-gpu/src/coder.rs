//! Blocks on a device: their lanes in one launch after the other, also where the symbols are not known yet.

use std::sync::Arc;

use cubecl::prelude::Runtime;
use vortex_coder::codec::{LaneSplit, MAX_STATE_BYTES, encode_group, measure_group};
use vortex_coder::layout::RecordLayout;
use vortex_coder::predictor::Predictor;
use vortex_coder::range::check_end;
use vortex_coder::{BlockCoder, BlockPayload, BlockRecords, Error, Result};

use crate::predictor::{GpuPredictor, word};
use crate::prepared::Prepared;
use crate::runtime::Launch;
use crate::shape::{
    CODE, CUBE_WORDS, DECODE, DONE, EACH, FIRST_LANE, LANES, LONGER, PAYLOAD, PAYLOAD_BYTES, RANGE,
    Shape,
};

/// Codes blocks for one thread: the symbols of an encoder are known, so its blocks go through the coding loop, with
/// many steps at once; the blocks of a decoder are a cube each, which holds the range decoder.
pub struct GpuCoder<'a, R: Runtime> {
    prepared: Arc<Prepared<R>>,
    layout: &'a RecordLayout,
    predictor: GpuPredictor<R>,
}

impl<'a, R: Runtime> GpuCoder<'a, R> {
    pub fn new(prepared: &Arc<Prepared<R>>, layout: &'a RecordLayout) -> Self {
        let predictor = GpuPredictor::new(Arc::clone(prepared));
        Self { prepared: Arc::clone(prepared), layout, predictor }
    }
}

/// One block to decode.
struct Job<'p> {
    number: usize,
    split: LaneSplit,
    payload: &'p [u8],
}

impl<R: Runtime> BlockCoder for GpuCoder<'_, R> {
    fn encode(&mut self, group: &[BlockRecords<'_>]) -> Result<Vec<Vec<u8>>> {
        encode_group(&mut self.predictor, self.layout, group)
    }

    fn decode(&mut self, group: &mut [BlockPayload<'_>]) -> Vec<Result<()>> {
        let lane_bytes = self.predictor.lane_bytes();
        let mut results: Vec<Result<()>> = Vec::with_capacity(group.len());
        let mut jobs = Vec::new();
        for (number, block) in group.iter().enumerate() {
            let split = LaneSplit::new(self.layout, block.out.len(), block.lanes, lane_bytes);
            results
                .push(split.map(|split| jobs.push(Job { number, split, payload: block.payload })));
        }
        let mut symbols = Vec::new();
        let mut rest = &jobs[..];
        while !rest.is_empty() {
            let (now, later) = rest.split_at(self.together(rest));
            match self.decode_together(now) {
                Ok(decoded) => {
                    for (job, (of_block, end)) in now.iter().zip(decoded) {
                        results[job.number] = end;
                        symbols.push((job.number, job.split, of_block));
                    }
                }
                Err(error) => {
                    for job in now {
                        results[job.number] = Err(Error::new(error.kind, error.message.clone()));
                    }
                }
            }
            rest = later;
        }
        for (number, split, symbols) in symbols {
            self.to_records(split, &symbols, group[number].out);
        }
        results
    }

    fn measure(&mut self, group: &[BlockRecords<'_>]) -> Result<Vec<Vec<u64>>> {
        measure_group(&mut self.predictor, self.layout, group)
    }
}

impl<R: Runtime> GpuCoder<'_, R> {
    /// Number of blocks, from the first, whose lanes fit into one buffer and the limit of the format.
    fn together(&self, jobs: &[Job<'_>]) -> usize {
        let most = self.prepared.lanes_of_a_buffer();
        let in_format = MAX_STATE_BYTES / (self.predictor.lane_bytes() as u64).max(1);
        let most = most.min(usize::try_from(in_format).unwrap_or(usize::MAX));
        let room = self.shape(jobs).lanes;
        let mut lanes = 0;
        let fits = |job: &&Job<'_>| {
            lanes += job.split.lanes().next_multiple_of(room);
            lanes <= most
        };
        jobs.iter().take_while(fits).count().max(1)
    }

    /// The shape for the largest of some blocks.
    fn shape(&self, jobs: &[Job<'_>]) -> Shape {
        let lanes = jobs.iter().map(|job| job.split.lanes()).max();
        self.prepared.shape(lanes.unwrap_or(1).max(1))
    }

    /// For each block, the symbols of its lanes, `[lane][step]` with as many steps as the first lane has, and whether its
    /// payload ended where its symbols do.
    fn decode_together(&self, jobs: &[Job<'_>]) -> Result<Vec<(Vec<u8>, Result<()>)>> {
        let prepared = &*self.prepared;
        let shape = self.shape(jobs);
        let roles = self.layout.roles().len();
        let (mut entries, mut data) = (Vec::with_capacity(jobs.len()), Vec::new());
        let (mut lanes, mut tiles) = (0, 0);
        for job in jobs {
            entries.push(entry(job, lanes, data.len())?);
            data.extend(job.payload);
            lanes += job.split.lanes().next_multiple_of(shape.lanes);
            tiles = tiles.max(job.split.lanes().div_ceil(shape.lanes));
        }
        let mut out: Vec<Vec<u8>> = jobs
            .iter()
            .map(|job| vec![0; job.split.lanes() * steps_of(job.split, roles)])
            .collect();
        let n_steps = jobs.iter().map(|job| steps_of(job.split, roles)).max().unwrap_or(0);
        data.resize(data.len().next_multiple_of(4), 0);
        let words: Vec<u32> =
            data.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
        drop(data);
        let table = prepared.run("decoding", |device| {
            let state = device.empty(lanes * shape.lane_words());
            let payloads = device.upload(&words);
            let mut table = prepared.table(&shape, &entries);
            let mut first_step = 0;
            while first_step < n_steps {
                let left = n_steps - first_step;
                let steps = prepared.steps(&shape, first_step, left, tiles, lanes);
                let cubes = device.upload(&table);
                let symbols = device.empty((1 + steps) * lanes);
                device.launch(&Launch {
                    weights: &prepared.weights,
                    params: &prepared.params,
                    state: &state,
                    symbols: &symbols,
                    data: &payloads,
                    cubes: &cubes,
                    n_cubes: jobs.len(),
                    lanes,
                    first_step,
                    n_steps: steps,
                    pending: false,
                    shape,
                    mode: DECODE,
                });
                table = device.finished(&cubes, jobs.len(), steps)?;
                let rows = device.download(&symbols)?;
                for ((job, entry), out) in jobs.iter().zip(&entries).zip(&mut out) {
                    take_rows(
                        &rows,
                        lanes,
                        entry[FIRST_LANE] as usize,
                        first_step,
                        job.split,
                        roles,
                        out,
                    );
                }
                first_step += steps;
                let is_over =
                    |(job, entry): (&Job<'_>, &[u32])| entry[DONE] as usize > job.payload.len();
                // A stream that was cut would continue with zeros, which need not be decoded.
                if jobs.iter().zip(table.chunks_exact(CUBE_WORDS)).all(is_over) {
                    break;
                }
                table.resize(jobs.len() * (CUBE_WORDS + shape.units), 0);
            }
            Ok(table)
        })?;
        let ends = jobs.iter().zip(table.chunks_exact(CUBE_WORDS));
        let ends = ends.map(|(job, entry)| check_end(entry[DONE] as usize, job.payload.len()));
        Ok(out.into_iter().zip(ends).collect())
    }

    /// Symbols to the bytes of a block.
    fn to_records(&self, split: LaneSplit, symbols: &[u8], out: &mut [u8]) {
        let (roles, stride) = (self.layout.roles().len(), self.layout.stride());
        let steps = steps_of(split, roles);
        for (lane, symbols) in symbols.chunks_exact(steps.max(1)).enumerate() {
            let (first, n) = split.of_lane(lane);
            let of_lane = &mut out[first * stride..(first + n) * stride];
            for (record, symbols) in symbols.chunks_exact(roles).take(n).enumerate() {
                let (behind, rest) = of_lane.split_at_mut(record * stride);
                let before = behind.rchunks_exact(stride).next();
                self.layout.to_record(before, symbols, &mut rest[..stride]);
            }
        }
    }
}

/// Symbols of the longest lane of a block.
fn steps_of(split: LaneSplit, roles: usize) -> usize {
    let (each, longer) = split.each_and_longer();
    (each + usize::from(longer > 0)) * roles
}

/// The entry of a block whose payload begins at `start`.
fn entry(job: &Job<'_>, first_lane: usize, start: usize) -> Result<[u32; CUBE_WORDS]> {
    let (each, longer) = job.split.each_and_longer();
    let mut entry = [0; CUBE_WORDS];
    entry[FIRST_LANE] = word(first_lane);
    entry[LANES] = word(job.split.lanes());
    (entry[EACH], entry[LONGER]) = (word(each), word(longer));
    let mut code = [0; 8];
    let n = job.payload.len().min(8);
    code[..n].copy_from_slice(&job.payload[..n]);
    let code = u64::from_be_bytes(code);
    (entry[CODE], entry[CODE + 1]) = ((code >> 32) as u32, code as u32);
    (entry[RANGE], entry[RANGE + 1]) = (u32::MAX, u32::MAX);
    let too_long = || {
        Error::limit_exceeded("the payloads of these blocks take 4 GiB or more; use fewer at once")
    };
    entry[PAYLOAD] = u32::try_from(start).map_err(|_| too_long())?;
    entry[PAYLOAD_BYTES] = u32::try_from(job.payload.len()).map_err(|_| too_long())?;
    Ok(entry)
}

/// Takes the symbols of a block from those of a launch, `[1 + step][lanes]`.
fn take_rows(
    rows: &[u32],
    lanes: usize,
    first_lane: usize,
    first_step: usize,
    split: LaneSplit,
    roles: usize,
    out: &mut [u8],
) {
    let steps = steps_of(split, roles);
    for (step, row) in (first_step..steps).zip(rows.chunks_exact(lanes).skip(1)) {
        for (lane, symbol) in row[first_lane..first_lane + split.lanes()].iter().enumerate() {
            out[lane * steps + step] = symbol.to_le_bytes()[0];
        }
    }
}

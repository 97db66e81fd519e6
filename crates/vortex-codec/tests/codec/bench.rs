//! Data and models to work on.

use std::sync::{Arc, OnceLock};

use vortex_codec::coder::{BlockCoder, Identity, LaneCoder, Model, RecordLayout, Role};
use vortex_codec::infer::file::ModelFile;
use vortex_codec::infer::random::{Sizes, network};
use vortex_codec::{DType, Field, Instructions, Schema, TrainedModel};

/// Bytes of a record.
pub const STRIDE: usize = 12;

/// A steep float, a slow counter, a small number.
pub fn schema() -> Schema {
    let fields = vec![
        Field::new("pt", DType::F32, 0),
        Field::new("event", DType::U32, 4),
        Field::new("cell", DType::I32, 8),
    ];
    Schema::new(STRIDE, fields).unwrap()
}

/// `n` bytes of such records; the last one may be cut.
pub fn records(n: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as u32
    };
    let mut bytes = Vec::with_capacity(n + STRIDE);
    let mut event = 1000u32;
    while bytes.len() < n {
        event += random() % 2;
        let pt = 20.0 / (1.0 - random() as f32 / (1 << 24) as f32 * 0.99);
        bytes.extend(pt.to_le_bytes());
        bytes.extend(event.to_le_bytes());
        bytes.extend(((random() % 3) as i32 * 5).to_le_bytes());
    }
    bytes.truncate(n);
    bytes
}

/// The bytes of the field of `size` bytes at `offset` of records.
pub fn column(bytes: &[u8], offset: usize, size: usize) -> Vec<u8> {
    bytes.chunks_exact(STRIDE).flat_map(|r| r[offset..offset + size].to_vec()).collect()
}

/// Records for [`model`]: the byte at each place has one of 16 values, and these values differ
/// between places.
pub fn modelled_records(n: usize) -> Vec<u8> {
    let mut bytes = records(n);
    for (i, byte) in bytes.iter_mut().enumerate() {
        let noise = (i as u32).wrapping_mul(2_654_435_761) >> 13 ^ u32::from(*byte);
        *byte = (i % STRIDE * 16 % 256) as u8 | (noise.wrapping_mul(40_503) >> 9 & 15) as u8;
    }
    bytes
}

/// A model file of [`modelled_records`]: a random network whose output layer was set to fit them.
pub fn model_file() -> &'static [u8] {
    static MODEL: OnceLock<Vec<u8>> = OnceLock::new();
    MODEL.get_or_init(|| {
        let fields =
            ["pt", "event", "cell"].iter().zip(0..).map(|(n, i)| Field::new(*n, DType::F32, 4 * i));
        let schema = Schema::new(STRIDE, fields.collect()).unwrap();
        let layout = RecordLayout::new(schema.clone());
        let sizes = Sizes {
            d_model: 16,
            n_heads: 2,
            d_ff: 32,
            d_head: 16,
            d_head_ff: 32,
            ..Sizes::default()
        };
        let mut network = network(schema, sizes, 7);
        network.flat.fill(false);
        network.head.copy.fill(0);
        network.head.copy_bias.fill(0);
        network.head.out.iter_mut().for_each(|out| out.weight.fill(0));
        network.head.out_bias.fill(-32 * 20);
        for (role, &Role { rank, field, .. }) in layout.roles().iter().enumerate() {
            // Most significant first in the record, least significant first in the file.
            let place = 4 * usize::from(field) + 3 - usize::from(rank);
            let first = role * 256 + place * 16 % 256;
            network.head.out_bias[first..first + 16].fill(0);
        }
        network.to_bytes().unwrap()
    })
}

pub fn model() -> TrainedModel {
    TrainedModel::from_bytes(model_file()).unwrap()
}

/// The same model from a machine that computes other numbers.
pub fn model_file_of_another_arithmetic() -> Vec<u8> {
    let network = model().network().unwrap().network().clone();
    ModelFile { network, self_test: [9; 32] }.to_bytes().unwrap()
}

/// A model without a file, in which all symbols have the same probability.
pub struct Own(pub RecordLayout);

impl Own {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(RecordLayout::new(schema())))
    }
}

impl Model for Own {
    fn identity(&self) -> Identity {
        Identity::Network([5; 32])
    }
    fn layout(&self) -> &RecordLayout {
        &self.0
    }
    fn coder(&self) -> Box<dyn BlockCoder + '_> {
        Box::new(LaneCoder::new(&self.0, Box::new(Even)))
    }
}

struct Even;

impl vortex_codec::coder::Predictor for Even {
    fn begin(&mut self, _lanes: usize) {}
    fn predict(
        &mut self,
        active: usize,
        out: &mut [vortex_codec::coder::Cdf],
    ) -> vortex_codec::coder::Coding {
        out[..active].iter_mut().for_each(|cdf| cdf.set_weights(&[1; 256]));
        vortex_codec::coder::Coding::Modelled
    }
    fn update(&mut self, _symbols: &[u8]) {}
}

/// The instructions that every processor has.
pub const PORTABLE: Instructions = Instructions::Portable;

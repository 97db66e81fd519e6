//! Records and settings that train in a second.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use vortex_coder::schema::{DType, Field, Schema};
use vortex_data::{RecordFile, RecordSet};
use vortex_train::step::Rng;
use vortex_train::{TrainConfig, TrainObserver, TrainSummary, train};

/// Records of a counter (predictable), a skewed byte, and a random byte.
pub fn data(records: u16) -> RecordSet {
    let fields = vec![
        Field::new("counter", DType::U16, 0),
        Field::new("skewed", DType::U8, 2),
        Field::new("noise", DType::U8, 3),
    ];
    let schema = Schema::new(4, fields).unwrap();
    let mut rng = Rng::new(5);
    let mut bytes = Vec::new();
    for i in 0..records {
        let skewed = rng.next_u64().trailing_zeros() as u8;
        bytes.extend((i / 4).to_le_bytes());
        bytes.extend([skewed, rng.next_u64() as u8]);
    }
    RecordSet::new(schema.clone(), vec![RecordFile::from_bytes("test", bytes, schema)]).unwrap()
}

pub fn config(steps: u64) -> TrainConfig {
    let text = format!(
        "threads: 2
model: {{d_model: 16, n_layers: 1, n_heads: 2, d_ff: 32, window: 12, head: {{d_model: 16, d_ff: 32}}}}
batch: {{sequences: 4, tokens: 36, shards: 2}}
optimizer: {{learning_rate: 0.01}}
budget: {{max_steps: {steps}, max_seconds: null}}
quantise: {{fraction: 0.2, calibration_sequences: 8}}
validation: {{times: 4, max_bytes: 1000}}
"
    );
    TrainConfig::from_yaml(&text, "test").unwrap()
}

pub fn run(config: &TrainConfig, dir: &Path, observer: &mut dyn TrainObserver) -> TrainSummary {
    train(config, &data(2000), dir, observer, &AtomicBool::new(false), false).unwrap()
}

/// The bytes of the model file, for comparison.
pub fn model_bytes(dir: &Path) -> Vec<u8> {
    std::fs::read(dir.join("model.vxm")).unwrap()
}

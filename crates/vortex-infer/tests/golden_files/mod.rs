//! Files of networks, alone and mixed with contexts, which are written once and must always be
//! readable, and what opens them. The builders here may not change.
#![allow(dead_code)] // each test uses one of the files

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use vortex_base::random::SplitMix64;
use vortex_coder::container::{Coder, ModelLoader, NoModels, Writer, WriterOptions};
use vortex_coder::mixing::{Level, MixedModel};
use vortex_coder::schema::{DType, Field, Schema};
use vortex_coder::{BlockPayload, Model, Result};
use vortex_infer::random::{Sizes, network};
use vortex_infer::spec::MemoryShape;
use vortex_infer::{Instructions, IntModel, Network};

/// The crate version that wrote the file.
const WRITTEN_BY: &str = "0.1.0";
/// Bytes of a block of the networks alone, before it is rounded to records, and its lanes.
const BLOCK: usize = 1024;
const LANES: u16 = 3;

/// Opens embedded models.
pub struct Embedded(pub Instructions);

impl ModelLoader for Embedded {
    fn by_digest(&self, digest: [u8; 32]) -> Result<Arc<dyn Model>> {
        NoModels.by_digest(digest)
    }
    fn from_bytes(&self, bytes: &[u8]) -> Result<Arc<dyn Model>> {
        Ok(Arc::new(IntModel::from_bytes(bytes, self.0)?))
    }
}

/// The instructions of this processor.
pub fn all_instructions() -> Vec<Instructions> {
    Instructions::ALL.into_iter().filter(|instructions| instructions.is_available()).collect()
}

/// A network of seven-byte records, with memory and biases, one role flat.
pub fn records_network() -> Network {
    let fields = vec![
        Field::new("x", DType::F32, 0),
        Field::new("n", DType::U16, 4),
        Field::new("flag", DType::Bool, 6),
    ];
    let memory = Some(MemoryShape { rate: 3, slots: 5, kernel: 2 });
    let sizes = Sizes { memory, biases: true, window: 6, ..Sizes::SMALLEST };
    let mut net = network(Schema::new(7, fields).unwrap(), sizes, 11);
    net.flat.fill(false);
    net.flat[3] = true;
    net
}

/// A network of bytes.
pub fn text_network() -> Network {
    let mut net = network(Schema::bytes(), Sizes::SMALLEST, 12);
    net.flat.fill(false);
    net
}

/// Records with a slow walk, a count and a flag.
pub fn records(n: usize) -> Vec<u8> {
    let mut rng = SplitMix64::new(13);
    let mut x = 100.0f32;
    let mut out = Vec::new();
    for i in 0..n {
        let draw = rng.draw();
        x += (draw % 64) as f32 / 128.0 - 0.25;
        out.extend(x.to_le_bytes());
        out.extend((i as u16 / 3).to_le_bytes());
        out.push(u8::from(draw >> 61 == 0));
    }
    out
}

/// Text with repeats.
pub fn text() -> Vec<u8> {
    let line = |i: u32| format!("run {} event {} pt {}.5 GeV\n", 4711 + i / 9, i, i * i % 97);
    (0..40).map(line).collect::<String>().into_bytes()
}

/// A file and its original bytes: records, then text, each with its model.
pub struct Golden {
    pub file: Vec<u8>,
    pub bytes: Vec<u8>,
}

/// Networks mixed with contexts.
pub fn mixed() -> Golden {
    let members = [(records_network(), records(250)), (text_network(), text())];
    golden("v1_mixed.vxc", members.map(|(net, bytes)| (mixed_member(net, &bytes), bytes)))
}

/// Networks alone, with several lanes in each of several blocks, the last one shorter.
pub fn alone() -> Golden {
    let members = [(records_network(), 2800), (text_network(), 1500)];
    let members = members.map(|(net, len)| {
        let model = Arc::new(IntModel::new(net, Instructions::detect()).unwrap());
        let bytes = likely(&model, len);
        (lone_member(&model, None, &bytes), bytes)
    });
    golden("v1_network.vxc", members)
}

/// Whole records that a network codes well: it decodes each block from noise.
fn likely(model: &IntModel, len: usize) -> Vec<u8> {
    let stride = model.layout().stride();
    let mut rng = SplitMix64::new(14);
    let mut bytes = vec![0; len / stride * stride];
    for out in bytes.chunks_mut(BLOCK / stride * stride) {
        let noise: Vec<u8> = out.iter().map(|_| rng.draw() as u8).collect();
        // More noise than it needs does not matter.
        let job = BlockPayload { payload: &noise, lanes: LANES.into(), out };
        let _ = model.coder().decode(&mut [job]);
    }
    bytes
}

fn golden(name: &str, members: [(Vec<u8>, Vec<u8>); 2]) -> Golden {
    static WRITING: Mutex<()> = Mutex::new(());
    let _alone = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let path = asset(name);
    let (file, bytes): (Vec<_>, Vec<_>) = members.into_iter().unzip();
    if !path.exists() {
        assert_eq!(env!("CARGO_PKG_VERSION"), WRITTEN_BY, "{path:?} is gone: restore it");
        std::fs::write(&path, file.concat()).unwrap();
    }
    Golden { file: std::fs::read(&path).unwrap(), bytes: bytes.concat() }
}

fn asset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vortex-coder/assets").join(name)
}

fn mixed_member(net: Network, bytes: &[u8]) -> Vec<u8> {
    let network = Arc::new(IntModel::new(net, Instructions::detect()).unwrap());
    let model = MixedModel::new(Arc::clone(&network) as _, Level::DEFAULT).unwrap();
    let options = WriterOptions::new(Coder::Model(Arc::new(model)));
    member(WriterOptions { block_bytes: 1 << 16, ..options }, &network, bytes, 1)
}

/// A member of a network alone, with blocks coded in groups.
pub fn lone_member(network: &Arc<IntModel>, group: Option<usize>, bytes: &[u8]) -> Vec<u8> {
    let options = WriterOptions::new(Coder::Model(Arc::clone(network) as _));
    let block_bytes = BLOCK as u32;
    let options = WriterOptions { lanes: Some(LANES), group, block_bytes, ..options };
    let records = BLOCK / network.layout().stride() * network.layout().stride();
    member(options, network, bytes, bytes.len().div_ceil(records) as u64)
}

fn member(options: WriterOptions, network: &IntModel, bytes: &[u8], blocks: u64) -> Vec<u8> {
    let options = WriterOptions { embed_model: Some(network.file()), zstd_level: None, ..options };
    let mut writer = Writer::new(Vec::new(), options).unwrap();
    writer.write_all(bytes).unwrap();
    let (file, summary) = writer.finish().unwrap();
    assert_eq!(summary.modelled_blocks, blocks, "{summary:?}");
    file
}

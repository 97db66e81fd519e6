//! A file of a network mixed with contexts, which is written once and must always be readable. The
//! builders here may not change.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use vortex_base::random::SplitMix64;
use vortex_coder::container::{Coder, Writer, WriterOptions};
use vortex_coder::mixing::{Level, MixedModel};
use vortex_coder::schema::{DType, Field, Schema};
use vortex_infer::random::{Sizes, network};
use vortex_infer::spec::MemoryShape;
use vortex_infer::{Instructions, IntModel, Network};

/// The crate version that wrote the file.
const WRITTEN_BY: &str = "0.1.0";

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

/// The golden file and its original bytes: records, then text.
pub fn golden() -> (Vec<u8>, Vec<u8>) {
    static WRITING: Mutex<()> = Mutex::new(());
    let _alone = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let (records, text) = (records(250), text());
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vortex-coder/assets");
    let path = assets.join("v1_mixed.vxc");
    if !path.exists() {
        assert_eq!(env!("CARGO_PKG_VERSION"), WRITTEN_BY, "{path:?} is gone: restore it");
        let mut file = member(records_network(), &records);
        file.extend(member(text_network(), &text));
        std::fs::write(&path, file).unwrap();
    }
    (std::fs::read(&path).unwrap(), [records, text].concat())
}

fn member(net: Network, bytes: &[u8]) -> Vec<u8> {
    let network = Arc::new(IntModel::new(net, Instructions::detect()).unwrap());
    let model = MixedModel::new(Arc::clone(&network) as _, Level::DEFAULT).unwrap();
    let options = WriterOptions {
        embed_model: Some(network.file()),
        zstd_level: None,
        block_bytes: 1 << 16,
        ..WriterOptions::new(Coder::Model(Arc::new(model)))
    };
    let mut writer = Writer::new(Vec::new(), options).unwrap();
    writer.write_all(bytes).unwrap();
    let (file, summary) = writer.finish().unwrap();
    assert_eq!(summary.modelled_blocks, 1, "{summary:?}");
    file
}

//! Fixed work, whose instructions are counted: one thread, no file, nothing that depends on time.

use vortex_codec::coder::{BlockPayload, BlockRecords, Model};
use vortex_codec::data::synthetic::SyntheticJets;
use vortex_codec::infer::{Instructions, IntModel, random};
use vortex_codec::{Compressor, Decompressor, Level};

use crate::inputs;

/// Bytes of each work; the network, which is slower, gets an eighth.
const LEN: usize = 128 << 10;

/// The names of all works.
pub const NAMES: [&str; 8] = [
    "nothing",
    "encode level 1",
    "decode level 1",
    "encode level 5",
    "decode level 5",
    "encode network",
    "decode network",
    "look at text",
];

/// Does one work and returns the bytes that came out.
///
/// # Panics
/// For a name that is not in [`NAMES`], and if anything does not come back.
pub fn run(name: &str) -> usize {
    match name {
        // What the process and the input cost, in every other work too.
        "nothing" => inputs::jets(LEN).len(),
        "encode level 1" => encode(1).len(),
        "decode level 1" => decode(&encode(1)),
        "encode level 5" => encode(5).len(),
        "decode level 5" => decode(&encode(5)),
        "encode network" => network(false),
        "decode network" => network(true),
        "look at text" => {
            let input =
                inputs::all(LEN / 4).into_iter().find(|input| input.name == "lines of text");
            let plan = Compressor::new()
                .plan(vortex_codec::plan::Subject::Bytes(&input.expect("it is listed").bytes));
            plan.expect("nothing to refuse").parts.len()
        }
        other => panic!("no work is called {other:?}; there are {NAMES:?}"),
    }
}

fn encode(level: u8) -> Vec<u8> {
    let level = Level::new(level).expect("1 to 9");
    let compressor =
        Compressor::new().level(level).schema(SyntheticJets::schema()).threads(1).verify(false);
    let mut file = Vec::new();
    compressor.compress(&inputs::jets(LEN)[..], &mut file).expect("memory takes it");
    file
}

fn decode(file: &[u8]) -> usize {
    let mut back = Vec::new();
    Decompressor::new().threads(1).decompress(file, &mut back).expect("it was just written");
    assert!(back == inputs::jets(LEN), "other bytes came back");
    back.len()
}

/// A random network, which codes nothing well and works as hard as any.
fn network(back: bool) -> usize {
    let network = random::network(SyntheticJets::schema(), random::Sizes::default(), 1);
    let model = IntModel::new(network, Instructions::detect()).expect("its bounds hold");
    let layout = model.layout();
    let records = random::symbols(layout, LEN / 8 / layout.roles().len(), 3);
    let lanes = model.lanes(records.len());
    let mut coder = model.coder();
    let payloads = coder.encode(&[BlockRecords { bytes: &records, lanes }]);
    let payload = payloads.expect("memory takes it").remove(0);
    if !back {
        return payload.len();
    }
    let mut out = vec![0; records.len()];
    let block = BlockPayload { payload: &payload, lanes, out: &mut out };
    for decoded in coder.decode(&mut [block]) {
        decoded.expect("it was just written");
    }
    assert!(out == records, "other bytes came back");
    out.len()
}

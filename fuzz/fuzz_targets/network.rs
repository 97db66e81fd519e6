//! A file with a network embedded, alone or mixed with contexts, all of it mutated under checksums that are right:
//! the file is read as a stream and through the index, with the fast kernels and with plain ones, without a panic, and all
//! of them say the same.
#![no_main]

use std::io::Cursor;
use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use vortex_coder::container::constants::*;
use vortex_coder::container::*;
use vortex_coder::mixing::{Level, MixedModel};
use vortex_coder::{BlockPayload, BlockRecords, DType, Field, Identity, Model, Result, Schema};
use vortex_infer::file::{CHECKSUM_LEN, HEADER_LEN, ModelFile};
use vortex_infer::random::{Sizes, network};
use vortex_infer::spec::MemoryShape;
use vortex_infer::{IntModel, Instructions, Network};

/// Header of the model file, and the bytes of its network.
static SOUND: LazyLock<(Vec<u8>, Vec<u8>)> = LazyLock::new(|| {
    let fields = vec![Field::new("pt", DType::F32, 0), Field::new("n", DType::U8, 4)];
    let memory = Some(MemoryShape { rate: 2, slots: 3, kernel: 2 });
    let sizes = Sizes { memory, biases: true, ..Sizes::SMALLEST };
    let schema = Schema::new(5, fields).expect("five bytes");
    let file = network(schema, sizes, 1).to_bytes().expect("within bounds");
    let (header, rest) = file.split_at(HEADER_LEN);
    let body = zstd::decode_all(&rest[..rest.len() - CHECKSUM_LEN]).expect("just packed");
    (header.to_vec(), body)
});

/// The network with some of its bytes changed, if it is still one.
fn mutated(changes: &[u8]) -> Option<Network> {
    let (header, body) = &*SOUND;
    let mut body = body.clone();
    for &[low, high, value] in changes.as_chunks::<3>().0 {
        let at = usize::from(u16::from_le_bytes([low, high])) % body.len();
        body[at] = value;
    }
    let mut file = header.clone();
    file.extend(zstd::bulk::compress(&body, 1).expect("memory takes it"));
    let checksum = *blake3::hash(&file).as_bytes();
    file.extend(checksum);
    ModelFile::from_bytes(&file).ok().map(|file| file.network)
}

/// Most bytes of a block.
const MAX_BYTES: usize = 1 << 16;

struct With(Instructions);

impl ModelLoader for With {
    fn by_digest(&self, digest: [u8; DIGEST_BYTES]) -> Result<Arc<dyn Model>> {
        Err(wrong_model(Identity::Network(digest), None))
    }
    fn from_bytes(&self, bytes: &[u8]) -> Result<Arc<dyn Model>> {
        Ok(Arc::new(IntModel::from_bytes(bytes, self.0)?))
    }
}

/// A file of one modelled block with the model embedded.
fn forge(
    predictor: Identity,
    model: &IntModel,
    lanes: u16,
    original: &[u8],
    payload: &[u8],
) -> Vec<u8> {
    let mut file = Vec::new();
    let stride = model.layout().stride();
    let header = MemberHeader {
        predictor: Some(predictor),
        block_bytes: (MAX_BYTES / stride * stride) as u32,
        schema_bytes: 0,
        model_bytes: model.bytes().len() as u32,
        labelled: false,
        packed_schema: false,
    };
    header.write_to(&mut file);
    file.extend(model.bytes());
    let block = BlockHeader {
        method: Method::Modelled,
        lanes,
        original_bytes: original.len() as u32,
        payload_bytes: payload.len() as u32,
        tail_bytes: 0,
        tail_payload_bytes: 0,
        original_crc: crc32fast::hash(original),
        payload_crc: crc32fast::hash(payload),
    };
    block.write_to(&mut file);
    file.extend(payload);
    let entry = IndexEntry::of(&block).expect("short").to_bytes();
    let index_offset = file.len() as u64;
    IndexHeader { n_blocks: 1 }.write_to(&mut file);
    file.extend(entry);
    let footer = Footer {
        original_bytes: original.len() as u64,
        n_blocks: 1,
        index_offset,
        member_bytes: (file.len() + FOOTER_BYTES) as u64,
        original_digest: *blake3::hash(original).as_bytes(),
        index_crc: crc32fast::hash(&entry),
    };
    footer.write_to(&mut file);
    file
}

fn read(file: &[u8], instructions: Instructions) -> [Result<Vec<u8>>; 2] {
    let options = ReaderOptions { models: Arc::new(With(instructions)), ..ReaderOptions::default() };
    let mut streamed = Vec::new();
    let stream = Reader::new(file, options.clone()).copy_to(&mut streamed);
    let indexed = IndexedReader::open(Cursor::new(file), options).and_then(|mut reader| {
        let len = usize::try_from(reader.len()).expect("one block");
        reader.read_range(0, len)
    });
    [stream.map(|_| streamed), indexed]
}

fuzz_target!(|data: &[u8]| {
    let Some((&[changes, lanes, records, kind], rest)) = data.split_first_chunk() else { return };
    let Some((changes, rest)) = rest.split_at_checked(usize::from(changes % 16) * 3) else {
        return;
    };
    let Some(network) = mutated(changes) else { return };
    // Refused where a sum could overflow; else the self-test of the definition goes into the file.
    let Ok(whole) = network.to_bytes() else { return };
    let model = IntModel::from_bytes(&whole, Instructions::detect()).expect("equal to the definition");
    let model = Arc::new(model);
    let stride = model.layout().stride();
    let mixed = kind & 2 != 0;
    let coded: Arc<dyn Model> = match mixed {
        true => Arc::new(MixedModel::new(model.clone(), Level::DEFAULT).expect("a network")),
        false => model.clone(),
    };
    let decode = |payload: &[u8], lanes: usize, out: &mut [u8]| {
        coded.coder().decode(&mut [BlockPayload { payload, lanes, out }]).remove(0)
    };
    let lanes = if mixed { 1 } else { usize::from(lanes % 9) + 1 };

    // Any bytes as records come back; any bytes as a payload decode to something or are refused.
    let payload = if kind & 1 == 0 {
        let original = &rest[..(rest.len() / stride).min(200) * stride];
        let lanes = lanes.min(original.len() / stride);
        if lanes == 0 {
            return;
        }
        let block = BlockRecords { bytes: original, lanes };
        let payload = coded.coder().encode(&[block]).expect("whole").remove(0);
        let mut back = vec![0; original.len()];
        decode(&payload, lanes, &mut back).expect("ours");
        assert_eq!(back, original);
        payload
    } else {
        rest.to_vec()
    };
    let records = (usize::from(records) + lanes).min(MAX_BYTES / stride);
    if records < lanes {
        return;
    }
    let mut original = vec![0; records * stride];
    let direct = decode(&payload, lanes, &mut original);
    let file = forge(coded.identity(), &model, lanes as u16, &original, &payload);
    for instructions in [Instructions::detect(), Instructions::Portable] {
        let sound = direct.is_ok() && payload.len() < original.len();
        for found in read(&file, instructions) {
            match found {
                Ok(bytes) => assert!(sound && bytes == original),
                Err(error) => assert!(!sound, "{error}"),
            }
        }
    }
});

//! Models mixed with contexts.

use std::io::Cursor;
use std::sync::Arc;

use vortex_codec::coder::Identity;
use vortex_codec::coder::container::{IndexedReader, ReaderOptions};
use vortex_codec::{Compressor, Decompressor, ErrorKind, Level, Mix, TrainedModel, decompress};

use super::bench::{Own, STRIDE, model, model_file, modelled_records, records, schema};

fn packed(compressor: &Compressor, data: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    compressor.compress(data, &mut file).unwrap();
    file
}

fn with(mix: Mix) -> Compressor {
    Compressor::new().model(model()).mix(mix).threads(2)
}

fn predictor(file: &[u8]) -> Option<Identity> {
    let reader = IndexedReader::open(Cursor::new(file), ReaderOptions::default()).unwrap();
    reader.members().next().unwrap().predictor
}

#[test]
fn a_mixed_file_needs_its_model_as_any_other() {
    let data = records(STRIDE * 3000 + 5);
    let file = packed(&with(Mix::Always), &data);
    assert_eq!(predictor(&file), Some(Identity::NetworkMixed(model().digest())));
    assert_eq!(decompress(&file).unwrap_err().kind(), ErrorKind::MissingModel);
    let mut back = Vec::new();
    Decompressor::new().model(model()).decompress(file.as_slice(), &mut back).unwrap();
    assert!(back == data);
    let embedded = packed(&with(Mix::Always).embed_model(true), &data);
    // With the model inside, a member is an ordinary one, which has more around its block.
    let ordinary = embedded.len() - model_file().len();
    assert!((file.len()..file.len() + 128).contains(&ordinary));
    assert!(decompress(&embedded).unwrap() == data);
    // Blocks of one size, on any number of threads.
    let small = |threads| with(Mix::Always).block_bytes(6000).threads(threads);
    let file = packed(&small(1), &data);
    assert!(packed(&small(3), &data) == file);
    assert!(file.len() > embedded.len() - model_file().len());
}

#[test]
fn a_sample_decides() {
    let data = records(STRIDE * 4000);
    let chosen = packed(&with(Mix::Auto), &data);
    assert_eq!(predictor(&chosen), Some(Identity::NetworkMixed(model().digest())));
    assert!(packed(&with(Mix::Always), &data) == chosen);
    let network = packed(&with(Mix::Never), &data);
    assert_eq!(predictor(&network), Some(Identity::Network(model().digest())));
    let contexts = packed(&Compressor::new().schema(schema()), &data);
    // 96 and 64 bytes surround the payloads: one names a model.
    assert!(
        chosen.len() < network.len() * 9 / 10
            && chosen.len() - 96 < (contexts.len() - 64) * 21 / 20 + 10
    );
    let known = modelled_records(STRIDE * 4000);
    let [chosen, network] = [Mix::Auto, Mix::Never].map(|mix| packed(&with(mix), &known));
    assert!(chosen.len() < network.len() * 1001 / 1000);
}

#[test]
fn empty_and_short_data_and_every_level() {
    for n in [0, 1, STRIDE, STRIDE * 3 + 1] {
        let data = &records(STRIDE * 4)[..n];
        for mix in [Mix::Auto, Mix::Always, Mix::Never] {
            let file = packed(&with(mix).embed_model(true), data);
            assert!(decompress(&file).unwrap() == data, "{n} bytes, {mix:?}");
        }
    }
    let data = records(STRIDE * 300);
    for level in (1..=9).map(|n| Level::new(n).unwrap()) {
        let file = packed(&with(Mix::Always).level(level).embed_model(true), &data);
        assert!(decompress(&file).unwrap() == data, "level {level}");
    }
}

#[test]
fn lanes_and_models_that_cannot_be_mixed() {
    let data = records(STRIDE * 2000);
    let file = packed(&with(Mix::Auto).lanes(3), &data);
    assert_eq!(predictor(&file), Some(Identity::Network(model().digest())));
    let refused = with(Mix::Always).lanes(3).compress(data.as_slice(), Vec::new()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument, "{refused}");
    // A model that codes only whole blocks.
    let own = TrainedModel::of(Own::new() as Arc<_>).unwrap();
    let own = Compressor::new().model(own);
    assert_eq!(predictor(&packed(&own, &data)), Some(Identity::Network([5; 32])));
    let refused = own.mix(Mix::Always).compress(data.as_slice(), Vec::new()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument, "{refused}");
    assert!(refused.message().contains("whole blocks"), "{refused}");
}

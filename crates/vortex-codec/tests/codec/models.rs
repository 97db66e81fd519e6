//! Where models come from.

use std::sync::Arc;

use vortex_codec::{Compressor, Decompressor, ErrorKind, Models, TrainedModel, decompress};

use super::bench::{
    Own, STRIDE, model, model_file, model_file_of_another_arithmetic, modelled_records, records,
};

fn with_model(data: &[u8], embed: bool) -> Vec<u8> {
    let mut file = Vec::new();
    let compressor = Compressor::new().model(model()).embed_model(embed);
    compressor.compress(data, &mut file).unwrap();
    file
}

#[test]
fn an_embedded_model_needs_no_code() {
    let data = modelled_records(STRIDE * 2000 + 3);
    let file = with_model(&data, true);
    assert!(decompress(&file).unwrap() == data);
    // With the model inside, a member is an ordinary one, which has more around its block.
    let (short, ordinary) = (with_model(&data, false).len(), file.len() - model_file().len());
    assert!((short..short + 128).contains(&ordinary));
    // Twice in a row: loaded once, used twice.
    assert!(decompress(&[&file[..], &file].concat()).unwrap() == [&data[..], &data].concat());
}

#[test]
fn beside_the_file_whatever_its_name() {
    let data = modelled_records(STRIDE * 1000);
    let folder = tempfile::tempdir().unwrap();
    let packed = folder.path().join("data.vxc");
    std::fs::write(&packed, with_model(&data, false)).unwrap();
    std::fs::write(folder.path().join("wrong.vxm"), b"no model").unwrap();
    let open = || {
        let back = folder.path().join("back");
        let opened = Decompressor::new().replace(true).decompress_file(&packed, &back);
        opened.map(|_| std::fs::read(&back).unwrap())
    };
    assert_eq!(open().unwrap_err().kind(), ErrorKind::MissingModel);
    std::fs::write(folder.path().join("any-name.vxm"), model_file()).unwrap();
    assert!(open().unwrap() == data);
}

#[test]
fn one_set_of_models_serves_many_files() {
    let data = modelled_records(STRIDE * 1000);
    let file = with_model(&data, false);
    let models = Arc::new(Models::new().with(model()));
    for _ in 0..2 {
        let mut back = Vec::new();
        let decompressor = Decompressor::new().models(Arc::clone(&models));
        decompressor.decompress(file.as_slice(), &mut back).unwrap();
        assert!(back == data);
    }
    let found = models.find(model().digest(), None).unwrap();
    assert_eq!(found.schema().stride(), STRIDE);
    assert_eq!(models.find([1; 32], None).unwrap_err().kind(), ErrorKind::MissingModel);
}

#[test]
fn a_failed_self_test_is_not_a_wrong_model() {
    let bad = model_file_of_another_arithmetic();
    assert_eq!(TrainedModel::from_bytes(&bad).unwrap_err().kind(), ErrorKind::SelfTest);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.vxm");
    std::fs::write(&path, &bad).unwrap();
    let models = Models::new();
    let error = models.with_file(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SelfTest);
    assert!(
        error.message().contains("bad.vxm") && error.message().contains("self-test"),
        "{error}"
    );
    // Found beside a file that names it, deep inside a reader of the coder.
    let digest = *blake3::hash(&bad).as_bytes();
    let error = Arc::new(Models::new()).find(digest, Some(&folder.path().join("x.vxc")));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::SelfTest);
    let loader = Arc::new(Models::new()).loader(Some(&folder.path().join("x.vxc")));
    let error = loader.by_digest(digest).err().unwrap();
    assert_eq!(error.kind, vortex_codec::coder::ErrorKind::SelfTestFailed);
    assert_eq!(vortex_codec::Error::from(error).kind(), ErrorKind::SelfTest);
    let damaged = &model_file()[..100];
    assert_eq!(TrainedModel::from_bytes(damaged).unwrap_err().kind(), ErrorKind::UnusableModel);
}

#[test]
fn a_model_of_ones_own_cannot_be_embedded() {
    let own = TrainedModel::of(Own::new()).unwrap();
    let data = records(STRIDE * 100);
    let compressor = Compressor::new().model(own.clone());
    let error = compressor.clone().embed_model(true).compress(data.as_slice(), Vec::new());
    assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidArgument);
    let (mut file, mut back) = (Vec::new(), Vec::new());
    compressor.compress(data.as_slice(), &mut file).unwrap();
    Decompressor::new().model(own).decompress(file.as_slice(), &mut back).unwrap();
    assert!(back == data);
}

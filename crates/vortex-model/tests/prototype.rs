//! Checkpoints that PyTorch wrote, as models with the same logits. `experiments/pytorch_twin` wrote the files in
//! `assets/prototype` and writes others here, if a Python with torch is found.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::path::{Path, PathBuf};
use std::process::Command;

use burn::backend::Flex;
use burn::tensor::backend::Backend;
use pytorch_reader::PytorchReader;
use vortex_infer::{Instructions, IntModel, definition::Lane};
use vortex_model::prototype::{Options, Prototype};
use vortex_model::{Architecture, ProductionModel};

/// Largest difference of two logits.
const TOLERANCE: f32 = 1e-4;

fn asset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/prototype").join(name)
}

fn options() -> Options {
    Options { window: 32, ..Options::default() }
}

fn import(path: &Path, options: &Options) -> ProductionModel<Flex> {
    let device = Default::default();
    Flex::seed(&device, 1);
    Prototype::open(path, options).unwrap().into_model(&device).unwrap()
}

/// Symbols and the logits after each of them, as PyTorch computed them.
fn expected(path: &Path) -> (Vec<u8>, Vec<f32>) {
    let reader = PytorchReader::new(path.with_extension("expected.pt")).unwrap();
    let symbols = reader.get("symbols").unwrap().read().unwrap();
    let logits = reader.get("logits").unwrap().read().unwrap();
    (symbols, logits.as_chunks::<4>().0.iter().map(|b| f32::from_ne_bytes(*b)).collect())
}

/// The byte before the first token is the last one of the record before.
fn history(model: &ProductionModel<Flex>, first: u8) -> Vec<u8> {
    let mut record = vec![0; model.spec().n_roles()];
    *record.last_mut().unwrap() = first;
    record
}

/// Largest difference between our logits and PyTorch's; all of them after one byte of history.
fn difference(path: &Path, options: &Options) -> f32 {
    let model = import(path, options);
    let (symbols, logits) = expected(path);
    assert_eq!(logits.len(), symbols.len() * 256);
    let mut stepper = model.stepper(1, None);
    stepper.set_history(&history(&model, symbols[0]));
    let mut largest = 0f32;
    for (t, want) in logits.chunks_exact(256).enumerate() {
        let bits = stepper.predict().unwrap().into_data().to_vec::<f32>().unwrap();
        for (bits, want) in bits.iter().zip(want) {
            largest = largest.max((bits * std::f32::consts::LN_2 - want).abs());
        }
        stepper.push(&[symbols.get(t + 1).copied().unwrap_or(0)]);
    }
    largest
}

#[test]
fn logits_are_those_of_pytorch() {
    for name in ["optimised.pt", "reference_tdt.pt"] {
        let largest = difference(&asset(name), &options());
        assert!(largest < TOLERANCE, "{name}: {largest}");
    }
}

#[test]
fn the_parallel_pass_says_the_same() {
    let path = asset("reference_tdt.pt");
    let model = import(&path, &options());
    let (symbols, logits) = expected(&path);
    let cost = |t: usize| {
        let logits = &logits[t * 256..][..256];
        let total: f32 = logits.iter().map(|l| l.exp()).sum();
        (total.ln() - logits[usize::from(symbols[t + 1])]) * std::f32::consts::LOG2_E
    };
    // Two records of four bytes.
    let want: f32 = (0..8).map(cost).sum::<f32>() / 8.0;
    let batch = [history(&model, symbols[0]), symbols[1..9].to_vec()].concat();
    let bits = model.loss(&model.batch(&batch, 1), None).mean_bits.into_scalar();
    assert!((bits - want).abs() < TOLERANCE, "{bits} and {want}");
}

/// A Python that has torch: `VORTEX_TORCH_PYTHON`, or `python3`.
fn python() -> Option<String> {
    let python = std::env::var("VORTEX_TORCH_PYTHON").unwrap_or_else(|_| "python3".into());
    let found = Command::new(&python).args(["-c", "import torch"]).output();
    found.is_ok_and(|output| output.status.success()).then_some(python)
}

#[test]
fn logits_are_those_of_pytorch_for_larger_models_written_now() {
    let Some(python) = python() else {
        eprintln!("skipped: no python3 with torch; name one in VORTEX_TORCH_PYTHON");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/pytorch_twin/write.py");
    let sizes = "--d 64 --layers 3 --heads 4 --d-ff 160 --length 256 --tokens 200";
    let output = Command::new(python)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg(script)
        .arg("--out")
        .arg(folder.path())
        .args(sizes.split(' '))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for name in ["optimised", "optimised_tdt", "reference", "reference_tdt"] {
        let path = folder.path().join(name).with_extension("pt");
        let options = Options { window: 200, ..Options::default() };
        let largest = difference(&path, &options);
        assert!(largest < TOLERANCE, "{name}: {largest}");
        println!("{name}: {largest:.1e}");
    }
}

#[test]
fn sizes_follow_from_shapes() {
    let prototype = Prototype::open(&asset("reference_tdt.pt"), &options()).unwrap();
    let config = prototype.config();
    assert_eq!(config.architecture, Architecture::Reference);
    let sizes = [config.d_model, config.n_layers, config.n_heads, config.d_ff];
    assert_eq!((sizes, prototype.stride()), ([8, 2, 2, 12], 4));
    assert_eq!(prototype.left_out().len(), 2 * 8);
    let model = import(&asset("optimised.pt"), &Options { stride: Some(10), ..options() });
    assert_eq!(model.spec().n_fields(), 10);
}

#[test]
fn imports_are_exported_and_coded_with() {
    for name in ["optimised.pt", "reference_tdt.pt"] {
        let path = asset(name);
        let model = import(&path, &options());
        let (symbols, _) = expected(&path);
        let cold = [vec![0; model.spec().n_roles()], symbols.clone()].concat();
        let batch = model.batch(&cold, 1);
        let quant = model.calibrate(&batch);
        let float = f64::from(model.loss(&batch, None).mean_bits.into_scalar());
        let network = model.export(&quant).unwrap();
        let layout = &model.spec().layout;
        let mut lane = Lane::new(&network, layout);
        let mut bits = 0.0;
        for &symbol in &symbols {
            let weights = lane.weights().unwrap();
            let total: f64 = weights.iter().map(|&w| f64::from(w)).sum();
            bits -= (f64::from(weights[usize::from(symbol)]) / total).log2();
            lane.push(symbol);
        }
        let exact = bits / symbols.len() as f64;
        assert!((exact - float).abs() < 0.05 * float, "{name}: {exact} and {float} bits");
        let integer = IntModel::new(network, Instructions::Portable).unwrap();
        IntModel::from_bytes(integer.bytes(), Instructions::Portable).unwrap();
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let prototype = Prototype::open(&asset("wrong.pt"), &options()).unwrap();
    let error = prototype.into_model::<Flex>(&Default::default()).unwrap_err().to_string();
    for part in [
        "wrong.pt",
        "layers.0.ff.up.weight is missing",
        "layers.0.attn.qkv.weight has shape [8, 8] and should have [24, 8]",
        "layers.0.ff.down.bias is not of the prototype's models",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    let refused = |name: &str, options: &Options| {
        Prototype::open(&asset(name), options).unwrap_err().to_string()
    };
    let error = refused("optimised.expected.pt", &options());
    assert!(error.contains("head.weight") && error.contains("logits"), "{error}");
    let error = refused("reference_tdt.pt", &Options { stride: Some(6), ..options() });
    assert!(error.contains("6") && error.contains("multiple of 4"), "{error}");
    let error = refused("optimised.pt", &Options { window: 0, ..options() });
    assert!(error.contains("model.window is 0"), "{error}");
    let long = Prototype::open(&asset("optimised.pt"), &Options::default()).unwrap();
    let error = long.into_model::<Flex>(&Default::default()).unwrap_err().to_string();
    assert!(error.contains("pe.pe has shape [1, 64, 8]"), "{error}");
}

#[test]
fn damage_is_an_error_or_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pt");
    let bytes = std::fs::read(asset("wrong.pt")).unwrap();
    let open = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let prototype = Prototype::open(&path, &options())?;
        prototype.into_model::<Flex>(&Default::default())
    };
    for cut in (0..bytes.len()).step_by(13) {
        assert!(open(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    for at in (0..bytes.len()).step_by(7) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        // No panic, and no model, because the file is invalid.
        assert!(open(&damaged).is_err(), "bit of byte {at}");
    }
    assert!(open(b"hello").is_err() && open(b"").is_err());
}

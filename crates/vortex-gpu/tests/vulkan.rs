//! On a Vulkan device, which may be Mesa's software driver: everything equals the definition and the CPU, to the bit.
#![cfg(feature = "wgpu")]
#![allow(clippy::unwrap_used)] // helpers of tests

mod networks;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use networks::{Case, cases, schema};
use vortex_base::random::SplitMix64;
use vortex_coder::container::{
    Coder, ModelLoader, NoModels, OneModel, Reader, ReaderOptions, Writer, WriterOptions,
};
use vortex_coder::predictor::Coding;
use vortex_coder::score::{Known, score_by_steps};
use vortex_coder::{BlockPayload, BlockRecords, Cdf, DType, ErrorKind, Model, Predictor};
use vortex_gpu::{Device, Gpu, devices};
use vortex_infer::definition::Interpreter;
use vortex_infer::random::{Sizes, network, symbols};
use vortex_infer::{Checked, Cpu, Error, Execution, Instructions, IntModel, Network, selftest};

/// The first Vulkan device; tests say that they skip without one.
fn gpu() -> Option<Gpu> {
    match Gpu::open(Device::Vulkan(0)) {
        Ok(gpu) => Some(gpu),
        Err(error) => {
            println!("skipped: {error}");
            None
        }
    }
}

/// Steps of `lanes` lanes, which end one by one after the half: all frequencies.
fn compare_steps(found: &mut dyn Predictor, checked: &Checked, lanes: usize, records: usize) {
    let (net, layout) = (checked.network(), checked.layout());
    let steps = records * layout.roles().len();
    let input: Vec<Vec<u8>> = (0..lanes).map(|l| symbols(layout, records, 77 + l as u64)).collect();
    let mut definition = Interpreter::new(net, layout);
    let (mut right, mut got) = (vec![Cdf::default(); lanes], vec![Cdf::default(); lanes]);
    definition.begin(lanes);
    found.begin(lanes);
    for step in 0..steps {
        let left = steps - step / layout.roles().len() * layout.roles().len();
        let active = (lanes * 2 * left).div_ceil(steps).min(lanes);
        let coding = definition.predict(active, &mut right[..active]);
        let actual: Vec<u8> = input[..active].iter().map(|s| s[step]).collect();
        assert_eq!(found.predict(active, &mut got[..active]), coding, "step {step}");
        if let Some(error) = found.failure() {
            panic!("step {step}: {error}");
        }
        if coding == Coding::Modelled {
            for (lane, (right, got)) in right[..active].iter().zip(&got).enumerate() {
                assert!(
                    right.frequencies() == got.frequencies(),
                    "step {step}, lane {lane} of {active}"
                );
            }
        }
        found.update(&actual);
        definition.update(&actual);
    }
}

/// Intervals of known symbols, in pieces of several records, with fewer and fewer lanes.
fn compare_scores(found: &mut dyn Predictor, checked: &Checked, lanes: usize, records: usize) {
    let (net, layout) = (checked.network(), checked.layout());
    let n = layout.roles().len();
    let input: Vec<Vec<u8>> =
        (0..lanes).map(|l| symbols(layout, records, 177 + l as u64)).collect();
    let mut definition = Interpreter::new(net, layout);
    definition.begin(lanes);
    found.begin(lanes);
    let (mut record, mut piece, mut active) = (0, 1, lanes);
    while record < records {
        let now = piece.min(records - record);
        let mut known = Vec::new();
        for r in record..record + now {
            for lane in &input[..active] {
                known.extend(&lane[r * n..(r + 1) * n]);
            }
        }
        let known = Known::new(&known, active, n);
        let (mut right, mut got) = (Vec::new(), Vec::new());
        score_by_steps(&mut definition, known, &mut right);
        found.score(known, &mut got);
        if let Some(error) = found.failure() {
            panic!("record {record}: {error}");
        }
        for (at, (right, got)) in right.iter().zip(&got).enumerate() {
            assert_eq!(
                right,
                got,
                "record {}, role {}, lane {}",
                record + at / (n * active),
                at / active % n,
                at % active
            );
        }
        assert_eq!(right.len(), got.len());
        record += now;
        piece = piece % 5 + 2;
        active = (active - active / 4).max(1);
    }
}

/// The cases of a test: these, because a driver that uses the processor is slow; all with VORTEX_GPU_ALL set.
fn chosen(usual: &[usize]) -> Vec<usize> {
    match std::env::var_os("VORTEX_GPU_ALL") {
        Some(_) => (0..cases().len()).collect(),
        None => usual.to_vec(),
    }
}

#[test]
fn frequencies_equal_the_definition() {
    let Some(gpu) = gpu() else { return };
    for number in chosen(&[5, 9]) {
        let Case { name, network, lanes, records } = cases().swap_remove(number);
        let checked = Checked::new(network).unwrap();
        let program = gpu.prepare(&checked).unwrap();
        println!("{name}");
        compare_steps(&mut *program.predictor(), &checked, lanes, records.min(12));
    }
}

#[test]
fn intervals_equal_the_definition() {
    let Some(gpu) = gpu() else { return };
    for number in chosen(&[0, 3, 5, 6, 8, 9]) {
        let Case { name, network, lanes, records } = cases().swap_remove(number);
        let checked = Checked::new(network).unwrap();
        let program = gpu.prepare(&checked).unwrap();
        println!("{name}");
        compare_scores(&mut *program.predictor(), &checked, lanes, records);
    }
}

/// Blocks that the network compresses: it decodes them from noise.
fn likely(model: &IntModel, bytes: usize, lanes: usize, seed: u64) -> Vec<u8> {
    let mut rng = SplitMix64::new(seed);
    let mut out = vec![0; bytes];
    let noise: Vec<u8> = (0..bytes).map(|_| rng.draw() as u8).collect();
    // More noise than it needs does not matter.
    let _ = model.coder().decode(&mut [BlockPayload { payload: &noise, lanes, out: &mut out }]);
    out
}

/// Blocks of different lengths, some with lanes that end early, in groups of several widths.
fn compare_coders(network: &Network, gpu: &Gpu) {
    let bytes = network.to_bytes().unwrap();
    let cpu = IntModel::from_bytes(&bytes, Instructions::detect()).unwrap();
    let model = IntModel::load(&bytes, gpu).unwrap();
    let stride = cpu.layout().stride();
    let shapes = [(37, 5), (1, 1), (30, 4), (0, 3), (9, 7), (2, 7)];
    let blocks: Vec<(Vec<u8>, usize)> = shapes
        .iter()
        .map(|&(records, lanes)| {
            (likely(&cpu, records * stride, lanes.min(records).max(1), records as u64), lanes)
        })
        .collect();
    let group: Vec<BlockRecords<'_>> =
        blocks.iter().map(|(bytes, lanes)| BlockRecords { bytes, lanes: *lanes }).collect();
    let payloads = cpu.coder().encode(&group).unwrap();
    for width in [2, group.len()] {
        let mut coder = model.coder();
        let coded: Vec<Vec<u8>> =
            group.chunks(width).flat_map(|g| coder.encode(g).unwrap()).collect();
        assert!(coded == payloads, "{width} blocks at once");
        let mut out: Vec<Vec<u8>> =
            blocks.iter().map(|(bytes, _)| vec![0xee; bytes.len()]).collect();
        let mut jobs: Vec<BlockPayload<'_>> = payloads
            .iter()
            .zip(&mut out)
            .zip(&shapes)
            .map(|((payload, out), &(_, lanes))| BlockPayload { payload, lanes, out })
            .collect();
        for jobs in jobs.chunks_mut(width) {
            coder.decode(jobs).into_iter().for_each(|result| result.unwrap());
        }
        for (found, (right, _)) in out.iter().zip(&blocks) {
            assert!(found == right, "{width} blocks at once");
        }
    }
    assert_eq!(model.coder().measure(&group).unwrap(), cpu.coder().measure(&group).unwrap());
    damaged_payloads(&cpu, &model, &payloads[0], stride * 37);
}

/// Cut, lengthened and changed payloads give the same result as on the CPU: the same error, or the same bytes.
fn damaged_payloads(cpu: &IntModel, gpu: &IntModel, payload: &[u8], bytes: usize) {
    let mut changed = payload.to_vec();
    changed[payload.len() / 2] ^= 0x55;
    let all_ones = vec![0xff; payload.len()];
    let longer = [payload, &[1; 40]].concat();
    for damaged in [&payload[..payload.len() / 2], &[], &longer, &changed, &all_ones] {
        let decode = |model: &IntModel| {
            let mut out = vec![0; bytes];
            let job = BlockPayload { payload: damaged, lanes: 5, out: &mut out };
            let result = model.coder().decode(&mut [job]).remove(0);
            (result.map_err(|error| (error.kind, error.message)), out)
        };
        let ((right, right_bytes), (found, found_bytes)) = (decode(cpu), decode(gpu));
        // Where a cut stream is given up differs: the error names another place.
        let kind = |result: &Result<(), (ErrorKind, String)>| result.as_ref().err().map(|e| e.0);
        assert_eq!(kind(&found), kind(&right));
        assert!(found_bytes == right_bytes || right.is_err());
    }
}

#[test]
fn blocks_are_coded_as_on_the_cpu() {
    let Some(gpu) = gpu() else { return };
    for number in chosen(&[3, 8]) {
        let Case { name, network, .. } = cases().swap_remove(number);
        println!("{name}");
        compare_coders(&network, &gpu);
    }
}

#[test]
fn a_container_does_not_depend_on_the_device() {
    let Some(gpu) = gpu() else { return };
    let Case { network, .. } = cases().swap_remove(3);
    let bytes = network.to_bytes().unwrap();
    let cpu: Arc<dyn Model> =
        Arc::new(IntModel::from_bytes(&bytes, Instructions::detect()).unwrap());
    let model: Arc<dyn Model> = Arc::new(IntModel::load(&bytes, &gpu).unwrap());
    let here = IntModel::from_bytes(&bytes, Instructions::detect()).unwrap();
    // The last block is shorter and ends within a record.
    let mut data: Vec<u8> = (0..4).flat_map(|seed| likely(&here, 1017, 6, seed)).collect();
    data.extend(b"tail");
    let write = |model: &Arc<dyn Model>, group| {
        let options = WriterOptions {
            group,
            block_bytes: 1024,
            lanes: Some(6),
            zstd_level: None,
            verify: true,
            threads: 2,
            ..WriterOptions::new(Coder::Model(Arc::clone(model)))
        };
        let mut writer = Writer::new(Vec::new(), options).unwrap();
        writer.write_all(&data).unwrap();
        writer.finish().unwrap()
    };
    let (file, summary) = write(&cpu, None);
    assert!(summary.modelled_blocks >= 4, "{summary:?}");
    for group in [None, Some(1), Some(3)] {
        assert!(write(&model, group).0 == file, "{group:?}");
        let models = Arc::new(OneModel(Arc::clone(&model)));
        let options = ReaderOptions { group, models, threads: 2, ..ReaderOptions::default() };
        let mut out = Vec::new();
        Reader::new(file.as_slice(), options).copy_to(&mut out).unwrap();
        assert!(out == data, "{group:?}");
    }
}

/// Opens embedded models on an execution.
struct Embedded(Arc<dyn Execution>);

impl ModelLoader for Embedded {
    fn by_digest(&self, digest: [u8; 32]) -> vortex_coder::Result<Arc<dyn Model>> {
        NoModels.by_digest(digest)
    }
    fn from_bytes(&self, bytes: &[u8]) -> vortex_coder::Result<Arc<dyn Model>> {
        Ok(Arc::new(IntModel::load(bytes, &*self.0)?))
    }
}

#[test]
fn golden_files_are_read() {
    let Some(gpu) = gpu() else { return };
    let on_gpu: Arc<dyn Execution> = Arc::new(gpu);
    let on_cpu: Arc<dyn Execution> = Arc::new(Cpu { instructions: Instructions::detect() });
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vortex-coder/assets");
    for name in ["v1_network.vxc", "v1_mixed.vxc"] {
        let file = std::fs::read(assets.join(name)).unwrap();
        let read = |execution: &Arc<dyn Execution>| {
            let models = Arc::new(Embedded(Arc::clone(execution)));
            let options = ReaderOptions { models, threads: 2, ..ReaderOptions::default() };
            let mut out = Vec::new();
            Reader::new(file.as_slice(), options).copy_to(&mut out).unwrap();
            out
        };
        let found = read(&on_gpu);
        assert!(found.len() > 1000 && found == read(&on_cpu), "{name}");
    }
}

#[test]
fn a_network_that_is_too_large_is_refused_with_the_limit() {
    let Some(gpu) = gpu() else { return };
    let sizes = Sizes { d_model: 256, n_heads: 8, window: 4096, n_layers: 1, ..Sizes::default() };
    let network = network(schema(&[DType::F32]), sizes, 1);
    let error = gpu.prepare(&Checked::new(network).unwrap()).err().unwrap();
    assert!(matches!(error, Error::Unavailable { .. }), "{error}");
    let error = error.to_string();
    assert!(error.contains("shared memory") && error.contains("limit"), "{error}");
}

#[test]
fn a_number_without_a_device_is_refused_and_says_what_to_install() {
    let Some(_) = gpu() else { return };
    let error = Gpu::open(Device::Vulkan(999)).err().unwrap().to_string();
    assert!(error.contains("vulkan:999") && error.contains("libvulkan1"), "{error}");
    let first = devices().into_iter().find(|found| found.device == Device::Vulkan(0)).unwrap();
    assert!(!first.name.is_empty());
}

#[test]
fn the_self_test_passes() {
    let Some(gpu) = gpu() else { return };
    let bytes = std::env::var("VORTEX_GPU_BYTES").ok().and_then(|n| n.parse().ok()).unwrap_or(4096);
    let report = selftest(&gpu, Instructions::detect(), bytes).unwrap();
    println!("{report}");
    assert_eq!(report.trials.len(), 2);
    assert!(report.trials[0].bytes >= 3 * 1024);
}

//! On a Vulkan device, which may be Mesa's software driver: everything equals the definition and the CPU, to the bit.
#![cfg(feature = "wgpu")]
#![allow(clippy::unwrap_used)] // helpers of tests

mod networks;

use networks::{Case, cases};
use vortex_coder::predictor::Coding;
use vortex_coder::score::{Known, score_by_steps};
use vortex_coder::{Cdf, Predictor};
use vortex_gpu::{Device, Gpu};
use vortex_infer::definition::Interpreter;
use vortex_infer::random::symbols;
use vortex_infer::{Checked, Execution};

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
                assert!(right.frequencies() == got.frequencies(), "step {step}, lane {lane} of {active}");
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
    let input: Vec<Vec<u8>> = (0..lanes).map(|l| symbols(layout, records, 177 + l as u64)).collect();
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
            assert_eq!(right, got, "record {}, role {}, lane {}", record + at / (n * active), at / active % n, at % active);
        }
        assert_eq!(right.len(), got.len());
        record += now;
        piece = piece % 5 + 2;
        active = (active - active / 4).max(1);
    }
}

#[test]
fn frequencies_equal_the_definition() {
    let Some(gpu) = gpu() else { return };
    for Case { name, network, lanes, records } in cases() {
        let checked = Checked::new(network).unwrap();
        let program = gpu.prepare(&checked).unwrap();
        println!("{name}");
        compare_steps(&mut *program.predictor(), &checked, lanes, records.min(12));
    }
}

#[test]
fn intervals_equal_the_definition() {
    let Some(gpu) = gpu() else { return };
    for Case { name, network, lanes, records } in cases() {
        let checked = Checked::new(network).unwrap();
        let program = gpu.prepare(&checked).unwrap();
        println!("{name}");
        compare_scores(&mut *program.predictor(), &checked, lanes, records);
    }
}

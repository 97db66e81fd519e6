//! Complete runs.

use std::sync::atomic::{AtomicBool, Ordering};

use vortex_coder::schema::Schema;
use vortex_data::{RecordFile, RecordSet};
use vortex_infer::{Instructions, IntModel};
use vortex_model::MemoryConfig;
use vortex_train::Checkpoint;
use vortex_train::step::Rng;
use vortex_train::{Silent, TrainConfig, TrainError, TrainEvent, TrainObserver, train};

use crate::small::{config, data, model_bytes, run};

/// Raises the flag after some step.
pub struct CancelAt<'a>(pub u64, pub &'a AtomicBool);

impl TrainObserver for CancelAt<'_> {
    fn event(&mut self, event: &TrainEvent) {
        if let TrainEvent::Step { step, .. } = event
            && *step == self.0
        {
            self.1.store(true, Ordering::Relaxed);
        }
    }
}

#[test]
fn an_interrupted_run_ends_with_the_same_model() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, parts) = (dir.path().join("whole"), dir.path().join("parts"));
    let config = config(20);
    let one = run(&config, &whole, &mut Silent);
    // In the float phase, then in the quantised phase.
    for (stop, resume) in [(10, false), (18, true)] {
        let cancel = AtomicBool::new(false);
        let mut observer = CancelAt(stop, &cancel);
        let part = train(&config, &data(2000), &parts, &mut observer, &cancel, resume).unwrap();
        assert!(part.cancelled && part.model.is_none());
        assert_eq!(part.steps, stop);
        assert!(!parts.join("model.vxm").exists());
    }
    let cancel = AtomicBool::new(false);
    let two = train(&config, &data(2000), &parts, &mut Silent, &cancel, true).unwrap();
    assert_eq!((one.steps, two.steps), (20, 20));
    assert_eq!(model_bytes(&whole), model_bytes(&parts));
    let (one, two) = (one.model.unwrap(), two.model.unwrap());
    assert_eq!(one.float_bits_per_byte, two.float_bits_per_byte);
    assert_eq!(one.role_bits, two.role_bits);
    for name in
        ["config.yaml", "best.safetensors", "last.safetensors", "metrics.jsonl", "summary.json"]
    {
        assert!(parts.join(name).exists(), "{name}");
    }
    let metrics = std::fs::read_to_string(parts.join("metrics.jsonl")).unwrap();
    assert_eq!(metrics.lines().filter(|l| l.contains("\"start\"")).count(), 3);
}

#[test]
fn threads_do_not_change_the_model() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(6);
    config.batch.shards = 3;
    let models: Vec<Vec<u8>> = [1, 2, 3]
        .map(|threads| {
            config.threads = threads;
            let dir = dir.path().join(threads.to_string());
            run(&config, &dir, &mut Silent);
            model_bytes(&dir)
        })
        .into();
    assert!(models.windows(2).all(|m| m[0] == m[1]));
    config.seed += 1;
    run(&config, &dir.path().join("other"), &mut Silent);
    assert_ne!(model_bytes(&dir.path().join("other")), models[0]);
}

#[test]
fn a_memory_needs_windows_that_go_beyond_a_segment() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(6);
    config.model.memory = Some(MemoryConfig { rate: 2, slots: 12, kernel: 2 });
    // Records have 3 fields and segments 12 tokens.
    for tokens in [12, 14] {
        config.batch.tokens = tokens;
        let cancel = AtomicBool::new(false);
        let run = train(&config, &data(2000), dir.path(), &mut Silent, &cancel, false);
        let error = run.unwrap_err().to_string();
        assert!(error.contains(&format!("`batch.tokens` is {tokens}")), "{error}");
        assert!(error.contains("at least 15"), "{error}");
    }
    config.batch.tokens = 15;
    let summary = run(&config, dir.path(), &mut Silent);
    assert!(summary.model.is_some());
}

#[test]
fn random_data_are_told_early() {
    let dir = tempfile::tempdir().unwrap();
    let mut rng = Rng::new(9);
    let bytes: Vec<u8> = (0..8000).map(|_| rng.next_u64() as u8).collect();
    let schema = Schema::bytes();
    let file = RecordFile::from_bytes("random", bytes, schema.clone());
    let records = RecordSet::new(schema, vec![file]).unwrap();
    let cancel = AtomicBool::new(false);
    let run = train(&config(100), &records, dir.path(), &mut Silent, &cancel, false);
    let Err(TrainError::Nothing { step, .. }) = &run else { panic!("{run:?}") };
    assert!(*step < 80, "{step}");
    assert!(run.unwrap_err().to_string().contains("nothing to learn"));
}

#[test]
fn it_learns_and_finds_the_noise() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(300);
    config.validation.noise_bits = 7.9;
    config.batch.sequences = 8;
    let summary = run(&config, dir.path(), &mut Silent);
    assert_eq!(summary.flat_roles, [3]);
    let model = summary.model.unwrap();
    // The entropy is about (0 + 0.3 + 2 + 8) / 4; counts per role would give about 4.8.
    assert!((2.5..4.0).contains(&model.block_bits_per_byte), "{model:?}");
    assert!(model.integer_cost_percent.abs() < 3.0, "{model:?}");
    let file = model_bytes(dir.path());
    assert_eq!(file.len() as u64, model.bytes);
    IntModel::from_bytes(&file, Instructions::Portable).unwrap();
    let saved = TrainConfig::read(&dir.path().join("config.yaml")).unwrap();
    assert_eq!(saved, config);
}

#[test]
fn divergence_names_the_step_and_the_last_good_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(400);
    config.optimizer.learning_rate = 1.0;
    config.optimizer.weight_decay = 10.0;
    config.optimizer.warmup = 0.0;
    // Write a checkpoint, then continue with settings that must fail.
    let cancel = AtomicBool::new(false);
    let mut observer = CancelAt(1, &cancel);
    train(&config, &data(2000), dir.path(), &mut observer, &cancel, false).unwrap();
    let cancel = AtomicBool::new(false);
    let error = train(&config, &data(2000), dir.path(), &mut Silent, &cancel, true).unwrap_err();
    assert!(matches!(error, TrainError::Diverged { step, .. } if step >= 1), "{error}");
    let text = error.to_string();
    assert!(text.contains("last.safetensors (step 1)"), "{text}");
    assert!(text.contains("optimizer.learning_rate"), "{text}");
    assert_eq!(Checkpoint::load_state(&dir.path().join("last.safetensors")).unwrap().step, 1);
    assert!(!dir.path().join("model.vxm").exists());
}

#[test]
fn resuming_needs_the_same_model_and_a_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let cancel = AtomicBool::new(false);
    let mut config = config(2);
    let error = train(&config, &data(2000), dir.path(), &mut Silent, &cancel, true)
        .unwrap_err()
        .to_string();
    assert!(error.contains("last.safetensors"), "{error}");
    run(&config, dir.path(), &mut Silent);
    config.model.d_ff = 40;
    let error = train(&config, &data(2000), dir.path(), &mut Silent, &cancel, true)
        .unwrap_err()
        .to_string();
    assert!(error.contains("another `model` section"), "{error}");
}

#[test]
fn compressed_checkpoints_change_nothing() {
    let end = |first: bool, second: bool| {
        let dir = tempfile::tempdir().unwrap();
        let cancel = AtomicBool::new(false);
        let mut config = config(8);
        config.checkpoints.compress = first;
        train(&config, &data(2000), dir.path(), &mut CancelAt(4, &cancel), &cancel, false).unwrap();
        let last = std::fs::read(dir.path().join("last.safetensors")).unwrap();
        assert_eq!(last.starts_with(b"\x9EVXW"), first);
        config.checkpoints.compress = second;
        let go = AtomicBool::new(false);
        train(&config, &data(2000), dir.path(), &mut Silent, &go, true).unwrap();
        std::fs::read(dir.path().join("model.vxm")).unwrap()
    };
    let plain = end(false, false);
    for (first, second) in [(true, true), (true, false), (false, true)] {
        assert!(end(first, second) == plain, "{first} {second}");
    }
}

#[test]
fn too_few_records_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let cancel = AtomicBool::new(false);
    let error = train(&config(2), &data(5), dir.path(), &mut Silent, &cancel, false)
        .unwrap_err()
        .to_string();
    assert!(error.contains("5 whole records"), "{error}");
}

#[test]
fn accumulated_batches_are_one_larger_batch() {
    let dir = tempfile::tempdir().unwrap();
    let models = [(4, 2, 2), (8, 1, 4), (2, 4, 1)].map(|(sequences, accumulate, shards)| {
        let mut config = config(6);
        config.batch.sequences = sequences;
        config.batch.accumulate = accumulate;
        config.batch.shards = shards;
        let dir = dir.path().join(sequences.to_string());
        let summary = run(&config, &dir, &mut Silent);
        assert_eq!(summary.bytes_seen, 6 * 8 * 12 * 4);
        model_bytes(&dir)
    });
    assert!(models.windows(2).all(|m| m[0] == m[1]));
}

/// Counts events.
#[derive(Default)]
struct Count {
    stalled: Option<u64>,
    quantised: Option<u64>,
    last_rate: f64,
}

impl TrainObserver for Count {
    fn event(&mut self, event: &TrainEvent) {
        match event {
            TrainEvent::Stalled { step, validations: 2 } => self.stalled = Some(*step),
            TrainEvent::Phase { step, .. } => self.quantised = Some(*step),
            TrainEvent::Step { learning_rate, .. } => self.last_rate = *learning_rate,
            _ => {}
        }
    }
}

#[test]
fn a_float_phase_that_stalls_ends_early_and_the_quantised_phase_follows() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, parts) = (dir.path().join("whole"), dir.path().join("parts"));
    let mut config = config(40);
    config.validation.times = 10;
    config.early_stopping.patience = 2;
    // No validation improves by that much, so the validations at steps 8 and 12 end the phase.
    config.early_stopping.min_delta = 8.0;
    let mut count = Count::default();
    let summary = run(&config, &whole, &mut count);
    assert_eq!((count.stalled, count.quantised), (Some(12), Some(12)));
    // A fifth of 40 steps is left for the quantised phase, and the rate is that of its end.
    assert_eq!(summary.steps, 12 + 8);
    assert!(count.last_rate < 0.1 * config.optimizer.learning_rate, "{}", count.last_rate);
    for (stop, resume) in [(10, false), (15, true)] {
        let cancel = AtomicBool::new(false);
        let mut observer = CancelAt(stop, &cancel);
        train(&config, &data(2000), &parts, &mut observer, &cancel, resume).unwrap();
    }
    train(&config, &data(2000), &parts, &mut Silent, &AtomicBool::new(false), true).unwrap();
    assert_eq!(model_bytes(&whole), model_bytes(&parts));
}

#[test]
fn numbered_checkpoints_can_be_gone_back_to() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(12);
    config.checkpoints.every_steps = Some(3);
    config.checkpoints.keep = 2;
    run(&config, dir.path(), &mut Silent);
    let model = model_bytes(dir.path());
    let path = |name: &str| dir.path().join(name);
    assert!(!path("step-000000000006.safetensors").exists());
    assert!(path("step-000000000012.safetensors").exists());
    std::fs::copy(path("step-000000000009.safetensors"), path("last.safetensors")).unwrap();
    train(&config, &data(2000), dir.path(), &mut Silent, &AtomicBool::new(false), true).unwrap();
    assert_eq!(Checkpoint::load_state(&path("last.safetensors")).unwrap().step, 12);
    // The best weights of step 9 are lost, so the model may differ, but there is one.
    assert_eq!(model_bytes(dir.path()).len(), model.len());
}

#[test]
fn an_absurd_learning_rate_ends_the_run_and_leaves_the_last_good_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(2000);
    config.optimizer.learning_rate = 1.0;
    config.optimizer.weight_decay = 10.0;
    config.optimizer.clip_norm = f64::INFINITY;
    config.optimizer.warmup = 0.5;
    config.validation.times = 400;
    config.early_stopping.patience = 0;
    let cancel = AtomicBool::new(false);
    let error = train(&config, &data(2000), dir.path(), &mut Silent, &cancel, false).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, TrainError::Diverged { .. }), "{text}");
    assert!(text.contains("bits per byte is") || text.contains("gradient is"), "{text}");
    let saved = Checkpoint::load_state(&dir.path().join("last.safetensors")).unwrap();
    assert!(text.contains(&format!("last.safetensors (step {})", saved.step)), "{text}");
    assert!(saved.best.unwrap() < 8.0, "{saved:?}");
}

#[test]
fn a_run_that_cannot_begin_leaves_the_old_one_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(2);
    run(&config, dir.path(), &mut Silent);
    let model = model_bytes(dir.path());
    config.sampling.weights = vec![1.0, 2.0];
    let cancel = AtomicBool::new(false);
    train(&config, &data(2000), dir.path(), &mut Silent, &cancel, false).unwrap_err();
    assert_eq!(model_bytes(dir.path()), model);
}

//! Runs that are killed without a warning and continue with the same results.

use std::hash::{Hash, Hasher};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde_json::Value;
use vortex_train::config::Order;
use vortex_train::step::Rng;
use vortex_train::{LogLines, Silent, TrainConfig, train};

use crate::small::{config, data, model_bytes, run};

/// Environment variable with the run directory of the child process.
const DIR: &str = "VORTEX_TEST_KILLED_RUN";

/// These few steps change everything that a checkpoint must store.
fn settings() -> TrainConfig {
    let mut config = config(24);
    config.quantise.fraction = 0.4;
    config.validation.times = 8;
    config.validation.noise_bits = 7.5;
    config.checkpoints.every_steps = Some(2);
    config.checkpoints.keep = 2;
    config.batch.accumulate = 2;
    config.batch.chunks = vec![9, 18];
    config.sampling.order = Order::ShuffledChunks;
    config.sampling.chunk_bytes = 500;
    config.sampling.pool_chunks = 2;
    config
}

/// The process that the tests below start and kill.
#[test]
#[ignore = "runs only in the processes that other tests start"]
fn child() {
    let dir = PathBuf::from(std::env::var_os(DIR).expect("started by another test"));
    let resume = dir.join("config.yaml").exists();
    let mut lines = LogLines::new(Unbuffered, 0.0);
    let cancel = AtomicBool::new(false);
    train(&settings(), &data(2000), &dir, &mut lines, &cancel, resume).unwrap();
}

/// Standard output with one write per line.
struct Unbuffered;

impl Write for Unbuffered {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut out = std::io::stdout().lock();
        out.write_all(bytes)?;
        out.flush().map(|()| bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn start(dir: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["killed::child", "--exact", "--ignored", "--nocapture"]);
    child.env(DIR, dir).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// Reads the child's lines until `stop` returns true, waits, and sends SIGKILL. False when the
/// child ended first.
fn kill_when(child: &mut Child, wait: Duration, mut stop: impl FnMut(&str) -> bool) -> bool {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let killed = lines.map_while(Result::ok).any(|line| stop(&line));
    if killed {
        std::thread::sleep(wait);
        child.kill().unwrap();
    }
    !child.wait().unwrap().success()
}

fn temporaries(dir: &Path) -> usize {
    let entries = std::fs::read_dir(dir).into_iter().flatten();
    entries.filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().contains(".tmp")).count()
}

/// Kills the child while a file is being written.
fn kill_while_writing(child: &mut Child, dir: &Path, after: usize) -> bool {
    let mut seen = 0;
    let mut writing = false;
    loop {
        let now = temporaries(dir) > 0;
        seen += usize::from(now && !writing);
        writing = now;
        if seen > after {
            child.kill().unwrap();
            child.wait().unwrap();
            return true;
        }
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return false;
        }
    }
}

/// Results that must not depend on how often a run was killed.
#[derive(Debug, PartialEq)]
struct Outcome {
    /// Digest of the model file.
    model: u64,
    figures: Value,
    flat: Value,
    /// Validations, phases and noise: all events except those with times or files.
    events: Vec<Value>,
}

fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

fn outcome(dir: &Path) -> Outcome {
    let text = std::fs::read_to_string(dir.join("summary.json")).unwrap();
    let mut summary: Value = serde_json::from_str(&text).unwrap();
    let mut figures = summary["model"].take();
    figures["path"].take();
    let text = std::fs::read_to_string(dir.join("metrics.jsonl")).unwrap();
    let events: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let steps = events.iter().filter(|e| e["event"] == "step").map(|e| e["step"].as_u64());
    assert!(steps.is_sorted_by(|a, b| a < b), "{text}");
    let kinds = ["validation", "phase", "flat"];
    let decisive = |e: &Value| kinds.contains(&e["event"].as_str().unwrap());
    Outcome {
        model: digest(&model_bytes(dir)),
        figures,
        flat: summary["flat_roles"].take(),
        events: events.into_iter().filter(decisive).collect(),
    }
}

#[test]
fn a_run_killed_at_any_moment_ends_with_the_same_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    run(&settings(), &whole, &mut Silent);
    let whole = outcome(&whole);
    assert!(whole.flat.as_array().is_some_and(|f| !f.is_empty()), "the noise detector counts too");

    let mut rng = Rng::new(9);
    let (mut kills, mut quantised, mut half_written) = (0, 0, 0);
    for round in 0..8 {
        let run = dir.path().join(round.to_string());
        for attempt in 0.. {
            let mut child = start(&run);
            let killed = if attempt == 6 {
                kill_when(&mut child, Duration::ZERO, |_| false)
            } else if round % 2 == 0 {
                let events = rng.below(24);
                let wait = Duration::from_micros(rng.below(4000));
                let mut seen = 0;
                kill_when(&mut child, wait, |line| {
                    quantised += usize::from(line.contains("quantised phase"));
                    seen += u64::from(line.starts_with("step"));
                    seen > events
                })
            } else {
                kill_while_writing(&mut child, &run, rng.below(6) as usize)
            };
            if !killed {
                break;
            }
            kills += 1;
            half_written += usize::from(temporaries(&run) > 0);
        }
        assert_eq!(temporaries(&run), 0);
        assert_eq!(outcome(&run), whole, "round {round}");
    }
    eprintln!(
        "{kills} kills, {half_written} with a half-written file, {quantised} quantised phases"
    );
    assert!(kills >= 8 && half_written >= 1, "{kills} {half_written}");
}

#[test]
fn killed_between_the_best_weights_and_the_checkpoint_that_knows_of_them() {
    // Tests the commit protocol at every moment at which a file is renamed. A killed process leaves
    // a prefix of the changes, so each change is undone in turn after a stopped run.
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    run(&settings(), &whole, &mut Silent);
    let whole = outcome(&whole);
    for (name, phase) in [("float", "step 14: float"), ("quantised", "quantised phase")] {
        let run = dir.path().join(name);
        let mut child = start(&run);
        let stop = |line: &str| line.contains(phase) || line.starts_with("step 14: wrote");
        assert!(kill_when(&mut child, Duration::ZERO, stop));
        // New weights to which no checkpoint refers.
        std::fs::write(run.join("best.safetensors.new"), b"half").unwrap();
        kill_when(&mut start(&run), Duration::ZERO, |_| false);
        assert_eq!(outcome(&run), whole, "{name}");
        // Not renamed yet: the checkpoint refers to weights that still have their temporary name.
        let finished = run.join("best.safetensors");
        std::fs::rename(&finished, run.join("best.safetensors.new")).unwrap();
        std::fs::write(&finished, b"older").unwrap();
        std::fs::remove_file(run.join("model.vxm")).unwrap();
        kill_when(&mut start(&run), Duration::ZERO, |_| false);
        assert_eq!(outcome(&run), whole, "{name}");
    }
}

//! Options that change how data is coded, but not the decoded bytes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use vortex_codec::{
    Compressor, Decompressor, ErrorKind, Level, Progress, Result, Summary, evaluate,
};

use super::bench::{STRIDE, modelled_records, records, schema};

#[test]
fn no_byte_depends_on_threads_verification_or_level() {
    let data = records(STRIDE * 5000 + 7);
    let common = Compressor::new().schema(schema()).block_bytes(4096);
    let pack = |compressor: Compressor| {
        let mut file = Vec::new();
        compressor.compress(data.as_slice(), &mut file).unwrap();
        file
    };
    let first = pack(common.clone());
    for other in [
        common.clone().threads(0),
        common.clone().threads(1),
        common.clone().threads(7),
        common.clone().verify(false),
    ] {
        assert!(pack(other) == first);
    }
    for threads in [0, 1, 7] {
        let mut back = Vec::new();
        let decompressor = Decompressor::new().threads(threads);
        decompressor.decompress(first.as_slice(), &mut back).unwrap();
        assert!(back == data, "{threads}");
    }
    for level in [Level::FASTEST, Level::QUICK, Level::DEFAULT, Level::SMALLEST] {
        // Only models have a choice of lanes.
        let lanes = common.clone().level(level).lanes(3);
        let error = lanes.compress(data.as_slice(), std::io::sink()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        let file = pack(common.clone().level(level));
        assert!(vortex_codec::decompress(&file).unwrap() == data, "{level}");
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let data = records(STRIDE * 10);
    for bad in [
        Compressor::new().block_bytes(10),
        Compressor::new().lanes(0),
        Compressor::new().label("x".repeat(100_000)),
    ] {
        let error = bad.compress(data.as_slice(), std::io::sink()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    }
}

#[test]
fn progress_and_a_flag_to_stop() {
    let data = records(STRIDE * 5000);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let hook = |seen: &Arc<Mutex<Vec<Progress>>>| {
        let seen = Arc::clone(seen);
        move |progress| seen.lock().unwrap().push(progress)
    };
    let compressor = Compressor::new().schema(schema()).block_bytes(4096);
    let mut file = Vec::new();
    compressor.clone().on_block(hook(&seen)).compress(data.as_slice(), &mut file).unwrap();
    let written = std::mem::take(&mut *seen.lock().unwrap());
    assert!(written.len() > 10 && written.is_sorted_by_key(|progress| progress.original_bytes));
    assert_eq!(written.last().unwrap().original_bytes, data.len() as u64);
    let decompressor = Decompressor::new().on_block(hook(&seen));
    decompressor.decompress(file.as_slice(), std::io::sink()).unwrap();
    assert_eq!(*seen.lock().unwrap(), written);

    let flag = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&flag);
    let stopped = compressor
        .cancel(Arc::clone(&flag))
        .on_block(move |_| stop.store(true, Ordering::Relaxed))
        .compress(data.as_slice(), std::io::sink());
    assert_eq!(stopped.unwrap_err().kind(), ErrorKind::Cancelled);
    let stopped = Decompressor::new().cancel(flag).decompress(file.as_slice(), std::io::sink());
    assert_eq!(stopped.unwrap_err().kind(), ErrorKind::Cancelled);
}

/// Sets a flag soon after `work` has begun, and returns the kind of its error.
fn stopped_within(work: impl FnOnce(Arc<AtomicBool>) -> Result<Summary>) -> ErrorKind {
    let flag = Arc::new(AtomicBool::new(false));
    let later = Arc::clone(&flag);
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        later.store(true, Ordering::Relaxed);
    });
    let start = Instant::now();
    let error = work(flag).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    error.kind()
}

#[test]
fn a_long_block_ends_when_it_is_cancelled() {
    // One block, which takes many seconds.
    let data = modelled_records(STRIDE * 250_000);
    let compressor = Compressor::new().schema(schema()).threads(1);
    let found = stopped_within(|flag| {
        compressor.clone().cancel(flag).compress(data.as_slice(), std::io::sink())
    });
    assert_eq!(found, ErrorKind::Cancelled);
    let mut file = Vec::new();
    compressor.verify(false).level(Level::new(4).unwrap()).compress(&data[..], &mut file).unwrap();
    let found = stopped_within(|flag| {
        Decompressor::new().threads(1).cancel(flag).decompress(&file[..], std::io::sink())
    });
    assert_eq!(found, ErrorKind::Cancelled);
}

#[test]
fn evaluation_measures_a_real_file() {
    let data = records(STRIDE * 2000);
    let compressor = Compressor::new().schema(schema()).threads(0);
    let results = evaluate(&data, &compressor).unwrap();
    let mut file = Vec::new();
    compressor.compress(data.as_slice(), &mut file).unwrap();
    assert_eq!(results.codecs[0].bytes, file.len() as u64);
    assert_eq!(results.codecs[0].name, "vortex (no model)");
    assert_eq!((results.stride, results.fields, results.model_bytes), (STRIDE, 3, 0));
    let by_field: Vec<&str> = results.roles_by_field().map(|roles| &*roles[0].field).collect();
    assert_eq!(by_field, ["pt", "event", "cell"]);
    // The file is little larger than its cross-entropy.
    assert!(results.overhead().unwrap().abs() < 0.05, "{:?}", results.overhead());
    let json = serde_json::to_value(&results).unwrap();
    assert_eq!(json["bytes"], data.len());
}

#[test]
fn everything_may_go_to_another_thread() {
    fn shared<T: Send + Sync + 'static>() {}
    fn sent<T: Send + 'static>() {}
    shared::<Compressor>();
    shared::<Decompressor>();
    shared::<vortex_codec::TrainedModel>();
    shared::<vortex_codec::Models>();
    shared::<vortex_codec::Error>();
    sent::<vortex_codec::archive::Archive>();
}

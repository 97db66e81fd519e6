//! lab
use vortex_coder::mixing::{Level, MixingModel};
use vortex_coder::{BlockPayload, BlockRecords, Model};
fn env(name: &str, d: i64) -> i64 { std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(d) }
fn main() {
    let level = Level::new(env("LEVEL", 5) as u8).unwrap();
    let max = env("MAX", 1 << 30) as usize;
    let disc = env("DISC", 0);
    let mut sum = 0.0;
    let files: Vec<String> = std::env::args().skip(1).collect();
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        let bytes = &bytes[..bytes.len().min(max)];
        let name = std::path::Path::new(file).file_stem().unwrap().to_string_lossy().into_owned();
        let wire = std::fs::read(format!("/tmp/schemas/{name}.{disc}")).unwrap();
        let mut schema = vortex_coder::Schema::read_from(&mut wire.as_slice()).unwrap();
        if std::env::var("BYTES").is_ok() { schema = vortex_coder::Schema::bytes(); }
        let model = MixingModel::new(schema, level);
        let whole = bytes.len() / model.layout().stride() * model.layout().stride();
        let start = std::time::Instant::now();
        let mut coder = model.coder();
        let payload = coder.encode(&[BlockRecords { bytes: &bytes[..whole], lanes: 1 }]).unwrap().remove(0);
        let secs = start.elapsed().as_secs_f64();
        let mut decoded = String::new();
        if env("DECODE", 0) == 1 {
            let start = std::time::Instant::now();
            let mut out = vec![0; whole];
            for r in coder.decode(&mut [BlockPayload { payload: &payload, lanes: 1, out: &mut out }]) { r.unwrap(); }
            assert!(out == bytes[..whole]);
            decoded = format!("decoded {:.2} MB/s", whole as f64 / 1e6 / start.elapsed().as_secs_f64());
        }
        let bits = payload.len() as f64 * 8.0;
        sum += (bits / whole as f64).ln();
        println!("{name:22} {:.4} bpb {:9.0} B  {:.2} MB/s {decoded}", bits / whole as f64, bits / 8.0, whole as f64 / 1e6 / secs);
    }
    println!("geomean {:.4}", (sum / files.len() as f64).exp());
}

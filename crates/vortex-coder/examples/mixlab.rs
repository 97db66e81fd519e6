//! lab
use vortex_coder::layout::RecordLayout;
use vortex_coder::mixing::{Tuning, measure};
fn env(name: &str, d: i64) -> i64 { std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(d) }
fn main() {
    let mut t = Tuning::default();
    t.limit = env("LIMIT", t.limit as i64) as u8;
    t.history_rate = env("HR", t.history_rate as i64) as u32;
    t.mixer_shift = env("MS", t.mixer_shift as i64) as u32;
    t.mixer_boost = env("MB", t.mixer_boost as i64) as i32;
    t.final_shift = env("FS", t.final_shift as i64) as u32;
    t.correction_rate = env("CR", t.correction_rate as i64) as u32;
    t.slots_log2 = env("LOG", t.slots_log2 as i64) as u32;
    t.first = env("FIRST", t.first as i64) as i32;
    let mask = env("MASK", (1 << 23) - 1) as u64;
    let max = env("MAX", 1 << 30) as usize;
    let disc = env("DISC", 0);
    let mut sum = 0.0;
    let files: Vec<String> = std::env::args().skip(1).collect();
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        let bytes = &bytes[..bytes.len().min(max)];
        let name = std::path::Path::new(file).file_stem().unwrap().to_string_lossy().into_owned();
        let wire = std::fs::read(format!("/tmp/schemas/{name}.{disc}")).unwrap();
        let schema = vortex_coder::Schema::read_from(&mut wire.as_slice()).unwrap();
        let layout = RecordLayout::new(schema);
        let whole = bytes.len() / layout.stride() * layout.stride();
        let start = std::time::Instant::now();
        let cost = if std::env::var("REGIONS").is_ok() {
            let regions = vortex_coder::mixing::look(bytes);
            if std::env::var("SHOW").is_ok() { let mut at = 0; for r in &regions { println!("{at} {} {:?}", r.len, r.kind); at += r.len; } }
            println!("{} regions, {:?}", regions.len(), start.elapsed());
            vortex_coder::mixing::measure_regions(bytes, &regions, t)
        } else if layout.stride() == 1 && std::env::var("NOTEXT").is_err() { vortex_coder::mixing::measure_text(&bytes[..whole], mask, t) } else { measure(&layout, &bytes[..whole], mask, t) };
        let bits: f64 = cost.iter().map(|c| *c as f64 / 65536.0).sum();
        let secs = start.elapsed().as_secs_f64();
        sum += (bits / whole as f64).ln();
        println!("{name:22} {:.4} bpb {:9.0} B  {:.2} MB/s", bits / whole as f64, bits / 8.0, whole as f64 / 1e6 / secs);
        if std::env::var("ROLES").is_ok() {
            let n = (whole / layout.stride()) as f64;
            for f in 0..layout.n_fields() {
                let r = layout.roles_of(f);
                println!("   {:20} {:?}", layout.schema().fields()[f].name, cost[r].iter().map(|c| (*c as f64 / 65536.0 / n * 100.0).round() / 100.0).collect::<Vec<_>>());
            }
        }
    }
    println!("geomean {:.4}", (sum / files.len() as f64).exp());
}

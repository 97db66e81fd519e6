//! lab
use vortex_data::{Search, discover};
fn main() {
    for file in std::env::args().skip(1) {
        let bytes = std::fs::read(&file).unwrap();
        let schema = vortex_data::sidecar::schema_of(std::path::Path::new(&file), None).unwrap().0;
        let whole = bytes.len() / schema.stride() * schema.stride();
        let name = std::path::Path::new(&file).file_stem().unwrap().to_string_lossy().into_owned();
        for d in 0..3 {
            let start = std::time::Instant::now();
            let s = if d == 0 { schema.clone() } else { discover(&schema, &bytes[..whole], Search { decimals: true, laws: true, deltas: d > 1 }).unwrap() };
            let mut out = Vec::new();
            s.write_to(&mut out);
            std::fs::write(format!("/tmp/schemas/{name}.{d}"), out).unwrap();
            let n = |f: &dyn Fn(&vortex_coder::Field) -> bool| s.fields().iter().filter(|x| f(x)).count();
            println!("{name} {d}: stride {} fields {} grids {} laws {} deltas {} {:?}", s.stride(), s.fields().len(), n(&|f| f.grid.is_some()), n(&|f| f.law.is_some()), n(&|f| f.delta), start.elapsed());
        }
    }
}

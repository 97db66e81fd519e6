//! Sidecars, detection and splits on real files, if they are available.

use std::path::{Path, PathBuf};
use std::time::Instant;

use vortex_coder::schema::Schema;
use vortex_data::{RecordFile, SchemaSource, SplitRatios, detect, read_schema, schema_of};

/// The data files (`*.bin`); prints a message if there are none.
fn data_files() -> Vec<PathBuf> {
    let dir = std::env::var_os("VORTEX_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let mut files: Vec<PathBuf> = std::fs::read_dir(&dir)
        .map(|entries| entries.filter_map(|e| Some(e.ok()?.path())).collect())
        .unwrap_or_default();
    files.retain(|path| path.extension().is_some_and(|e| e == "bin"));
    files.sort();
    if files.is_empty() {
        println!("skipped: no data files in {} (set VORTEX_DATA)", dir.display());
    }
    files
}

/// Where the fields of a schema begin, and how wide they are.
fn layout(schema: &Schema) -> Vec<(u32, usize)> {
    schema.fields().iter().map(|f| (f.offset, f.dtype.size())).collect()
}

#[test]
fn detected_strides_are_those_of_the_sidecars() {
    println!(
        "{:24} {:>6} {:>8} {:>6} {:>12} {:>8}",
        "file", "true", "detected", "fields", "same place", "ms"
    );
    for path in data_files() {
        let truth = read_schema(&path.with_extension("json")).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let start = Instant::now();
        let found = detect(&bytes);
        let elapsed = start.elapsed().as_millis();
        let (expected, seen) = (layout(&truth), layout(&found.schema));
        let same = seen.iter().filter(|field| expected.contains(field)).count();
        let name = path.file_stem().unwrap().to_string_lossy();
        println!(
            "{name:24} {:6} {:8} {:6} {same:12} {elapsed:8}",
            truth.stride(),
            found.schema.stride(),
            expected.len()
        );
        if truth.stride() > 8 {
            assert_eq!(found.schema.stride(), truth.stride(), "{name}");
            assert!(found.has_records(), "{name}");
            assert!(same * 10 >= expected.len() * 8, "{name}: {seen:?} for {expected:?}");
        } else {
            assert!(!found.has_records(), "{name}");
            assert!([1, 4].contains(&found.schema.stride()), "{name}");
        }
    }
}

#[test]
fn sidecars_are_found_and_fit_their_files() {
    for path in data_files() {
        let (schema, source) = schema_of(&path, None).unwrap();
        let sidecar = path.with_extension("json");
        assert_eq!(source, SchemaSource::Sidecar(sidecar.clone()));
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let expected = match name.as_str() {
            "alice_hyp3_row" => (192, 48),
            "atlas_hh4b_f64_row" => (432, 54),
            "atlas_tracks_row" => (85, 22),
            "climate_geocat" => (4, 1),
            "cms_dimuon_row" => (48, 12),
            "cms_genpart_row" => (32, 8),
            "cms_jets_row" => (144, 36),
            "lhcb_phsp_row" => (104, 26),
            "liquido_hits" => (28, 7),
            "syn_ftag_packed_row" => (119, 31),
            "atlas_physlite_colnat" | "cms_nanov5_colnat" | "hepmc_eeH" | "hepmc_sk_hs" => (1, 1),
            _ => continue,
        };
        assert_eq!((schema.stride(), schema.fields().len()), expected, "{name}");
        let file = RecordFile::open(&path, schema).unwrap();
        assert_eq!(file.tail_len(), 0, "{name}");
        let split = SplitRatios::DEFAULT.split(file.n_records());
        let [train, validation, test] = split.byte_ranges(file.schema().stride());
        assert_eq!((train.end, validation.end), (validation.start, test.start));
        assert_eq!(test.end, file.len());
    }
}

//! The files in `configs/` are valid, and their models have the stated sizes.

use std::path::{Path, PathBuf};

use burn::backend::Flex;
use burn::module::Module;
use vortex_coder::layout::RecordLayout;
use vortex_coder::schema::Schema;
use vortex_data::synthetic::SyntheticJets;
use vortex_model::{ProductionModel, RecordSpec};
use vortex_train::TrainConfig;

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    let entries = std::fs::read_dir(folder).expect("the folder of configurations");
    let mut files: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "yaml"));
    files.sort();
    files
}

fn spec(schema: Schema) -> RecordSpec {
    RecordSpec::new(RecordLayout::new(schema))
}

/// The line that says how many parameters the model has.
fn line(bytes: usize, jets: usize) -> String {
    format!("# parameters: {bytes} for files of single bytes, {jets} for the demo's jets")
}

#[test]
fn every_file_says_how_many_parameters_its_model_has() {
    let files = files();
    assert!(files.len() >= 8, "{files:?}");
    for path in files {
        let config = TrainConfig::read(&path).expect("a valid configuration");
        let counts = [Schema::bytes(), SyntheticJets::schema()].map(|schema| {
            let spec = spec(schema);
            let counted = config.model.parameter_count(&spec);
            // One model in memory at a time; the largest has a quarter of a billion parameters.
            let model = ProductionModel::<Flex>::init(&config.model, &spec, &Default::default())
                .expect("a valid model");
            assert_eq!(model.num_params(), counted, "{}", path.display());
            let fields = spec.n_fields();
            let tokens = config.batch.tokens / fields * fields;
            let (_, segment) = config.model.window_and_segment(fields);
            let used = config.model.memory.is_none() || tokens > segment;
            assert!(used, "{}: no window goes beyond a segment", path.display());
            counted
        });
        let expected = line(counts[0], counts[1]);
        let text = std::fs::read_to_string(&path).expect("a readable file");
        assert!(text.lines().any(|l| l == expected), "{} must say:\n{expected}", path.display());
    }
}

//! What the page of a training needs beside its summary.

use std::path::Path;

use anyhow::{Context, Result};
use vortex_codec::TrainedModel;
use vortex_codec::baselines::{Choice, list, measure};
use vortex_codec::coder::RecordLayout;
use vortex_codec::evaluation::FailedCodec;
use vortex_codec::inspection::field_rows;
use vortex_codec::output::write_file;
use vortex_codec::train::ModelSummary;
use vortex_codec::train::TrainSummary;
use vortex_codec::training::Curve;

use vortex_report::page::{Provenance, Trained, training};

/// Writes the page of the run in a folder. `held_out`: the records of its validations.
pub fn write(
    path: &Path,
    run: &Path,
    summary: &TrainSummary,
    model: &ModelSummary,
    held_out: &[u8],
    command: &str,
) -> Result<()> {
    let trained = TrainedModel::open(&model.path)?;
    let schema = trained.schema();
    let (mut others, mut failed) = (Vec::new(), Vec::new());
    if !held_out.is_empty() && held_out.len() as u64 == model.compared_bytes {
        for codec in list(Choice::All) {
            match measure(codec.as_ref(), held_out, schema) {
                Ok(measured) => others.push((measured.name, measured.bytes)),
                Err(error) => {
                    let (name, reason) = (codec.name().to_owned(), error.to_string());
                    failed.push(FailedCodec { name, reason });
                }
            }
        }
    }
    let layout = RecordLayout::new(schema.clone());
    let bits_of = |field| layout.roles_of(field).map(|role| model.role_bits.get(role).copied());
    let bits =
        (0..layout.n_fields()).map(|field| bits_of(field).map(Option::unwrap_or_default).collect());
    let config = run.join("config.yaml");
    let configuration =
        std::fs::read_to_string(&config).with_context(|| config.display().to_string())?;
    let curve = Curve::of_run(run)?;
    let page = Trained {
        run: run.display().to_string(),
        summary,
        model,
        curve: curve.as_ref(),
        configuration,
        others,
        failed,
        fields: field_rows(held_out, schema).into_iter().zip(bits).collect(),
        field_bytes: held_out.len() as u64,
    };
    let digest = |bytes: &[u8]| blake3::hash(bytes).to_hex().to_string();
    let data = vec![
        ("BLAKE3 of the held-out bytes", digest(held_out)),
        ("Model", model.path.display().to_string()),
        ("BLAKE3 of the model", blake3::Hash::from_bytes(trained.digest()).to_hex().to_string()),
    ];
    Ok(write_file(path, training(&page, &Provenance::of(command, data)).as_bytes())?)
}

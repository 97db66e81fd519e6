//! Sizes and speeds of Vortex and other codecs on the same bytes.

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use vortex_codec::baselines::Choice;
use vortex_codec::evaluation::Evaluation;
use vortex_codec::{Error, ErrorKind};

use crate::bytes::all_of;
use crate::options::Options;
use crate::task;

/// Compresses, decodes and compares bytes; the results as JSON.
#[pyfunction]
pub fn evaluate(
    py: Python<'_>,
    data: PyReadonlyArray1<'_, u8>,
    options: Options,
    baselines: String,
) -> PyResult<String> {
    task::run(py, data.as_slice()?, move |input, cancel| {
        let choice = match baselines.as_str() {
            "none" => Choice::None,
            "few" => Choice::Few,
            "all" => Choice::All,
            other => {
                let message = format!("baselines {other:?}; none, few and all are possible");
                return Err(Error::new(ErrorKind::InvalidArgument, message));
            }
        };
        let compressor = options.compressor(cancel)?;
        let bytes = all_of(input)?;
        let results = Evaluation::of(&compressor).baselines(choice).run(&bytes)?;
        serde_json::to_string(&results)
            .map_err(|error| Error::new(ErrorKind::Other, error.to_string()))
    })
}

//! The cost of bytes under the floating-point network from which a model was exported.

use vortex_coder::Model;
use vortex_train::{DeviceChoice, float_cost};

use crate::error::{Error, Result};
use crate::models::TrainedModel;

/// Name of the checkpoint beside a model file, from which the model was exported.
const CHECKPOINT: &str = "best.safetensors";

/// Bits of all bytes under the checkpoint beside a model file; bytes of an incomplete record count
/// as 8 bits each.
///
/// # Errors
/// [`crate::ErrorKind::InvalidArgument`] for a model that was not opened from a file,
/// [`crate::ErrorKind::Training`] if the checkpoint or the device cannot be used.
pub fn float_bits(device: DeviceChoice, model: &TrainedModel, bytes: &[u8]) -> Result<f64> {
    let (Some(path), Some(network)) = (model.path(), model.network()) else {
        return Err(Error::invalid_argument("a model without a file has no checkpoint beside it"));
    };
    let checkpoint = path.with_file_name(CHECKPOINT);
    let stride = network.layout().stride();
    let whole = bytes.len() / stride * stride;
    let bits = float_cost(device, &checkpoint, network, &bytes[..whole])?;
    Ok(bits * whole as f64 + (bytes.len() - whole) as f64 * 8.0)
}

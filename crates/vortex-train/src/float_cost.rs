//! The cost of records under the network of a checkpoint in floating point, on any device.

use std::path::Path;

use burn::module::AutodiffModule;
use vortex_coder::Model;
use vortex_coder::codec::lanes_for;
use vortex_infer::IntModel;
use vortex_model::{CatWrapper, ProductionModel, RecordSpec};

use crate::backend::TrainBackend;
use crate::checkpoint::Checkpoint;
use crate::device::{DeviceChoice, OnDevice, on_devices};
use crate::error::{Result, TrainError};
use crate::parameters::{flatten, load};
use crate::workers::seeded;

/// Bits per byte of whole records under the checkpoint that `model` was exported from, in the lanes
/// of a block.
///
/// # Errors
/// [`TrainError::Checkpoint`] if it belongs to another model, [`TrainError::Device`] when the
/// device cannot be used, [`TrainError::Data`] when there is no whole record.
pub fn float_cost(
    device: DeviceChoice,
    checkpoint: &Path,
    model: &IntModel,
    records: &[u8],
) -> Result<f64> {
    let state = Checkpoint::load_state(checkpoint)?;
    on_devices(&device.into(), state.config.precision, Measuring { checkpoint, model, records })
}

struct Measuring<'a> {
    checkpoint: &'a Path,
    model: &'a IntModel,
    records: &'a [u8],
}

impl OnDevice for Measuring<'_> {
    type Output = f64;

    fn run<B: TrainBackend>(self, devices: &[B::Device]) -> Result<f64> {
        let device = &devices[0];
        let network = self.model.network();
        let spec = RecordSpec {
            lag: network.lag.clone(),
            flat: network.flat.clone(),
            ..RecordSpec::new(self.model.layout().clone())
        };
        let config = Checkpoint::load_state(self.checkpoint)?.config.model;
        let model_error = |e: vortex_model::Error| TrainError::Model(e.to_string());
        // The first weights are replaced, but drawing them would change those of another training.
        let guard = seeded::<B>(device, 0);
        let fresh = ProductionModel::<B>::init(&config, &spec, device).map_err(model_error)?;
        let (map, _) = flatten(&fresh);
        drop(guard);
        let params = Checkpoint::load(self.checkpoint, &map)?.params;
        let model = CatWrapper::new(load(fresh, &params, device).valid());

        let (stride, n_roles) = (spec.layout.stride(), spec.n_roles());
        let n_records = self.records.len() / stride;
        if n_records == 0 {
            return Err(TrainError::Data("no whole record to measure".into()));
        }
        let lanes = lanes_for(self.records.len()).min(n_records);
        let each = n_records / lanes;
        let mut symbols = Vec::new();
        let mut bits = 0.0;
        // Whole lanes together, then the remaining records.
        for (lanes, each, first) in [(lanes, each, 0), (1, n_records % lanes, lanes * each)] {
            if each == 0 {
                continue;
            }
            let mut cold = Vec::with_capacity(lanes * (each + 1) * n_roles);
            let bytes = &self.records[first * stride..(first + lanes * each) * stride];
            for lane in bytes.chunks_exact(each * stride) {
                symbols.clear();
                spec.layout.records_to_symbols(lane, &mut symbols);
                cold.resize(cold.len() + n_roles, 0);
                cold.extend_from_slice(&symbols);
            }
            let role_bits = model.loss(&cold, lanes, None, None).role_bits;
            bits += role_bits.iter().sum::<f64>() * (lanes * each) as f64;
        }
        Ok(bits / (n_records * stride) as f64)
    }
}

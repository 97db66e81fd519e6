//! The inner module of the Python package `vortex_codec`. It translates buffers, file objects and
//! errors; the package around it translates dtypes and indices. All work is done by vortex-codec.
#![deny(unsafe_code)]

mod archive;
mod bytes;
mod command;
mod errors;
mod evaluation;
mod file_object;
mod hdf5;
mod members;
mod model;
mod options;
mod schema;
mod task;
mod training;
mod weights;

#[pyo3::pymodule]
mod _core {
    #[pymodule_export]
    use crate::archive::Archive;
    #[pymodule_export]
    use crate::bytes::{compress, compress_file, decompress, decompress_array, decompress_file};
    #[pymodule_export]
    use crate::command::run_command;
    #[pymodule_export]
    use crate::evaluation::evaluate;
    #[pymodule_export]
    use crate::hdf5::{hdf5_decode, hdf5_encode, hdf5_filter_id, hdf5_values, hdf5_values_of};
    #[pymodule_export]
    use crate::members::members;
    #[pymodule_export]
    use crate::model::Model;
    #[pymodule_export]
    use crate::schema::Schema;
    #[pymodule_export]
    use crate::training::train;
    #[pymodule_export]
    use crate::weights::{compress_weights, decompress_weights, list_weights};
}

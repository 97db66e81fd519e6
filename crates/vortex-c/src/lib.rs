//! The C interface of Vortex. `include/vortex.h` is generated from these files, and the comments of
//! its types and functions are those of the header.
//!
//! | file | concern |
//! |---|---|
//! | `code` | codes and messages of errors |
//! | `call` | what every call does: checks of pointers, panics that become errors |
//! | `buffer`, `callback` | outputs and inputs of the caller |
//! | `fields`, `model` | descriptions of records; trained models |
//! | `compressor`, `writer` | bytes to a file, at once and piece by piece |
//! | `decompressor`, `reader` | the way back |
//! | `file` | records of a file |
//! | `version` | which library it is |
//!
//! # Unsafe code
//! This crate has unsafe code because its callers pass pointers. All of it does what the contract
//! at the top of the header allows: it reads and writes the memory that a caller passed, and frees
//! the objects that it gave to the caller. It stays in the functions of the interface and in `call`, `callback`,
//! `buffer` and `code`. The work is done by vortex-codec, which has none.
#![allow(non_camel_case_types, non_upper_case_globals)] // names as in C
#![allow(clippy::missing_safety_doc)] // the header states one contract for all functions

mod buffer;
mod call;
mod callback;
mod code;
mod compressor;
mod decompressor;
mod fields;
mod file;
mod model;
mod reader;
mod version;
mod writer;

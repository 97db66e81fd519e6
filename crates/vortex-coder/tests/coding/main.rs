//! Records coded symbol by symbol, without files.
//!
//! | file | concern |
//! |---|---|
//! | `adaptive` | the adaptive predictor |
//! | `range_against_constriction` | the range coder against another one |
//! | `real_data` | tables of experiments, where they are at hand |
#![allow(clippy::cast_possible_truncation, clippy::unwrap_used)]

mod adaptive;
mod range_against_constriction;
mod real_data;

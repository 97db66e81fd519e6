//! zipnn

//! The golden file of networks alone: read with all instructions, and written again from its bytes.
#![allow(clippy::unwrap_used)] // helpers of tests

mod golden_files;

use std::sync::Arc;

use golden_files::{Embedded, Golden, all_instructions, alone, lone_member};
use vortex_coder::container::{Reader, ReaderOptions};
use vortex_infer::IntModel;

#[test]
fn the_golden_file_is_read_and_written_again() {
    let Golden { file, bytes } = alone();
    let models = [golden_files::records_network(), golden_files::text_network()];
    let records = 2800;
    for instructions in all_instructions() {
        for group in [None, Some(1), Some(2)] {
            let models = Arc::new(Embedded(instructions));
            let options = ReaderOptions { models, group, ..ReaderOptions::default() };
            let mut out = Vec::new();
            Reader::new(file.as_slice(), options).copy_to(&mut out).unwrap();
            assert_eq!(out, bytes, "{instructions:?}, {group:?}");
        }
        for group in [1, 2, 7] {
            let members = models.iter().zip([&bytes[..records], &bytes[records..]]);
            let again = members.flat_map(|(net, bytes)| {
                let model = Arc::new(IntModel::new(net.clone(), instructions).unwrap());
                lone_member(&model, Some(group), bytes)
            });
            assert!(again.eq(file.iter().copied()), "{instructions:?}, groups of {group}");
        }
    }
}

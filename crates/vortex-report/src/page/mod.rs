//! Pages: one HTML file each, without anything from elsewhere. The charts are SVG, and every chart
//! has its numbers beside it in a table.

mod bars;
mod bench;
mod blocks;
mod contest;
mod curve;
mod escape;
mod evaluation;
mod fields;
mod figures;
mod frontier;
mod inspection;
mod labels;
mod ledger;
mod numbers;
mod plain_table;
mod provenance;
mod scale;
mod scatter;
mod skeleton;
mod training;

pub use bench::bench;
pub use blocks::Blocks;
pub use escape::Text;
pub use evaluation::evaluation;
pub use inspection::{Inspected, inspection};
pub use plain_table::PlainTable;
pub use provenance::Provenance;
pub use training::{Trained, training};

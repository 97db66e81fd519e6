//! What a file is, as text for the terminal and as a part of a page.

mod compressed;
mod fields;
mod network;
mod raw;
mod weights;

pub use compressed::Compressed;
pub use network::Network;
pub use raw::Raw;
pub use weights::Weights;

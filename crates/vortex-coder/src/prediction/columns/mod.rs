//! The columns predictor: quick. The fields of a block are coded one after the other as columns of numbers, each by pcodec or by
//! zstd, whichever makes it smaller. `docs/format.md` specifies it.
//!
//! | file | concern |
//! |---|---|
//! | `model`, `level` | what the container sees; how much time a block may take |
//! | `head`, `varint` | what a block says of each column before its bytes |
//! | `pcodec`, `planes` | numbers to bytes and back: the two codecs |
//! | `contexts`, `dictionary`, `difference` | columns told apart by another, of few values, near another |
//! | `encode`, `decode`, `order` | a block there and back |
//! | `look`, `trial` | which of all that a column gets |

mod contexts;
mod decode;
mod dictionary;
mod difference;
mod encode;
mod head;
mod level;
mod look;
mod model;
mod pcodec;
mod planes;
mod trial;
mod varint;

pub use level::Level;
pub use model::ColumnsModel;

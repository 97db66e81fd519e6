//! `.vxc` files, and the predictors that code blocks in them.
//!
//! | file | concern |
//! |---|---|
//! | `roundtrip` | files of every kind come back |
//! | `golden` | the bytes of the format |
//! | `short` | members of one small block |
//! | `groups` | blocks coded together |
//! | `index_bounds` | what an index may state and what a reader keeps |
//! | `corruption` | damaged files |
//! | `lies` | files that state what is not so, with right checksums; `forgery` makes them |
//! | `columns`, `mixing` | the predictors of the levels |
//! | `support` | records, models and options that these tests share |
#![allow(clippy::cast_possible_truncation, clippy::unwrap_used)]

mod columns;
mod corruption;
mod forgery;
mod golden;
mod groups;
mod index_bounds;
mod lies;
mod mixing;
mod roundtrip;
mod short;
mod support;

//! Downloads from servers that break connections, lie, and send other things than were asked for.
#![allow(clippy::unwrap_used)] // helpers of tests

mod bench;
mod breaks;
mod folder;
mod lies;
mod listing;
mod server;
mod tls;
mod waits;
mod wrong_bytes;

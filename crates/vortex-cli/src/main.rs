//! `vortex`: trains a model on records, compresses with it, and gives back the same bytes.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(vortex_cli::run(std::env::args_os()))
}

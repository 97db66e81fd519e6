//! Does one of the fixed works: `fixed_work "encode level 5"`. A test counts its instructions.

use std::process::ExitCode;

use vortex_benches::work::{NAMES, run};

fn main() -> ExitCode {
    match std::env::args().nth(1) {
        Some(name) if NAMES.contains(&name.as_str()) => {
            println!("{}", run(&name));
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("usage: fixed_work NAME, with a name of {NAMES:?}");
            ExitCode::from(2)
        }
    }
}

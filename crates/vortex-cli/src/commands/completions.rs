//! `vortex completions SHELL`

use std::io::Write;

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::Shell;

use crate::commands::Arguments;
use crate::failure::Failure;
use crate::stdout::stdout;

/// Print shell completions, or the manual page.
#[derive(Debug, Args)]
pub struct Completions {
    /// What to print
    #[arg(value_enum)]
    what: What,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    Bash,
    Zsh,
    Fish,
    Elvish,
    Powershell,
    /// The manual page, in roff
    Man,
}

impl Completions {
    pub fn run(self) -> Result<(), Failure> {
        let mut command = Arguments::command();
        let shell = match self.what {
            What::Bash => Some(Shell::Bash),
            What::Zsh => Some(Shell::Zsh),
            What::Fish => Some(Shell::Fish),
            What::Elvish => Some(Shell::Elvish),
            What::Powershell => Some(Shell::PowerShell),
            What::Man => None,
        };
        // Write into memory first, because the generators panic if a write fails.
        let mut text = Vec::new();
        match shell {
            Some(shell) => clap_complete::generate(shell, &mut command, "vortex", &mut text),
            None => clap_mangen::Man::new(command).render(&mut text)?,
        }
        stdout().write_all(&text)?;
        Ok(())
    }
}

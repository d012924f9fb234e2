//! Parses, runs, and ends with the right code.

use clap::Parser;
use stancewatch::cli::Cli;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours).init();
    match stancewatch::app::run(&cli) {
        Ok(code) => code,
        Err(error) => {
            // Nobody is left to tell where standard error is gone.
            writeln!(std::io::stderr(), "stancewatch: {}", stancewatch::app::sentence(&error)).ok();
            ExitCode::from(1)
        }
    }
}

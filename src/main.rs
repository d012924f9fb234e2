//! Parses, runs, and ends with the right code.

use clap::Parser;
use stancewatch::cli::Cli;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match stancewatch::app::run(&cli) {
        Ok(code) => code,
        Err(error) => {
            // One sentence: the context that was added, then what it was about.
            eprintln!("stancewatch: {error:#}");
            ExitCode::from(1)
        }
    }
}

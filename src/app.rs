//! Wires the parts of the running program and owns its end.

use crate::analyze;
use crate::cli::{AnalyzeArgs, Cli, Command, LiveArgs, ReplayArgs, RunArgs, SimulateArgs, ValidateArgs};
use crate::config::Config;
use crate::demo;
use crate::live::{self, Inputs, Play};
use crate::pipeline::PipelineConfig;
use crate::serve::{self, Hub, SourceKind, SourceLabel};
use crate::source::synthetic::{self, Runner, RunnerConfig};
use crate::source::{self, Recording};
use crate::{host_clock, validate};
use anyhow::{Context, bail};
use std::io::{IsTerminal, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Does what the command line says; the error is one plain sentence.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let config = Config::load(&cli)?;
    match &cli.command {
        None => daemon(&config, &RunArgs::default()),
        Some(Command::Run(args)) => daemon(&config, args),
        Some(Command::Demo(args)) => live_session(&config, args, demo::plays(&config.pipeline)?),
        Some(Command::Replay(args)) => replay(&config, args),
        Some(Command::Analyze(args)) => analyze(&config, args, cli.json),
        Some(Command::Validate(args)) => validate(&config, args, cli.json),
        Some(Command::Simulate(args)) => simulate(args),
    }
}

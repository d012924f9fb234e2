//! The board's command line.

use super::NatsArgs;
use clap::Args;

#[derive(Debug, Clone, Args)]
pub struct CoachArgs {
    /// A daemon to follow, such as http://192.168.1.5:7878, or the link of an invitation; may be given often, and
    /// more can be added on the page. Those of last time are followed again
    #[arg(long = "daemon", value_name = "URL")]
    pub daemons: Vec<String>,
    /// The code of an invitation, for the daemon at the same place in the order
    #[arg(long = "token", value_name = "CODE")]
    pub tokens: Vec<String>,
    /// Port of the board; 0 takes a free one [default: 7879]
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,
    /// Do not open the browser
    #[arg(long)]
    pub no_open: bool,
    /// Let other computers on the network see the board, by invitation
    #[arg(long)]
    pub lan: bool,
    #[command(flatten)]
    pub nats: NatsArgs,
}

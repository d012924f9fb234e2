//! What a session goes out to, beside its page.

use clap::Args;

/// Other programs that take part live; what they hear: `docs/live-out.md`.
#[derive(Debug, Clone, Default, Args)]
pub struct OutArgs {
    /// Send angles, stances and alerts as OSC over UDP, such as to 127.0.0.1:9000
    #[arg(long, value_name = "HOST:PORT")]
    pub osc: Option<String>,
    /// Angles per second over OSC, 1 to 100
    #[arg(long, value_name = "HZ", default_value_t = 50.0, requires = "osc")]
    pub osc_rate: f64,
}

/// A NATS server between daemons and boards: `docs/team.md`. How to sign in is said in the settings file.
#[derive(Debug, Clone, Default, Args)]
pub struct NatsArgs {
    /// Daemons tell boards by way of this server, such as nats://192.168.1.9:4222 or tls://nats.example.org:4222
    #[arg(long, value_name = "URL")]
    pub nats: Option<String>,
    /// Daemons and boards of one name belong together [default: club]
    #[arg(long, value_name = "NAME")]
    pub club: Option<String>,
}

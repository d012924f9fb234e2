//! The board by itself, and what every page has beside its runners.

use super::{Page, bind, note, out, runtime};
use crate::cli::CoachArgs;
use crate::config::Config;
use crate::host_clock;
use crate::serve::{BoardDesk, Gate, Place, Role, Site, lan_address, link};
use crate::team::Spool;
use crate::team::spool::Bounds;
use anyhow::bail;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Beside that of a daemon on the same computer.
const PORT: u16 = 7879;
/// What a daemon's board and a board by itself remember.
const OWN_BOARD: &str = "board.json";
const BOARD: &str = "coach.json";

pub(super) fn run(config: &Config, args: &CoachArgs) -> anyhow::Result<ExitCode> {
    if args.tokens.len() > args.daemons.len() {
        bail!("there are more codes than daemons: give each --token after its --daemon");
    }
    runtime()?.block_on(async {
        let nats = out::nats(config, &args.nats, true)?;
        let listener = bind(args.port.unwrap_or(PORT), args.lan).await?;
        let stop = CancellationToken::new();
        let board = BoardDesk::open(config.data_dir.join(BOARD), stop.clone())?;
        let mut site = Site::new(Vec::new(), stop);
        site.board = Some(board.clone());
        let page = Page::show(listener, &config.data_dir, (args.lan, args.no_open), site)?;
        out::hear(nats, &board, &page.stop);
        for (place, url) in args.daemons.iter().enumerate() {
            if let Err(sentence) = board.add(url, args.tokens.get(place).cloned()).await {
                note(&format!("{url} is not followed: {sentence}"));
            }
        }
        // A board ends when somebody ends it.
        let stop = page.stop.clone();
        let ended = async move {
            stop.cancelled().await;
            Ok(None)
        };
        page.until_over(tokio::spawn(ended), false).await
    })
}

/// What is served for these runners. Without its log or its board a daemon goes on.
pub(super) fn site(data_dir: &Path, runners: Vec<Place>, stop: CancellationToken) -> Site {
    let said = |error: &dyn std::fmt::Display| note(&format!("no coach's board here: {error}"));
    let team = Spool::open(data_dir, Bounds::default()).inspect_err(|error| said(error)).ok();
    let board = BoardDesk::open(data_dir.join(OWN_BOARD), stop.clone()).inspect_err(|error| said(error)).ok();
    let mut site = Site::new(runners, stop);
    site.board = board;
    match team {
        Some(spool) => site.telling(spool),
        None => site,
    }
}

/// Opens the gate to the network: what to open in the browser here, once.
pub(super) fn open_gate(site: &mut Site, data_dir: &Path, port: u16) -> anyhow::Result<String> {
    let gate = Gate::open(data_dir, port)?;
    let invitation = gate.tokens.invite(Role::Coach, host_clock::unix_ms())?;
    let own = link("127.0.0.1", port, &invitation.token);
    match lan_address() {
        Some(address) => note(&format!("on the network at http://{address}:{port}, by invitation")),
        None => note("on no network yet: connect this computer to the Wi-Fi that the phones are on"),
    }
    note(&format!("the coach's own invitation, for ten minutes and once: {own}"));
    site.gate = Some(Arc::new(gate));
    Ok(own)
}

//! The commands that speak with sensors.

mod table;

use super::keep::{self, Plays};
use super::sessions::{self, Lost};
use super::{Page, bind, note, out, print, recording_path, runtime, write_whole};
use crate::cli::{DoctorArgs, RunArgs, ScanArgs, SensorsCommand, Speed};
use crate::config::Config;
use crate::input::Input;
use crate::live::{self, Play};
use crate::serve::{Hub, Kept, SourceKind, SourceLabel};
use crate::source::ble::radio::Radio;
use crate::source::ble::roster::Roster;
use crate::source::ble::{BtleRadio, Central, Command, Refusal, Timing};
use crate::{demo, doctor};
use anyhow::{Context, anyhow, bail};
use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How long a sensor that is asked to show itself may take to be found and connected.
const FIND: Duration = Duration::from_secs(30);
/// How long it shows itself.
const SHOW: Duration = Duration::from_secs(4);

/// One session after the other, as people begin and end them on the page, until the program ends. Without Bluetooth
/// the page says why.
pub(super) fn run(config: &Config, args: &RunArgs) -> anyhow::Result<ExitCode> {
    runtime()?.block_on(async {
        let listener = bind(args.live.port.unwrap_or(config.port), args.live.lan).await?;
        let roster = Roster::open(&config.data_dir)?;
        let record = !args.no_recording;
        // What hinders is said before the page promises anything.
        let kept = keep::begin(config, args.who.first().map(String::as_str), Plays::Sensors);
        let whose = Whose { config: config.clone(), kept, record, of: None };
        whose.play(Box::new(std::iter::empty())).ready()?;
        let outlets = out::outlets(&args.live.out, None)?;
        let nats = out::nats(config, &args.live.nats, true)?;
        let page = Page::open(listener, &config.data_dir, &args.live, whose.kept.clone())?;
        page.hub.send_out(outlets);
        out::tell(nats, &page);
        let (radio, events) = BtleRadio::open();
        let central = Central::new(radio, events, roster, Timing::default());
        central.alone(keep::owner_name(&whose.kept).as_deref());
        page.hub.attach(central.remote());
        let links = Alone { central, kept: whose.kept.clone() };
        let player = tokio::spawn(sessions(links, whose, page.hub.clone(), page.stop.clone()));
        page.until_over(player, args.live.once).await
    })
}

/// Holds the links to the sensors of a session until it ends.
pub(super) trait Links: Send {
    fn hold(
        &mut self,
        inputs: Sender<anyhow::Result<Input>>,
        session: &CancellationToken,
    ) -> impl Future<Output = ()> + Send;
}

/// Of the only runner: the sensors rest between sessions. The next one may be another runner's.
pub(super) struct Alone<R> {
    pub(super) central: Central<R>,
    pub(super) kept: Kept,
}

impl<R: Radio> Links for Alone<R> {
    async fn hold(&mut self, inputs: Sender<anyhow::Result<Input>>, session: &CancellationToken) {
        self.central.alone(keep::owner_name(&self.kept).as_deref());
        self.central.run(inputs, session).await;
    }
}

/// Whose sessions they are, and where they are kept.
pub(super) struct Whose {
    pub(super) config: Config,
    pub(super) kept: Kept,
    pub(super) record: bool,
    /// One of several runners, by the id.
    pub(super) of: Option<String>,
}

/// One session after the other of one runner, until the program ends.
pub(super) async fn sessions(
    mut links: impl Links,
    whose: Whose,
    hub: Hub,
    stop: CancellationToken,
) -> anyhow::Result<Lost> {
    let mut wanted = hub.wanted();
    let mut lost = None;
    loop {
        let wish = tokio::select! {
            () = stop.cancelled() => return Ok(lost),
            wish = wanted.wait_for(|wish| wish.running) => match wish {
                Ok(wish) => *wish,
                Err(_) => return Ok(lost),
            },
        };
        if wish.demo {
            let plays = sessions::ready(demo::plays(&whose.config.pipeline)?)?;
            sessions::play(plays, Speed::default(), &hub, &stop, &mut wanted, wish).await?;
            // It stays on the page until somebody wants something else.
            let over = stop.child_token();
            sessions::unwanted(&mut wanted, wish, &over).await;
            continue;
        }
        let (sender, inputs) = channel();
        let ready = whose.play(Box::new(inputs.into_iter())).ready()?;
        let session = stop.child_token();
        let (player_hub, player_session) = (hub.clone(), session.clone());
        let player = tokio::task::spawn_blocking(move || {
            // Samples are on time by themselves: they are played as they come.
            live::play(ready, Speed::Max, &player_hub, &player_session)
        });
        let played = async {
            let played = player.await;
            session.cancel();
            played
        };
        let unwanted = sessions::unwanted(&mut wanted, wish, &session);
        let ((), (), played) = tokio::join!(links.hold(sender, &session), unwanted, played);
        lost = played.context("the session stopped working")??.recording_lost.or(lost);
    }
}

impl Whose {
    pub(super) fn play(&self, inputs: live::Inputs) -> Play {
        let play = Play {
            label: SourceLabel {
                kind: SourceKind::Sensors,
                title: "Sensors".to_owned(),
                text: "Real sensors, now. Recording begins with their first sample.".to_owned(),
            },
            inputs,
            config: self.config.pipeline.clone(),
            recording: self.record.then(|| recording_path(&self.config, self.of.as_deref())),
            runner: None,
        };
        keep::of_owner(play, &self.kept)
    }
}

pub(super) fn scan(config: &Config, args: &ScanArgs, json: bool) -> anyhow::Result<ExitCode> {
    runtime()?.block_on(async {
        let roster = Roster::open(&config.data_dir)?;
        let (radio, events) = BtleRadio::open();
        let mut central = Central::new(radio, events, roster, Timing::default());
        let overview = central.look_around(Duration::from_secs(args.seconds.into())).await;
        if json {
            print(&format!("{}\n", serde_json::to_string_pretty(&overview)?))?;
        } else if !overview.sensors.is_empty() {
            print(&table::of(&overview))?;
        }
        overview.reason.map_or(Ok(ExitCode::SUCCESS), |reason| bail!(reason))
    })
}

pub(super) fn manage(config: &Config, command: &SensorsCommand, json: bool) -> anyhow::Result<ExitCode> {
    let mut roster = Roster::open(&config.data_dir)?;
    match command {
        SensorsCommand::List => print(&table::of_roster(&roster, json)?)?,
        SensorsCommand::Place { serial, placement, runner } => {
            let runner = runner.clone().or_else(|| roster.place(serial)?.runner.map(str::to_owned));
            if let Some(other) = roster.assign(serial, "", runner.as_deref(), placement.0)? {
                note(&format!("{other} had that place and has none now"));
            }
            print(&table::of_roster(&roster, json)?)?;
        }
        SensorsCommand::Swap { what, runner } => {
            require_sensors_of(&roster, runner.as_deref())?;
            if roster.swap(runner.as_deref(), what.0)?.is_empty() {
                bail!(Refusal::NothingToSwap);
            }
            print(&table::of_roster(&roster, json)?)?;
        }
        SensorsCommand::Identify { name } => return runtime()?.block_on(identify(roster, name)),
    }
    Ok(ExitCode::SUCCESS)
}

/// One who has no sensors is misspelt, or was not named.
fn require_sensors_of(roster: &Roster, runner: Option<&str>) -> anyhow::Result<()> {
    let names: BTreeSet<&str> = roster.worn().filter_map(|worn| worn.runner).collect();
    if names.is_empty() && runner.is_none() || roster.of(runner).next().is_some() {
        return Ok(());
    }
    let known = names.into_iter().collect::<Vec<_>>().join(", ");
    match runner {
        Some(runner) if known.is_empty() => {
            bail!(
                "no sensor is remembered for {runner}: give places with `sensors place SERIAL PLACE --runner {runner}`"
            )
        }
        Some(runner) => bail!("no sensor is remembered for {runner}: give --runner one of {known}"),
        None => bail!("sensors are remembered for {known}: say whose with --runner"),
    }
}

/// Connects to what is in reach until the one that is meant has shown itself.
async fn identify(roster: Roster, name: &str) -> anyhow::Result<ExitCode> {
    let (radio, events) = BtleRadio::open();
    let mut central = Central::new(radio, events, roster, Timing::default());
    let remote = central.remote();
    let stop = CancellationToken::new();
    let (sender, inputs) = channel();
    // Nobody looks at the samples.
    drop(inputs);
    let asking = async {
        let asked = timeout(FIND, async {
            loop {
                match remote.command(name, Command::Identify) {
                    // It may come yet.
                    Err(Refusal::Unknown(_) | Refusal::NotConnected(_)) => {
                        if let Some(reason) = remote.overview().reason.filter(|_| remote.is_down()) {
                            return Err(anyhow!(reason));
                        }
                        sleep(Duration::from_millis(250)).await;
                    }
                    done => return done.map_err(anyhow::Error::from),
                }
            }
        })
        .await;
        if matches!(asked, Ok(Ok(()))) {
            note(&format!("{name} shows itself now"));
            sleep(SHOW).await;
        }
        stop.cancel();
        asked
    };
    let ((), asked) = tokio::join!(central.run(sender, &stop), asking);
    match asked {
        Ok(asked) => asked.map(|()| ExitCode::SUCCESS),
        Err(_) => bail!(
            "{name} was not found in {} s: switch it on or wake it, bring it near, and see what `stancewatch scan` lists",
            FIND.as_secs()
        ),
    }
}

pub(super) fn doctor(config: &Config, args: &DoctorArgs, json: bool) -> anyhow::Result<ExitCode> {
    let report = runtime()?.block_on(doctor::examine(config));
    if json {
        print(&format!("{}\n", serde_json::to_string_pretty(&report.checks)?))?;
    } else {
        print(&report.to_string())?;
    }
    if let Some(path) = &args.bundle {
        let bundle = serde_json::to_string_pretty(&doctor::bundle(config, &report))?;
        write_whole(path, &format!("{bundle}\n"))
            .with_context(|| format!("cannot write {}; choose another file with --bundle", path.display()))?;
    }
    report.failure().map_or(Ok(ExitCode::SUCCESS), |failure| bail!(failure))
}

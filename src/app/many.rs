//! Several runners on one daemon, each with a pipeline, a page and sessions of their own.

use super::keep::{self, Plays};
use super::{Page, bind, coach, note, out, recording_path, runner_config, runtime};
use crate::body::{Placement, Side};
use crate::cli::RunArgs;
use crate::config::Config;
use crate::desk::Desk;
use crate::live::{self, Play};
use crate::serve::{Hub, Kept, Place, SourceKind, SourceLabel};
use crate::source::synthetic::{Disturbance, Episode, EpisodeKind, Runner, RunnerConfig};
use crate::team::Who;
use anyhow::{Context, bail};
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

/// More than this on one computer is a mistake.
const MOST: u32 = 60;
/// Beyond these a runner has a number.
const NAMES: [&str; 12] = [
    "Heron", "Otter", "Swift", "Marten", "Plover", "Hare", "Falcon", "Lynx", "Curlew", "Stoat", "Wren", "Roe",
];

/// Synthetic runners, no two alike, some of them with faults.
pub(super) fn synthetic(config: &Config, args: &RunArgs, runners: u32) -> anyhow::Result<ExitCode> {
    if !(1..=MOST).contains(&runners) {
        bail!("{runners} runners are too many or none: give --runners 1 to {MOST}");
    }
    let base = runner_config(&args.runner)?;
    runtime()?.block_on(async {
        let listener = bind(args.live.port.unwrap_or(config.port), args.live.lan).await?;
        let kept = keep::begin(config, None, Plays::Synthetic);
        if let Kept::Nowhere(why) = &kept {
            note(why);
        }
        let places = (0..runners)
            .map(|i| synthetic_place(config, who(i), &kept))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let plays = places.iter().zip(0..).map(|(place, i)| {
            let play = play(config, args, &base, &place.who, i)?;
            anyhow::Ok(keep::of_owner(play, place.hub.kept().unwrap_or(&kept)))
        });
        let plays = plays.collect::<anyhow::Result<Vec<_>>>()?;
        for place in &places {
            place.hub.send_out(out::outlets(&args.live.out, Some(&place.who.id))?);
        }
        let nats = out::nats(config, &args.live.nats, true)?;
        let ready = plays.into_iter().map(Play::ready).collect::<anyhow::Result<Vec<_>>>()?;
        let stop = CancellationToken::new();
        let site = coach::site(&config.data_dir, places.clone(), stop.clone());
        let page = Page::show(listener, &config.data_dir, (args.live.lan, args.live.no_open), site)?;
        out::tell(nats, &page);
        let speed = args.live.speed;
        let players: Vec<_> = ready
            .into_iter()
            .zip(places)
            .map(|(ready, place)| {
                let stop = stop.clone();
                spawn_blocking(move || live::play(ready, speed, &place.hub, &stop))
            })
            .collect();
        let all = tokio::spawn(async move {
            let mut lost = None;
            for player in players {
                lost = player.await.context("a session stopped working")??.recording_lost.or(lost);
            }
            Ok(lost)
        });
        page.until_over(all, args.live.once).await
    })
}

fn who(i: u32) -> Who {
    let name = NAMES.get(i as usize).map_or_else(|| format!("Runner {}", i + 1), ToString::to_string);
    Who { id: id(&name), name }
}

/// For the address of a page and the name of a file.
pub(super) fn id(name: &str) -> String {
    let id = name.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    if id.is_empty() { "-".to_owned() } else { id }
}

/// With a history of their own.
fn synthetic_place(config: &Config, who: Who, kept: &Kept) -> anyhow::Result<Place> {
    let kept = keep::synthetic(kept, &who.name)?;
    place(config, who, &kept)
}

/// The page and the desk of one of several runners.
pub(super) fn place(config: &Config, who: Who, kept: &Kept) -> anyhow::Result<Place> {
    let hub = Hub::with_desk(Desk::open(&folder(config, &who.id))?);
    hub.keep(kept.clone());
    Ok(Place { who, hub })
}

/// What one of several runners wants of cues and programme is kept here.
fn folder(config: &Config, id: &str) -> PathBuf {
    config.data_dir.join("runners").join(id)
}

fn play(config: &Config, args: &RunArgs, base: &RunnerConfig, who: &Who, i: u32) -> anyhow::Result<Play> {
    let recording = (!args.no_recording).then(|| recording_path(config, Some(&who.id)));
    Ok(Play {
        label: SourceLabel {
            kind: SourceKind::Synthetic,
            title: format!("{}, synthetic runner", who.name),
            text: "Not a person: simulated sensors on a runner made from published running kinematics."
                .to_owned(),
        },
        inputs: Box::new(Runner::new(&with_faults(base, i))?.map(Ok)),
        config: config.pipeline.clone(),
        recording,
        runner: None,
    })
}

/// Every fourth runner has none; the others fall in, turn in, or lose a sensor for a while.
fn with_faults(base: &RunnerConfig, i: u32) -> RunnerConfig {
    let mut config = RunnerConfig { seed: base.seed + u64::from(i), individuality: 0.5, ..base.clone() };
    let side = if i % 8 < 4 { Side::Right } else { Side::Left };
    let start_s = 75.0 + f64::from(i % 5) * 4.0;
    let episode = |kind, degrees| Episode { side, kind, degrees, start_s, duration_s: 90.0, ramp_s: 2.0 };
    match i % 4 {
        1 => config.episodes.push(episode(EpisodeKind::Adduction, 7.0)),
        2 => config.episodes.push(episode(EpisodeKind::Rotation, 10.0)),
        3 => config.disturbances.push(Disturbance::SensorLost {
            placement: Placement::thigh(side),
            after_s: start_s,
            duration_s: 60.0,
        }),
        _ => {}
    }
    config
}

//! Several runners on one daemon over one radio: each sensor speaks into the session of whoever wears it.

use super::keep::{self, Plays};
use super::many::{self, id};
use super::sensors::{Links, Whose, sessions};
use super::{Page, bind, coach, note, out, runtime};
use crate::cli::RunArgs;
use crate::config::Config;
use crate::input::Input;
use crate::serve::{Kept, Place};
use crate::source::ble::radio::Radio;
use crate::source::ble::roster::Roster;
use crate::source::ble::{BtleRadio, Central, Remote, Timing};
use crate::team::Who;
use anyhow::{Context, bail};
use std::process::ExitCode;
use std::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

#[cfg(test)]
mod tests;

pub(super) fn run(config: &Config, args: &RunArgs) -> anyhow::Result<ExitCode> {
    let crew = crew(&args.who)?;
    runtime()?.block_on(async {
        let listener = bind(args.live.port.unwrap_or(config.port), args.live.lan).await?;
        let roster = Roster::open(&config.data_dir)?;
        let runners = runners(config, crew, !args.no_recording)?;
        let nats = out::nats(config, &args.live.nats, true)?;
        for (place, _) in &runners {
            place.hub.send_out(out::outlets(&args.live.out, Some(&place.who.id))?);
        }
        let places = runners.iter().map(|(place, _)| place.clone()).collect();
        let site = coach::site(&config.data_dir, places, CancellationToken::new());
        let page = Page::show(listener, &config.data_dir, (args.live.lan, args.live.no_open), site)?;
        out::tell(nats, &page);
        let (radio, events) = BtleRadio::open();
        let central = Central::new(radio, events, roster, Timing::default());
        let player = tokio::spawn(play(central, runners, page.stop.clone()));
        page.until_over(player, args.live.once).await
    })
}

/// Two of the same address would share a page.
fn crew(names: &[String]) -> anyhow::Result<Vec<Who>> {
    let mut crew: Vec<Who> = Vec::with_capacity(names.len());
    for name in names {
        let one = Who { id: id(name), name: name.clone() };
        if let Some(other) = crew.iter().find(|other| other.id == one.id) {
            bail!(
                "{} and {name} would both have the page /r/{}/: give each runner a name of their own",
                other.name,
                one.id
            );
        }
        crew.push(one);
    }
    Ok(crew)
}

/// Page, desk and history of each. What hinders is said before the page promises anything.
fn runners(config: &Config, crew: Vec<Who>, record: bool) -> anyhow::Result<Vec<(Place, Whose)>> {
    let first = crew.first().map(|who| who.name.as_str());
    let kept = keep::begin(config, first, Plays::Sensors);
    if let Kept::Nowhere(why) = &kept {
        note(why);
    }
    let mut runners = Vec::with_capacity(crew.len());
    for who in crew {
        let kept = keep::of_runner(&kept, &who.name)?;
        let of = Some(who.id.clone());
        let whose = Whose { config: config.clone(), kept: kept.clone(), record, of };
        whose.play(Box::new(std::iter::empty())).ready()?;
        runners.push((many::place(config, who, &kept)?, whose));
    }
    Ok(runners)
}

/// The sessions of all, as each begins and ends them, over one radio.
async fn play<R: Radio>(
    mut central: Central<R>,
    runners: Vec<(Place, Whose)>,
    stop: CancellationToken,
) -> anyhow::Result<Option<anyhow::Error>> {
    let names: Vec<_> = runners.iter().map(|(place, _)| place.who.name.clone()).collect();
    let mut all = Vec::with_capacity(runners.len());
    for ((place, whose), remote) in runners.into_iter().zip(central.crew(&names)) {
        place.hub.attach(remote.clone());
        let (name, stop) = (place.who.name.clone(), stop.clone());
        all.push(tokio::spawn(async move {
            let ended = sessions(Shared(remote), whose, place.hub, stop).await;
            // The others go on, so it is said now.
            ended.inspect_err(|error| note(&format!("the session of {name} has ended: {error:#}")))
        }));
    }
    let ended = async {
        let mut lost = None;
        for player in all {
            lost = player.await.context("a session stopped working")??.or(lost);
        }
        anyhow::Ok(lost)
    };
    let ((), ended) = tokio::join!(central.hold(&stop), ended);
    ended
}

/// One runner's part of the links that the crew shares.
struct Shared(Remote);

impl Links for Shared {
    async fn hold(&mut self, inputs: Sender<anyhow::Result<Input>>, session: &CancellationToken) {
        let _begun = self.0.begin(inputs);
        session.cancelled().await;
    }
}

//! The commands about what is kept.

mod table;

use super::{note, print, write_whole};
use crate::cli::{ReportArgs, RunnersArgs, RunnersCommand, SessionsArgs, SessionsCommand};
use crate::config::Config;
use crate::export::{copy, report};
use crate::review;
use crate::store::{Runner, RunnerChange, Session, SessionChange, Sex, Store, StoreError, UNDO_DAYS};
use anyhow::{Context, bail};
use serde::Serialize;
use std::process::ExitCode;

pub(super) fn sessions(config: &Config, args: &SessionsArgs, json: bool) -> anyhow::Result<ExitCode> {
    let store = Store::open(&config.data_dir)?;
    let list = SessionsCommand::List { runner: None, deleted: false };
    match args.command.as_ref().unwrap_or(&list) {
        SessionsCommand::List { deleted: true, .. } => show_sessions(&store.deleted_sessions()?, json)?,
        SessionsCommand::List { runner, .. } => {
            let runner = runner.as_deref().map(|who| store.runner(who)).transpose()?;
            let sessions = store.sessions(runner.map(|r| r.id))?;
            show_sessions(&sessions, json)?;
            if sessions.is_empty() {
                note("nothing is kept yet; a session is, as soon as `stancewatch run` gets samples");
            }
        }
        SessionsCommand::Show { id } => {
            let review = review::of(&store, &store.session(id)?.id)?;
            show(&review, json, table::review)?;
        }
        SessionsCommand::Tag { id, pain, shoes, surface, note, runner } => {
            let change = SessionChange {
                pain: pain.map(Some),
                shoes: shoes.clone().map(filled),
                surface: surface.clone().map(filled),
                notes: note.clone().map(filled),
                runner: runner.as_deref().map(|who| store.runner(who)).transpose()?.map(|r| r.id),
                crop: None,
            };
            changed(&store, id, json, |id| store.change_session(id, change, None))?;
        }
        SessionsCommand::Crop { id, from, to } => {
            let change = SessionChange { crop: Some(from.zip(*to)), ..SessionChange::default() };
            changed(&store, id, json, |id| store.change_session(id, change, None))?;
        }
        SessionsCommand::Split { id, at } => changed(&store, id, json, |id| store.split(id, *at, None))?,
        SessionsCommand::Exclude { id, side, stances, undo } => changed(&store, id, json, |id| {
            let mut last = store.session(id)?;
            for &stance in stances {
                last = store.exclude(id, side.0.name(), stance, !undo, None)?;
            }
            Ok(last)
        })?,
        SessionsCommand::Delete { id, now: true } => {
            let id = store.session(id)?.id;
            store.erase_session(&id)?;
            note(&format!("session {id} and its recording are gone"));
        }
        SessionsCommand::Delete { id, now: false } => {
            let id = store.session(id)?.id;
            store.delete_session(&id, None)?;
            note(&format!(
                "session {id} is deleted; for {UNDO_DAYS} days `stancewatch sessions restore {id}` brings it back"
            ));
        }
        SessionsCommand::Restore { id } => changed(&store, id, json, |id| store.restore_session(id))?,
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn runners(config: &Config, args: &RunnersArgs, json: bool) -> anyhow::Result<ExitCode> {
    let store = Store::open(&config.data_dir)?;
    let list = RunnersCommand::List { deleted: false };
    match args.command.as_ref().unwrap_or(&list) {
        RunnersCommand::List { deleted } => show_runners(&store.runners(*deleted)?, json)?,
        RunnersCommand::Add { name } => show_runners(&[store.add_runner(name.clone())?], json)?,
        RunnersCommand::Use { name } => {
            let runner = store.runner(name)?;
            show_runners(&[store.current_runner(Some(runner.shown()))?], json)?;
        }
        RunnersCommand::Rename { name, new } => {
            let change = RunnerChange { name: Some(filled(new.clone())), ..RunnerChange::default() };
            show_runners(&[store.change_runner(store.runner(name)?.id, change, None)?], json)?;
        }
        RunnersCommand::Set { name, sex, leg_length, consent, retention } => {
            let change = RunnerChange {
                sex: sex.as_deref().map(sex_of).transpose()?,
                leg_length_m: leg_length.map(Some),
                consent: consent.clone().map(filled),
                retention_days: retention.map(Some),
                ..RunnerChange::default()
            };
            show_runners(&[store.change_runner(store.runner(name)?.id, change, None)?], json)?;
        }
        RunnersCommand::Show { name } => {
            let trends = store.trends(store.runner(name)?.id)?;
            show(&trends, json, |trends| table::trends(trends))?;
        }
        RunnersCommand::Delete { name: Some(name), now, .. } => {
            let runner = store.runner(name)?;
            if *now {
                store.erase_runner(runner.id)?;
                note(&format!("{} and all sessions are gone", runner.shown()));
            } else {
                store.delete_runner(runner.id)?;
                note(&format!(
                    "{} is deleted; for {UNDO_DAYS} days `stancewatch runners restore {}` brings everything back",
                    runner.shown(),
                    runner.id
                ));
            }
        }
        RunnersCommand::Delete { .. } => {
            store.erase_everything()?;
            note("every runner, session and recording is gone");
        }
        RunnersCommand::Restore { name } => {
            let runner = store.runner(name)?;
            store.restore_runner(runner.id)?;
            show_runners(&[store.runner_by_id(runner.id)?], json)?;
        }
        RunnersCommand::Export { name, out } => {
            let files = copy::everything_of(&store, &store.runner(name)?, out)?;
            print(&format!("{}: {files} files\n", out.display()))?;
        }
        RunnersCommand::Retention { days } => {
            if let Some(days) = days {
                store.set_retention_days(*days)?;
            }
            print(&match store.retention_days()? {
                0 => "sessions are kept until someone deletes them\n".to_owned(),
                days => format!("sessions are deleted after {days} days, when stancewatch next starts\n"),
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn report(config: &Config, args: &ReportArgs) -> anyhow::Result<ExitCode> {
    let store = Store::open(&config.data_dir)?;
    let id = store.session(&args.session)?.id;
    let Some(words) = report::Words::of(&args.language) else {
        bail!("there is no report in `{}`: choose one of {}", args.language, report::LANGUAGES.join(", "));
    };
    let review = review::of(&store, &id)?;
    let tests = store.screenings(review.session.runner)?;
    let page = report::page(&review, &store.stances(&id)?, &tests, &words);
    write_whole(&args.out, &page)
        .with_context(|| format!("cannot write {}; choose another file with --out", args.out.display()))?;
    print(&format!("{}\n", args.out.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// An empty text takes a value away.
fn filled(text: String) -> Option<String> {
    Some(text).filter(|text| !text.trim().is_empty())
}

fn sex_of(word: &str) -> anyhow::Result<Option<Sex>> {
    match word {
        "" => Ok(None),
        "female" => Ok(Some(Sex::Female)),
        "male" => Ok(Some(Sex::Male)),
        _ => bail!("`{word}` is not kept: give female or male, or nothing"),
    }
}

fn changed(
    store: &Store,
    id: &str,
    json: bool,
    change: impl FnOnce(&str) -> Result<Session, StoreError>,
) -> anyhow::Result<()> {
    let session = change(&store.session(id)?.id)?;
    show_sessions(&[session], json)
}

fn show_sessions(sessions: &[Session], json: bool) -> anyhow::Result<()> {
    show(sessions, json, table::sessions)
}

fn show_runners(runners: &[Runner], json: bool) -> anyhow::Result<()> {
    show(runners, json, table::runners)
}

fn show<T: Serialize + ?Sized>(what: &T, json: bool, text: impl FnOnce(&T) -> String) -> anyhow::Result<()> {
    if json { print(&format!("{}\n", serde_json::to_string_pretty(what)?)) } else { print(&text(what)) }
}

//! Wires the parts of the running program and owns its end.

mod coach;
mod crew;
mod exchange;
mod history;
mod keep;
mod many;
mod out;
mod sensors;
mod sessions;

use crate::cli::{
    AnalyzeArgs, Cli, Command, LiveArgs, ReplayArgs, RunArgs, RunnerArgs, ScoreArgs, SimulateArgs, TryArgs,
    ValidateArgs,
};
use crate::config::{Config, TomlProblem};
use crate::desk::Desk;
use crate::export::output::Output;
use crate::live::{self, Play};
use crate::pipeline::PipelineConfig;
use crate::serve::{self, Hub, Kept, Place, Site, SourceKind, SourceLabel, Wanted};
use crate::source::synthetic::{Runner, RunnerConfig};
use crate::source::{self, Recording};
use crate::store::{self, Store};
use crate::validate::{self, Baseline};
use crate::{analyze, demo, retry, score};
use anyhow::{Context, anyhow, bail};
use keep::Plays;
use sessions::Sessions;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Does what the command line says; an error is one plain sentence.
pub fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    let config = Config::load(cli)?;
    match &cli.command {
        None => daemon(&config, &RunArgs::default()),
        Some(Command::Run(args)) => daemon(&config, args),
        Some(Command::Coach(args)) => coach::run(&config, args),
        Some(Command::Scan(args)) => sensors::scan(&config, args, cli.json),
        Some(Command::Sensors(command)) => sensors::manage(&config, command, cli.json),
        Some(Command::Doctor(args)) => sensors::doctor(&config, args, cli.json),
        Some(Command::Demo(args)) => {
            let pipeline = config.pipeline.clone();
            session(&config, args, (Plays::Others, None), move |_, _| demo::plays(&pipeline))
        }
        Some(Command::Replay(args)) => replay(&config, args),
        Some(Command::Analyze(args)) => analyze(&config, args, cli.json),
        Some(Command::Import(args)) => exchange::import(&config, args),
        Some(Command::Export(args)) => exchange::export(&config, args),
        Some(Command::Validate(args)) => validate(&config, args, cli.json),
        Some(Command::Sessions(args)) => history::sessions(&config, args, cli.json),
        Some(Command::Runners(args)) => history::runners(&config, args, cli.json),
        Some(Command::Report(args)) => history::report(&config, args),
        Some(Command::Simulate(args)) => simulate(args),
        Some(Command::Try(args)) => retry(&config, args, cli),
        Some(Command::Score(args)) => score(&config, args, cli.json),
    }
}

/// An error as one plain sentence on one line: the context that was added, then what it was about, each
/// once (most of our messages carry their cause already).
#[must_use]
pub fn sentence(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(|cause| on_one_line(&cause.to_string())) {
        if said.is_empty() {
            said = cause;
        } else if !said.contains(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A result for whoever reads standard output; one who has seen enough (`| head`) is no failure.
fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed.context("cannot write to standard output; free some space where it goes"),
    }
}

/// Something to know while the program runs. It goes on when the terminal is gone.
fn note(text: &str) {
    writeln!(io::stderr(), "{text}").ok();
}

/// The file appears when it is complete.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut output = Output::create(path)?;
    output.write_all(text.as_bytes())?;
    output.commit()
}

/// Real sensors, unless the synthetic runner is asked for or described.
fn daemon(config: &Config, args: &RunArgs) -> anyhow::Result<ExitCode> {
    let is_synthetic = args.synthetic || args.runner.is_given();
    if let Some(runners) = args.runners {
        many::synthetic(config, args, runners)
    } else if is_synthetic && args.who.len() > 1 {
        bail!(
            "--runner is given more than once, and that is for sensors: give --runners N for synthetic runners"
        );
    } else if is_synthetic {
        synthetic(config, args)
    } else if args.who.len() > 1 {
        crew::run(config, args)
    } else {
        sensors::run(config, args)
    }
}

fn synthetic(config: &Config, args: &RunArgs) -> anyhow::Result<ExitCode> {
    let runner = runner_config(&args.runner)?;
    let (own, record) = (config.clone(), !args.no_recording);
    session(
        config,
        &args.live,
        (Plays::Synthetic, args.who.first().map(String::as_str)),
        move |kept, wanted| {
            if wanted.demo {
                return demo::plays(&own.pipeline);
            }
            let play = Play {
                label: SourceLabel {
                    kind: SourceKind::Synthetic,
                    title: "Synthetic runner".to_owned(),
                    text:
                        "Not a person: simulated sensors on a runner made from published running kinematics."
                            .to_owned(),
                },
                inputs: Box::new(Runner::new(&runner)?.map(Ok)),
                config: own.pipeline.clone(),
                recording: record.then(|| recording_path(&own, None)),
                runner: None,
            };
            Ok(vec![keep::of_owner(play, kept)])
        },
    )
}

/// A file that is not there yet: two sessions may begin within a second. `of` is one of several runners.
fn recording_path(config: &Config, of: Option<&str>) -> PathBuf {
    let (folder, name) = (config.data_dir.join(store::RECORDINGS), live::session_name());
    let of = of.map_or_else(String::new, |of| format!("_{of}"));
    let file = |n: u32| {
        folder.join(if n == 1 { format!("{name}{of}.mcap") } else { format!("{name}-{n}{of}.mcap") })
    };
    (1..=u32::MAX).map(file).find(|path| !path.exists()).unwrap_or_else(|| file(1))
}

fn replay(config: &Config, args: &ReplayArgs) -> anyhow::Result<ExitCode> {
    let recording = one_recording(&located(config, &args.source)?)?;
    if let Some(warning) = recording.warning() {
        note(&warning);
    }
    let settings = settings_of(&recording, &config.pipeline)?;
    session(config, &args.live, (Plays::Others, None), move |_, _| {
        let inputs = recording.inputs()?.map(|input| input.map_err(anyhow::Error::from));
        Ok(vec![Play {
            label: SourceLabel {
                kind: SourceKind::Real,
                title: format!("Recording {}", recording.name),
                text: "A recording, played through the live pipeline.".to_owned(),
            },
            inputs: Box::new(inputs),
            config: settings.clone(),
            recording: None,
            runner: None,
        }])
    })
}

/// Where a SOURCE lies: a path as it is, a session's id as the path of its recording.
fn located(config: &Config, source: &Path) -> anyhow::Result<PathBuf> {
    let id = source.to_str().filter(|id| !source.exists() && !id.contains(['/', '\\']));
    let (Some(id), true) = (id, config.data_dir.join(store::FILE).exists()) else {
        return Ok(source.to_owned());
    };
    let found = Store::open(&config.data_dir)?.session(id);
    let session = found.with_context(|| format!("{} is neither a path nor a session", source.display()))?;
    session
        .recording_path(&config.data_dir)
        .ok_or_else(|| anyhow!("session {} was not recorded; give another", session.id))
}

fn one_recording(path: &Path) -> anyhow::Result<Recording> {
    let mut found = source::find(path)?;
    let names: Vec<_> = found.iter().map(|recording| recording.name.clone()).collect();
    match (found.pop(), names.len()) {
        (Some(recording), 1) => Ok(recording),
        _ => bail!(
            "{} holds {} recordings ({}); give the path of one of their *_motion.tsv files",
            path.display(),
            names.len(),
            names.join(", ")
        ),
    }
}

/// A recording is replayed with the settings that it was made with, so that its verdicts are the same.
fn settings_of(recording: &Recording, config: &PipelineConfig) -> anyhow::Result<PipelineConfig> {
    settings_from(recording.settings(), recording.path(), config)
}

fn settings_from(said: Option<&str>, path: &Path, config: &PipelineConfig) -> anyhow::Result<PipelineConfig> {
    match said {
        Some(text) => serde_json::from_str(text).with_context(|| {
            format!("the settings in {} are not of this version; update stancewatch", path.display())
        }),
        None => Ok(config.clone()),
    }
}

/// Serves the page and plays one source after the other; what they are and of whom says where they are kept.
fn session(
    config: &Config,
    args: &LiveArgs,
    (kind, who): (Plays, Option<&str>),
    plays: impl Fn(&Kept, Wanted) -> anyhow::Result<Vec<Play>> + Send + 'static,
) -> anyhow::Result<ExitCode> {
    runtime()?.block_on(async {
        let listener = bind(args.port.unwrap_or(config.port), args.lan).await?;
        let kept = keep::begin(config, who, kind);
        let make = {
            let kept = kept.clone();
            move |wanted| plays(&kept, wanted)
        };
        // What hinders is said before the page promises anything.
        let first = sessions::ready(make(Wanted::default())?)?;
        let outlets = out::outlets(&args.out, None)?;
        let nats = out::nats(config, &args.nats, kind != Plays::Others)?;
        let page = Page::open(listener, &config.data_dir, args, kept)?;
        page.hub.send_out(outlets);
        out::tell(nats, &page);
        let sessions = Sessions { make, speed: args.speed, once: args.once };
        let player = tokio::spawn(sessions.run(first, page.hub.clone(), page.stop.clone()));
        page.until_over(player, args.once).await
    })
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Runtime::new().context("cannot start the network threads; close other programs")
}

/// What a session leaves: an error that stopped its recording, if any did.
type Player = tokio::task::JoinHandle<anyhow::Result<sessions::Lost>>;

/// The page, as long as the program runs.
struct Page {
    /// Of the runner whose page is at `/`, if there is one.
    hub: Hub,
    /// What is served, and what boards are told.
    site: Site,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<io::Result<()>>,
}

impl Page {
    fn open(listener: TcpListener, data_dir: &Path, args: &LiveArgs, kept: Kept) -> anyhow::Result<Self> {
        let hub = Hub::with_desk(Desk::open(data_dir)?);
        if let Kept::Nowhere(why) = &kept {
            note(why);
        }
        hub.keep(kept);
        let site = coach::site(data_dir, vec![Place::alone(hub)], CancellationToken::new());
        Self::show(listener, data_dir, (args.lan, args.no_open), site)
    }

    fn show(
        listener: TcpListener,
        data_dir: &Path,
        (lan, no_open): (bool, bool),
        mut site: Site,
    ) -> anyhow::Result<Self> {
        let port = listener.local_addr().context("the page has no address")?.port();
        let mut address = format!("http://127.0.0.1:{port}");
        note(&format!("listening on {address}"));
        if lan {
            address = coach::open_gate(&mut site, data_dir, port)?;
        }
        let hub = site.runners.first().map_or_else(Hub::new, |place| place.hub.clone());
        let stop = site.shutdown.clone();
        let task = tokio::spawn(serve::serve(listener, site.clone()));
        if !no_open {
            open_browser(&address);
        }
        Ok(Self { hub, site, stop, task })
    }

    /// Until the player ends (with `once`) or someone ends the program.
    async fn until_over(self, mut player: Player, once: bool) -> anyhow::Result<ExitCode> {
        let mut played = None;
        tokio::select! {
            result = &mut player => played = Some(result),
            () = interrupted() => self.stop.cancel(),
        }
        let played = match played {
            // The source has ended: its results stay on the page until someone ends the program.
            Some(result) if matches!(result, Ok(Ok(_))) && !once && !self.stop.is_cancelled() => {
                interrupted().await;
                result
            }
            Some(result) => result,
            None => player.await,
        };
        self.stop.cancel();
        self.task.await.context("the page stopped working")?.context("the page could not be served")?;
        played.context("the session stopped working")??.map_or(Ok(ExitCode::SUCCESS), Err)
    }
}

async fn bind(port: u16, lan: bool) -> anyhow::Result<TcpListener> {
    let address = SocketAddr::from((if lan { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST }, port));
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; stop the program that uses port {port}, or choose another with --port")
    })
}

fn open_browser(address: &str) {
    let display = !cfg!(target_os = "linux")
        || std::env::var_os("DISPLAY").is_some()
        || std::env::var_os("WAYLAND_DISPLAY").is_some();
    if !display {
        note(&format!("no display here: open {address} in a browser"));
    } else if let Err(error) = open::that_detached(address) {
        note(&format!("no browser could be started ({error}): open {address} yourself"));
    }
}

/// Ctrl-C, or a polite request of the system to end.
async fn interrupted() {
    let ctrl_c = async {
        // Without a handler there is nothing to wait for: run until killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    () = ctrl_c => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(_) => ctrl_c.await,
        }
    }
    #[cfg(not(unix))]
    ctrl_c.await;
}

fn runner_config(args: &RunnerArgs) -> anyhow::Result<RunnerConfig> {
    let mut config = match &args.runner_config {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}; give another file", path.display()))?;
            toml::from_str(&text).map_err(|error| {
                let problem = TomlProblem::new(&text, &error);
                anyhow!("{}, {problem}; correct it there, or give another file", path.display())
            })?
        }
        None => RunnerConfig::default(),
    };
    config.seed = args.seed.unwrap_or(config.seed);
    config.running_s = args.minutes.map_or(config.running_s, |minutes| minutes * 60.0);
    config.speed_mps = args.pace_mps.unwrap_or(config.speed_mps);
    config.rate_hz = args.rate_hz.unwrap_or(config.rate_hz);
    config.radio.loss = args.loss_percent.map_or(config.radio.loss, |percent| percent / 100.0);
    config.pelvis_sensor &= !args.no_pelvis;
    Ok(config)
}

fn simulate(args: &SimulateArgs) -> anyhow::Result<ExitCode> {
    let config = runner_config(&args.runner)?;
    crate::simulate::write_dataset(&config, &args.out)?;
    print(&format!("{}\n", args.out.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn analyze(config: &Config, args: &AnalyzeArgs, json: bool) -> anyhow::Result<ExitCode> {
    let sources = args.sources.iter().map(|source| located(config, source));
    let sources = sources.collect::<anyhow::Result<Vec<_>>>()?;
    let found = sources.iter().flat_map(|source| analyze::Found::all_at(source)).collect();
    let options =
        analyze::Options { again: args.again, ..analyze::Options::new(config.pipeline.clone(), args.jobs) };
    let report = analyze::run(found, &args.out, &options);
    if json {
        print(&format!("{}\n", serde_json::to_string_pretty(&report.table())?))?;
    } else {
        print(&report.to_string())?;
    }
    report.failure().map_or(Ok(ExitCode::SUCCESS), |failure| bail!(failure))
}

/// The settings of the recording against those of the settings file, or against its own with `--set` put in.
fn retry(config: &Config, args: &TryArgs, cli: &Cli) -> anyhow::Result<ExitCode> {
    if cli.config.is_none() && args.set.is_empty() {
        bail!(
            "nothing is changed; give limits with --set, such as femur_adduction.amber_deg=3, or a file with --config"
        );
    }
    let recording = one_recording(&args.source)?;
    // What a recording does not say of itself was judged with the defaults.
    let recorded = settings_of(&recording, &PipelineConfig::default())?;
    let flags = if cli.config.is_some() { &config.pipeline.flags } else { &recorded.flags };
    let flags = retry::with_settings(flags, &args.set)?;
    let retried = retry::run(&recording, &recorded, &PipelineConfig { flags, ..recorded.clone() })?;
    if cli.json {
        print(&format!("{}\n", serde_json::to_string_pretty(&retried)?))?;
    } else {
        print(&retried.text())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn score(config: &Config, args: &ScoreArgs, json: bool) -> anyhow::Result<ExitCode> {
    let jobs = args.jobs.or_else(|| std::thread::available_parallelism().ok());
    let options = score::Options { runs: args.runs, jobs: jobs.unwrap_or(std::num::NonZeroUsize::MIN) };
    let score = score::run(&options, &config.pipeline)?;
    if json {
        print(&format!("{}\n", serde_json::to_string_pretty(&score)?))?;
    } else {
        print(&score.text())?;
    }
    match score.missed.len() {
        0 => Ok(ExitCode::SUCCESS),
        n => bail!("{n} of the product's targets are missed: {}", score.missed.join("; ")),
    }
}

fn validate(config: &Config, args: &ValidateArgs, json: bool) -> anyhow::Result<ExitCode> {
    let options = validate::Options {
        listed_only: args.listed_only,
        without: args.without.clone(),
        ..validate::Options::default()
    };
    let report = validate::run(&args.dataset, &options, &config.pipeline)?;
    if json {
        print(&format!("{}\n", report.json()?))?;
    } else {
        print(&report.text())?;
    }
    if let Some(path) = &args.html {
        write_whole(path, &report.html())
            .with_context(|| format!("cannot write {}; choose another file with --html", path.display()))?;
    }
    if let Some(path) = &args.write {
        report.baseline().write(path)?;
    }
    if let Some(failed) = report.failed.first() {
        bail!(
            "{} of {} recordings could not be validated; {}: {}",
            report.failed.len(),
            report.failed.len() + report.recordings.len(),
            failed.name,
            failed.error
        );
    }
    if !report.compared() {
        bail!(
            "{}: no truth to compare with; add angles (JNTANG), orientations (ORNT) or contacts (events.tsv), or use analyze",
            args.dataset.display()
        );
    }
    let worse = args.against.as_deref().map(Baseline::read).transpose()?.map(|b| b.worse(&report));
    match worse.unwrap_or_default().as_slice() {
        [] => Ok(ExitCode::SUCCESS),
        worse => {
            let list: Vec<_> = worse.iter().map(ToString::to_string).collect();
            bail!("{} figures got worse: {}", worse.len(), list.join("; "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_was_said_is_not_said_again() {
        let cause = || io::Error::other("disk gone");
        let said = sentence(&anyhow::Error::from(cause()).context("cannot write x: disk gone; mend it"));
        assert_eq!(said, "cannot write x: disk gone; mend it");
        assert_eq!(
            sentence(&anyhow::Error::from(cause()).context("cannot write x")),
            "cannot write x: disk gone"
        );
    }

    #[test]
    fn a_sentence_has_one_line() {
        assert_eq!(sentence(&anyhow!("one\n  |\n1 | two\n")), "one | 1 | two");
    }
}

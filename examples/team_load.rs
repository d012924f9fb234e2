//! What a club of any size puts on a NATS server, and what a board hears of it: for `tests/team`, and to try a server of
//! one's own before the day.
//!
//! `team_load id DIR` prints the id of the daemon that is kept in DIR. `team_load tell SETTINGS DIR RUNNERS SECONDS` is
//! a daemon with so many runners at real cadence; it ends when the server has all. `team_load hear SETTINGS OUT` is a
//! board; it writes a line of figures per second until it is killed. SETTINGS is a file with the keys of `[nats]`.

use anyhow::{Context, Result, bail};
use serde_json::json;
use stancewatch::host_clock;
use stancewatch::team::{
    AlertReport, Bounds, LegReport, Nats, Refused, Report, Said, Spool, StanceReport, StatusReport, Who, nats,
};
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{interval, sleep};

/// Between two stances of a runner: 168 steps per minute.
const STEP: Duration = Duration::from_millis(357);
/// An alert of a runner rises or clears once in so many stances.
const STANCES_PER_ALERT: u32 = 40;
const TICK: Duration = Duration::from_millis(10);
/// How long the server may take for what is left at the end.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["id", folder] => println!("{}", Spool::open(Path::new(folder), Bounds::default())?.daemon()),
        ["tell", settings, folder, runners, seconds] => {
            tell(&self::settings(settings)?, Path::new(folder), runners.parse()?, seconds.parse()?).await?;
        }
        ["hear", settings, out] => hear(&self::settings(settings)?, Path::new(out)).await?,
        _ => bail!("give id DIR, tell SETTINGS DIR RUNNERS SECONDS, or hear SETTINGS OUT"),
    }
    Ok(())
}

fn settings(path: &str) -> Result<Nats> {
    let settings: Nats = toml::from_str(&std::fs::read_to_string(path).context(path.to_owned())?)?;
    settings.check()?;
    Ok(settings)
}

fn say(text: &str) {
    eprintln!("{} {text}", host_clock::wall_time());
}

/// What was told, as the last line on standard output.
async fn tell(settings: &Nats, folder: &Path, runners: u32, seconds: f64) -> Result<()> {
    let spool = Spool::open(folder, Bounds::default())?;
    let told = async {
        let (mut stances, mut alerts) = (0u64, 0u64);
        let begun = host_clock::instant();
        let mut ticks = interval(TICK);
        let mut runners: Vec<Simulated> = (0..runners).map(|k| Simulated::new(k, runners)).collect();
        while begun.elapsed().as_secs_f64() < seconds {
            ticks.tick().await;
            for runner in &mut runners {
                let (more_stances, more_alerts) = runner.go_on(&spool, begun.elapsed());
                stances += more_stances;
                alerts += more_alerts;
            }
        }
        spool.flush();
        let over = host_clock::instant();
        while spool.delivered(&format!("nats {}", settings.club))? < spool.newest() {
            if over.elapsed() > PATIENCE {
                bail!("the server did not take all within {} s", PATIENCE.as_secs());
            }
            sleep(Duration::from_millis(50)).await;
        }
        println!(
            "{}",
            json!({"daemon": spool.daemon(), "stances": stances, "alerts": alerts,
            "trouble": spool.trouble()})
        );
        Ok(())
    };
    tokio::select! {
        () = nats::publish(settings, &spool, |_| Ok(()), say) => Ok(()),
        done = told => done,
    }
}

struct Simulated {
    who: Who,
    session: String,
    next: Duration,
    status: Duration,
    stances: u32,
}

impl Simulated {
    fn new(k: u32, of: u32) -> Self {
        Self {
            who: Who { id: k.to_string(), name: format!("Runner {k}") },
            session: "load".to_owned(),
            next: STEP.mul_f64(f64::from(k) / f64::from(of)),
            status: Duration::from_secs_f64(f64::from(k) / f64::from(of)),
            stances: 0,
        }
    }

    /// How many stances and alerts were told.
    fn go_on(&mut self, spool: &Spool, now: Duration) -> (u64, u64) {
        let (mut stances, mut alerts) = (0, 0);
        while self.next <= now {
            self.next += STEP;
            let stance = self.stances / 2 + 1;
            let side = if self.stances.is_multiple_of(2) { "left" } else { "right" };
            self.stances += 1;
            stances += 1;
            self.tell(spool, stance_report(stance, side, now));
            if self.stances.is_multiple_of(STANCES_PER_ALERT) {
                alerts += 1;
                self.tell(spool, alert_report(self.stances / STANCES_PER_ALERT, side, now));
            }
        }
        if self.status <= now {
            self.status += Duration::from_secs(1);
            self.tell(spool, status_report(now));
        }
        (stances, alerts)
    }

    fn tell(&self, spool: &Spool, said: Said) {
        spool.tell(&self.who, &self.session, said);
    }
}

fn stance_report(stance: u32, side: &str, now: Duration) -> Said {
    Said::Stance(StanceReport {
        stance,
        side: side.to_owned(),
        ic_time_s: now.as_secs_f64() - 0.25,
        tc_time_s: now.as_secs_f64(),
        valid: true,
        peak_femur_adduction_deg: Some(11.25),
        peak_femur_rotation_deg: Some(3.5),
        peak_hip_adduction_deg: None,
    })
}

fn alert_report(alert: u32, side: &str, now: Duration) -> Said {
    Said::Alert(AlertReport {
        alert,
        rule: "femur_adduction".to_owned(),
        side: side.to_owned(),
        severity: "amber".to_owned(),
        onset_time_s: now.as_secs_f64() - 3.0,
        decided_time_s: now.as_secs_f64(),
        clear_time_s: None,
        value_deg: 15.5,
        threshold_deg: 14.0,
    })
}

fn status_report(now: Duration) -> Said {
    let leg = LegReport { sign: "good".to_owned(), reason: None };
    Said::Status(StatusReport {
        after: 0,
        session_time_s: now.as_secs_f64(),
        computer: "load".to_owned(),
        phase: "running".to_owned(),
        left: leg.clone(),
        right: leg,
        online: 4,
        assigned: 4,
        cadence_spm: Some(168.0),
    })
}

/// What a board has shown, by what it is and not by its number: whatever came twice under two numbers is seen.
#[derive(Default)]
struct Shown {
    heard: HashSet<(String, u64)>,
    stances: HashSet<(String, String, String, u32)>,
    alerts: HashSet<(String, String, u32)>,
    twice: u64,
    came_again: u64,
    statuses: u64,
    refused: BTreeMap<&'static str, u64>,
    /// ms from telling to showing, how often, since the last line.
    lags: BTreeMap<i64, u64>,
}

impl Shown {
    fn take(&mut self, report: Result<Report, Refused>) {
        let report = match report {
            Ok(report) => report,
            Err(refused) => {
                *self.refused.entry(refused.word()).or_default() += 1;
                return;
            }
        };
        let Some(number) = report.number else {
            self.statuses += 1;
            return;
        };
        let Report { daemon, told_unix_ms, runner, said, .. } = report;
        if !self.heard.insert((daemon.clone(), number)) {
            self.came_again += 1;
            return;
        }
        *self.lags.entry(host_clock::unix_ms() - told_unix_ms).or_default() += 1;
        let new = match said {
            Said::Stance(s) => self.stances.insert((daemon, runner.id, s.side, s.stance)),
            Said::Alert(a) => self.alerts.insert((daemon, runner.id, a.alert)),
            _ => true,
        };
        self.twice += u64::from(!new);
    }

    fn line(&mut self) -> String {
        let lags = std::mem::take(&mut self.lags);
        json!({
            "unix_ms": host_clock::unix_ms(), "stances": self.stances.len(), "alerts": self.alerts.len(),
            "twice": self.twice, "came_again": self.came_again, "statuses": self.statuses,
            "refused": self.refused, "lags": lags,
        })
        .to_string()
    }
}

async fn hear(settings: &Nats, out: &Path) -> Result<()> {
    let mut out = File::options().create(true).append(true).open(out)?;
    let shown = Mutex::new(Shown::default());
    let lock = || shown.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let day = host_clock::unix_ms() - 24 * 60 * 60 * 1000;
    let lines = async {
        let mut ticks = interval(Duration::from_secs(1));
        loop {
            ticks.tick().await;
            let line = lock().line();
            writeln!(out, "{line}")?;
        }
    };
    // It wants nothing of anybody.
    let (_ask, wanted) = unbounded_channel();
    tokio::select! {
        () = nats::listen(settings, "board", day, wanted, |report| lock().take(report), say) => Ok(()),
        error = lines => error,
    }
}

//! Looks at everything outside this program that it needs, and says in plain words what is missing.

use crate::config::Config;
use crate::host_clock;
use crate::source::ble::roster::Roster;
use crate::source::ble::{BtleRadio, radio::Radio};
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt;
use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

/// Room for a long run, bytes: an hour of five sensors takes a twentieth of it (own measurement).
const ROOM: u64 = 1 << 30;
/// The year that this was written in: a clock before it is wrong.
const YEAR: &str = "2026";

/// One thing looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: &'static str,
    pub ok: bool,
    /// What was found, with the remedy where it is not right.
    pub found: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub checks: Vec<Check>,
}

impl Report {
    /// One sentence; `None` when all is well.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        let wrong: Vec<_> = self.checks.iter().filter(|check| !check.ok).map(|c| c.found.as_str()).collect();
        (!wrong.is_empty()).then(|| wrong.join("; "))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Check { name, ok, found } in &self.checks {
            let word = if *ok { "ok" } else { "FIX" };
            writeln!(f, "{name:<10} {word:<4} {found}")?;
        }
        Ok(())
    }
}

/// Looks at all of it; what is wrong with one does not hide the others.
pub async fn examine(config: &Config) -> Report {
    let checks = vec![
        bluetooth().await,
        sensors(&config.data_dir),
        clock(),
        writable(&config.data_dir),
        room(&config.data_dir),
        port(config.port),
    ];
    Report { checks }
}

async fn bluetooth() -> Check {
    let (radio, _events) = BtleRadio::open();
    let state = radio.state().await;
    let found = match state {
        Ok(()) => format!("adapter {} is on", radio.adapter().await.unwrap_or_default()),
        Err(reason) => reason.to_string(),
    };
    Check { name: "bluetooth", ok: state.is_ok(), found }
}

fn sensors(data_dir: &Path) -> Check {
    match Roster::open(data_dir) {
        Ok(roster) => {
            let found = match roster.worn().count() {
                0 => "no sensor has a place yet: give places on the page, or with `sensors place`".to_owned(),
                count => format!("{count} have a place"),
            };
            Check { name: "sensors", ok: true, found }
        }
        Err(error) => Check { name: "sensors", ok: false, found: error.to_string() },
    }
}

fn clock() -> Check {
    let now = host_clock::wall_time();
    // RFC 3339 sorts as text.
    let ok = now.as_str() >= YEAR;
    let found = if ok {
        now
    } else {
        format!("the computer's clock says {now}: set it, since recordings carry its time")
    };
    Check { name: "clock", ok, found }
}

fn writable(data_dir: &Path) -> Check {
    let write = || -> std::io::Result<()> {
        fs::create_dir_all(data_dir)?;
        let mut file = tempfile::tempfile_in(data_dir)?;
        file.write_all(&[0; 4096])?;
        file.sync_all()
    };
    let folder = data_dir.display();
    match write() {
        Ok(()) => Check { name: "folder", ok: true, found: format!("{folder} can be written") },
        Err(error) => Check {
            name: "folder",
            ok: false,
            found: format!("cannot write to {folder} ({error}): choose another folder with --data-dir"),
        },
    }
}

fn room(data_dir: &Path) -> Check {
    match fs4::available_space(data_dir) {
        Ok(bytes) if bytes >= ROOM => {
            Check { name: "disk", ok: true, found: format!("{} GB free", bytes >> 30) }
        }
        Ok(bytes) => Check {
            name: "disk",
            ok: false,
            found: format!("only {} MB are free for recordings: free some space", bytes >> 20),
        },
        Err(error) => Check {
            name: "disk",
            ok: false,
            found: format!("the free space for recordings cannot be seen ({error}): check --data-dir"),
        },
    }
}

fn port(port: u16) -> Check {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Check { name: "port", ok: true, found: format!("{port} is free") },
        Err(error) => Check {
            name: "port",
            ok: false,
            found: format!(
                "port {port} cannot be used ({error}): stop the program that has it (stancewatch itself?), or choose another with --port"
            ),
        },
    }
}

/// What helps to find a fault, for someone else to read: no names, no serials, no times of day, no paths.
#[must_use]
pub fn bundle(config: &Config, report: &Report) -> Value {
    let private = config.data_dir.display().to_string();
    let checks: Vec<_> = report
        .checks
        .iter()
        .filter(|check| check.name != "clock" || !check.ok)
        .map(|c| json!({ "name": c.name, "ok": c.ok, "found": c.found.replace(&private, "DATA_DIR") }))
        .collect();
    let sizes: Vec<u64> = fs::read_dir(config.data_dir.join("recordings"))
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.metadata().ok().map(|m| m.len()))
        .collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "system": std::env::consts::OS,
        "processor": std::env::consts::ARCH,
        "checks": checks,
        "recordings": { "count": sizes.len(), "bytes": sizes.iter().sum::<u64>(), "empty": sizes.iter().filter(|s| **s == 0).count() },
        "settings": config.pipeline,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::PipelineConfig;

    #[test]
    fn a_bundle_has_no_paths_and_no_times() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("of-alice");
        let config = Config {
            port: 1,
            data_dir: data_dir.clone(),
            pipeline: PipelineConfig::default(),
            nats: crate::team::Nats::default(),
        };
        let checks = vec![writable(&data_dir), clock(), port(0)];
        let text = bundle(&config, &Report { checks }).to_string();
        assert!(!text.contains("alice") && !text.contains("clock"), "{text}");
        assert!(text.contains("DATA_DIR can be written"), "{text}");
    }

    #[test]
    fn a_port_in_use_is_said() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let check = port(taken.local_addr().unwrap().port());
        assert!(!check.ok && check.found.contains("--port"), "{check:?}");
        let report = Report { checks: vec![check] };
        assert!(report.failure().unwrap().contains("cannot be used"));
    }
}

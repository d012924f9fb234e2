//! A synthetic session as a Motion-BIDS data set with its truth.

use crate::body::Side;
use crate::event::Gait;
use crate::record::bids::{BidsRecording, BidsWriteError, Description, EventRow, create_dataset, write_json};
use crate::source::synthetic::{
    Fact, Runner, RunnerConfig, SynthError, TRUTH_RATE, TrueContact, TrueCurve, TrueStance, Truth,
};
use crate::units::{Hz, SessionTime};
use serde_json::json;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum SimulateError {
    #[error(transparent)]
    Runner(#[from] SynthError),
    #[error(transparent)]
    Bids(#[from] BidsWriteError),
    #[error("an endless synthetic runner cannot be written to a file: set endless = false and running_s")]
    Endless,
    #[error("cannot write {path}: {source}; choose another folder or free some space")]
    Write { path: PathBuf, source: io::Error },
}

const STRIDES_HEAD: &str = "side,stride,ic_s,to_s,speed_mps,peak_add,t_peak_add,add_at_ic,mean_add,peak_introt,\
                            t_peak_introt,introt_at_ic,mean_introt,peak_add_uninjected,peak_introt_uninjected,\
                            injected_add,injected_introt\n";

/// Writes the session that `config` describes into the data set at `out`, which is made where it is not there yet;
/// several sessions with other subjects or tasks may share one. The folder is `sub-SUBJECT`; truth is in tracking
/// system `omc`, in the events, and per running stance in `derivatives/truth/`.
pub fn write_dataset(config: &RunnerConfig, out: &Path) -> Result<(), SimulateError> {
    if config.endless {
        return Err(SimulateError::Endless);
    }
    let truth = Truth::new(config)?;
    let runner = Runner::new(config)?;
    let generator = concat!("stancewatch ", env!("CARGO_PKG_VERSION"));
    create_dataset(
        out,
        &Description {
            name: "Synthetic runner",
            license: "CC0; mean curves from aggregate statistics of Fukuchi, Fukuchi & Duarte 2017, PeerJ 5:e3298",
            authors: &["stancewatch"],
            generator,
        },
    )?;
    let mut recording = BidsRecording::create(out, &config.subject, &config.task)?;
    for input in runner {
        recording.input(&input)?;
    }
    for (episode, onset) in truth.episodes() {
        recording.event(EventRow {
            onset,
            duration: episode.duration_s,
            trial_type: episode.kind.name().into(),
            side: Some(episode.side),
            value: Some(format!("{}", episode.degrees)),
        });
    }
    let mut strides = Strides::create(out, config, generator)?;
    for fact in truth {
        match fact {
            Fact::Frame(frame) => recording.angles("omc", Hz(TRUTH_RATE), &frame)?,
            Fact::Contact(contact) => recording.event(contact_row(&contact)),
            Fact::Stance(stance) => strides.write(&stance)?,
        }
    }
    strides.finish()?;
    Ok(recording.finish()?)
}

fn contact_row(contact: &TrueContact) -> EventRow {
    EventRow {
        onset: contact.t,
        duration: 0.0,
        trial_type: if contact.initial { "initial_contact" } else { "terminal_contact" }.into(),
        side: Some(contact.side),
        value: Some(contact.gait.map_or("transition", Gait::name).into()),
    }
}

struct Strides {
    path: PathBuf,
    out: BufWriter<File>,
}

impl Strides {
    fn create(root: &Path, config: &RunnerConfig, generator: &str) -> Result<Self, SimulateError> {
        let folder = root.join("derivatives").join("truth");
        fs::create_dir_all(&folder)
            .map_err(|source| SimulateError::Write { path: folder.clone(), source })?;
        let about = json!({
            "Name": "Truth of the synthetic runner",
            "BIDSVersion": "1.10.0",
            "DatasetType": "derivative",
            "GeneratedBy": [{"Name": generator}],
        });
        write_json(&folder.join("dataset_description.json"), &about)?;
        let path = folder.join(format!("sub-{}_task-{}_strides.csv", config.subject, config.task));
        let file =
            File::create(&path).map_err(|source| SimulateError::Write { path: path.clone(), source })?;
        let mut strides = Self { path, out: BufWriter::new(file) };
        strides.put(STRIDES_HEAD)?;
        Ok(strides)
    }

    fn write(&mut self, s: &TrueStance) -> Result<(), SimulateError> {
        let side = match s.side {
            Side::Left => 'L',
            Side::Right => 'R',
        };
        let second = |t: SessionTime| format!("{:.4}", t.0);
        let curve = |c: &TrueCurve| {
            let [peak, at_ic, mean] = [c.peak, c.at_ic, c.mean].map(degrees);
            format!("{peak},{},{at_ic},{mean}", second(c.peak_t))
        };
        self.put(&format!(
            "{side},{},{},{},{:.3},{},{},{},{},{},{}\n",
            s.number,
            second(s.ic),
            second(s.tc),
            s.speed,
            curve(&s.adduction),
            curve(&s.rotation),
            degrees(s.adduction.peak_without),
            degrees(s.rotation.peak_without),
            degrees(s.adduction.injected()),
            degrees(s.rotation.injected()),
        ))
    }

    fn put(&mut self, text: &str) -> Result<(), SimulateError> {
        let Self { path, out } = self;
        out.write_all(text.as_bytes()).map_err(|source| SimulateError::Write { path: path.clone(), source })
    }

    fn finish(self) -> Result<(), SimulateError> {
        let Self { path, mut out } = self;
        out.flush().map_err(|source| SimulateError::Write { path, source })
    }
}

fn degrees(rad: f64) -> String {
    format!("{:.2}", rad.to_degrees())
}

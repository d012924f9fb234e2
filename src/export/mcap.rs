//! MCAP: the recording as `run` would have made it, raw inputs and what the pipeline made of them. A session that is a
//! recording already is copied, so that nothing of it is lost.

use super::format::{About, ExportError, Exporter};
use super::output::{Output, Partial};
use crate::event::Event;
use crate::input::Input;
use crate::record::mcap::{NO_START, Recorder, SessionMeta};
use std::fs::File;
use std::io;
use std::path::Path;

struct Mcap {
    place: Partial,
    recorder: Recorder,
}

pub(super) fn start(path: &Path, about: &About) -> Result<Box<dyn Exporter>, ExportError> {
    let place = Partial::new(path).map_err(ExportError::write(path))?;
    let meta = SessionMeta {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        config: about.config.clone(),
        started: about.started.clone().unwrap_or_else(|| NO_START.to_owned()),
        label: about.name.clone(),
    };
    let recorder = Recorder::create(place.path(), &meta)?;
    Ok(Box::new(Mcap { place, recorder }))
}

impl Exporter for Mcap {
    fn input(&mut self, input: &Input) -> Result<(), ExportError> {
        Ok(self.recorder.input(input)?)
    }

    fn event(&mut self, event: &Event) -> Result<(), ExportError> {
        Ok(self.recorder.event(event)?)
    }

    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        let Self { place, recorder } = *self;
        recorder.finish()?;
        let path = place.target().to_owned();
        place.commit().map_err(ExportError::write(&path))
    }
}

pub(super) fn copy(from: &Path, to: &Path) -> Result<(), ExportError> {
    let copy = || {
        let mut out = Output::create(to)?;
        io::copy(&mut File::open(from)?, &mut out)?;
        out.commit()
    };
    copy().map_err(ExportError::write(to))
}

//! What people want of cues and programme: kept in the data folder, and handed to the session that runs.

mod kept;

pub use kept::{Kept as KeptFile, KeptError};

use crate::event::Event;
use crate::host_clock;
use crate::input::{CueSettings, OrderError, Wish};
use crate::programme::{Programme, ProgrammeError, Running};
use kept::Kept;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum DeskError {
    #[error(transparent)]
    Order(#[from] OrderError),
    #[error(transparent)]
    Programme(#[from] ProgrammeError),
    #[error(transparent)]
    Kept(#[from] KeptError),
}

/// Written by the page's handlers, read by the pipeline's thread between inputs.
#[derive(Debug, Default)]
pub struct Desk(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    settings: Kept<CueSettings>,
    /// Somebody has chosen the settings: a session begins with them.
    chosen: bool,
    programme: Kept<Programme>,
    /// What the session has still to hear.
    wishes: Vec<Wish>,
    /// Why the last completed session of the course is not on disk.
    unkept: Option<String>,
}

impl Desk {
    /// What is remembered in this data folder.
    pub fn open(data_dir: &Path) -> Result<Self, DeskError> {
        let path = data_dir.join("cues.json");
        let settings = Kept::<CueSettings>::open(path.clone())?;
        let checked = settings.value().check();
        checked.map_err(|error| KeptError::Parse { path, message: error.to_string() })?;
        let programme = Kept::open(data_dir.join("programme.json"))?;
        Ok(Self(Mutex::new(Inner { settings, chosen: true, programme, ..Inner::default() })))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[must_use]
    pub fn settings(&self) -> CueSettings {
        *self.lock().settings.value()
    }

    /// The course as it stands, and what hinders it from being kept.
    #[must_use]
    pub fn programme(&self) -> (Programme, Option<String>) {
        let inner = self.lock();
        (inner.programme.value().clone(), inner.unkept.clone())
    }

    /// The session of the course that is being run.
    pub fn running<T>(&self, read: impl FnOnce(&Running) -> T) -> Option<T> {
        self.lock().programme.value().running().map(read)
    }

    /// Checks a wish, keeps it where it is one to keep, and passes it on.
    pub fn want(&self, wish: Wish) -> Result<(), DeskError> {
        wish.check()?;
        let mut inner = self.lock();
        if let Wish::Settings(settings) = wish {
            inner.settings.set(settings)?;
            inner.chosen = true;
        }
        inner.wishes.push(wish);
        Ok(())
    }

    /// A source begins: what its cues begin with.
    #[must_use]
    pub fn begin(&self) -> Option<Wish> {
        let mut inner = self.lock();
        inner.wishes.clear();
        inner.programme.value_mut().new_source();
        inner.chosen.then(|| Wish::Settings(*inner.settings.value()))
    }

    /// What was wanted since the last look.
    #[must_use]
    pub fn take_wishes(&self) -> Vec<Wish> {
        std::mem::take(&mut self.lock().wishes)
    }

    pub fn begin_session(&self) -> Result<(), DeskError> {
        let seed = crc32fast::hash(host_clock::wall_time().as_bytes());
        let mut inner = self.lock();
        let fade = inner.programme.value_mut().begin(seed)?;
        inner.wishes.push(Wish::Fade { fade: Some(fade) });
        Ok(())
    }

    pub fn stop_session(&self) -> Result<(), DeskError> {
        let mut inner = self.lock();
        inner.programme.value_mut().stop()?;
        inner.wishes.push(Wish::Fade { fade: None });
        Ok(())
    }

    pub fn start_over(&self) -> Result<(), DeskError> {
        self.change_programme(Programme::start_over)
    }

    /// Ticks an exercise for today, or takes the tick away.
    pub fn tick(&self, exercise: &str) -> Result<(), DeskError> {
        self.change_programme(|programme| programme.tick(exercise, &today()))
    }

    fn change_programme(
        &self,
        with: impl FnOnce(&mut Programme) -> Result<(), ProgrammeError>,
    ) -> Result<(), DeskError> {
        let mut inner = self.lock();
        let mut programme = inner.programme.value().clone();
        with(&mut programme)?;
        inner.programme.set(programme)?;
        Ok(())
    }

    /// Follows the run for the course. Writes when a session of it is complete: once in a quarter of an hour.
    pub fn follow(&self, event: &Event) {
        if !matches!(event, Event::Stance(_) | Event::Baseline(_) | Event::Calibration(_)) {
            return;
        }
        let mut inner = self.lock();
        if inner.programme.value_mut().follow(event, today) {
            inner.unkept = inner.programme.keep().err().map(|error| error.to_string());
        }
    }
}

/// The local date.
#[must_use]
pub fn today() -> String {
    host_clock::wall_time().chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Channels;

    #[test]
    fn settings_outlast_the_program_and_nonsense_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::open(folder.path()).unwrap();
        let quiet = CueSettings {
            channels: Channels { tone: false, ..Channels::default() },
            ..CueSettings::default()
        };
        desk.want(Wish::Settings(quiet)).unwrap();
        let said =
            desk.want(Wish::Settings(CueSettings { spacing_strides: 1, ..quiet })).unwrap_err().to_string();
        assert!(said.contains("2 to 20"), "{said}");
        assert_eq!(desk.take_wishes(), [Wish::Settings(quiet)]);
        let again = Desk::open(folder.path()).unwrap();
        assert_eq!(again.settings(), quiet);
        assert_eq!(again.begin(), Some(Wish::Settings(quiet)));
    }

    #[test]
    fn a_session_of_the_course_fades_the_cues_and_ends_with_the_source() {
        let desk = Desk::default();
        assert_eq!(desk.begin(), None);
        desk.begin_session().unwrap();
        let Some(Wish::Fade { fade: Some(fade) }) = desk.take_wishes().first().copied() else {
            panic!("the session has to hear of it")
        };
        assert!((fade.minutes - 15.0).abs() < 1e-12);
        assert!(desk.begin_session().is_err());
        desk.stop_session().unwrap();
        assert_eq!(desk.take_wishes(), [Wish::Fade { fade: None }]);
        desk.begin_session().unwrap();
        assert_eq!(desk.begin(), None);
        assert!(desk.programme().0.running().is_none());
    }

    #[test]
    fn settings_that_make_no_sense_are_said_with_their_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cues.json"), r#"{"spacing_strides": 1}"#).unwrap();
        let said = Desk::open(folder.path()).unwrap_err().to_string();
        assert!(said.contains("cues.json") && said.contains("2 to 20"), "{said}");
    }

    #[test]
    fn ticks_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        Desk::open(folder.path()).unwrap().tick("step_down").unwrap();
        assert_eq!(Desk::open(folder.path()).unwrap().programme().0.ticks().len(), 1);
    }
}

//! What people want of cues and programme, handed to the session that runs. The cues are the computer's and kept in
//! the data folder; a course is a runner's and kept with the runner.

mod kept;
mod setup;
mod worn;

pub use kept::{Kept as KeptFile, KeptError};
pub use setup::{LONGEST_DELAY, Setup, Step};
pub use worn::WornSet;

use crate::event::Event;
use crate::host_clock;
use crate::input::{CueSettings, OrderError, Wish};
use crate::programme::{Programme, ProgrammeError, Running};
use crate::store::{RunnerId, Store, StoreError};
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
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("another tab has gone on to {:?} meanwhile; look at what it shows and choose again", .now.step)]
    Moved { now: Setup },
}

/// The document of a runner's course.
const PROGRAMME: &str = "programme";
/// Where the course lay when there was one for all runners.
const OLD_PROGRAMME: &str = "programme.json";

/// Written by the page's handlers, read by the pipeline's thread between inputs.
#[derive(Debug, Default)]
pub struct Desk(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    settings: Kept<CueSettings>,
    setup: Kept<Setup>,
    /// Somebody has chosen the settings: a session begins with them.
    chosen: bool,
    programme: Programme,
    /// Whose course it is; `None`: it ends with the program.
    whose: Option<(Store, RunnerId)>,
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
        let mut setup = Kept::<Setup>::open(data_dir.join("setup.json"))?;
        if setup.value().finished {
            // Runner and sensors are known: what is left is to stand still.
            setup.value_mut().step = Step::Calibrate;
        }
        Ok(Self(Mutex::new(Inner { settings, setup, chosen: true, ..Inner::default() })))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[must_use]
    pub fn settings(&self) -> CueSettings {
        *self.lock().settings.value()
    }

    #[must_use]
    pub fn setup(&self) -> Setup {
        *self.lock().setup.value()
    }

    /// Changes how far the first visit has come; with `seen`, only if nobody has since that version.
    pub fn change_setup(&self, seen: Option<u64>, with: impl FnOnce(&mut Setup)) -> Result<Setup, DeskError> {
        let mut inner = self.lock();
        let now = *inner.setup.value();
        if seen.is_some_and(|seen| seen != now.version) {
            return Err(DeskError::Moved { now });
        }
        let mut changed = now;
        with(&mut changed);
        changed.version += 1;
        inner.setup.set(changed)?;
        Ok(changed)
    }

    /// Everything is deleted: what is kept here is as on the first day.
    pub fn forget(&self) -> Result<(), DeskError> {
        let mut inner = self.lock();
        let version = inner.setup.value().version + 1;
        inner.setup.set(Setup { version, ..Setup::default() })?;
        inner.settings.set(CueSettings::default())?;
        inner.whose = None;
        inner.programme = Programme::default();
        Ok(())
    }

    /// The course as it stands, and what hinders it from being kept.
    #[must_use]
    pub fn programme(&self) -> (Programme, Option<String>) {
        let inner = self.lock();
        (inner.programme.clone(), inner.unkept.clone())
    }

    /// From now on it is this runner's course; what ran of another's has ended. Whether it is another runner.
    pub fn course_of(&self, store: &Store, runner: RunnerId) -> Result<bool, DeskError> {
        if self.lock().whose.as_ref().is_some_and(|(_, whose)| *whose == runner) {
            return Ok(false);
        }
        let programme = store.document(runner, PROGRAMME)?.unwrap_or_default();
        let mut inner = self.lock();
        inner.programme = programme;
        inner.whose = Some((store.clone(), runner));
        inner.unkept = None;
        Ok(true)
    }

    /// The session of the course that is being run.
    pub fn running<T>(&self, read: impl FnOnce(&Running) -> T) -> Option<T> {
        self.lock().programme.running().map(read)
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
        inner.programme.new_source();
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
        let fade = inner.programme.begin(seed)?;
        inner.wishes.push(Wish::Fade { fade: Some(fade) });
        Ok(())
    }

    pub fn stop_session(&self) -> Result<(), DeskError> {
        let mut inner = self.lock();
        inner.programme.stop()?;
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
        let mut programme = inner.programme.clone();
        with(&mut programme)?;
        inner.keep(&programme)?;
        inner.programme = programme;
        Ok(())
    }

    /// Follows the run for the course. Writes when a session of it is complete: once in a quarter of an hour.
    pub fn follow(&self, event: &Event) {
        if !matches!(event, Event::Stance(_) | Event::Baseline(_) | Event::Calibration(_)) {
            return;
        }
        let mut inner = self.lock();
        if inner.programme.follow(event, today) {
            inner.unkept = inner.keep(&inner.programme).err().map(|error| error.to_string());
        }
    }
}

impl Inner {
    fn keep(&self, programme: &Programme) -> Result<(), DeskError> {
        if let Some((store, runner)) = &self.whose {
            store.put_document(*runner, PROGRAMME, programme)?;
        }
        Ok(())
    }
}

/// A course from the time when there was one for all becomes this runner's, unless they have their own.
pub fn adopt_course(store: &Store, runner: RunnerId) -> Result<(), DeskError> {
    let path = store.folder().join(OLD_PROGRAMME);
    if !path.exists() {
        return Ok(());
    }
    let old = Kept::<Programme>::open(path.clone())?;
    if store.document::<Programme>(runner, PROGRAMME)?.is_none() {
        store.put_document(runner, PROGRAMME, old.value())?;
    }
    std::fs::remove_file(&path).map_err(|source| KeptError::Write { path, source })?;
    Ok(())
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
    fn a_course_is_its_runners_and_the_one_for_all_is_adopted_once() {
        let folder = tempfile::tempdir().unwrap();
        let old = folder.path().join(OLD_PROGRAMME);
        let mut course = Programme::default();
        course.tick("step_down", "2026-11-20").unwrap();
        std::fs::write(&old, serde_json::to_string(&course).unwrap()).unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (ana, ben) = (store.add_runner(None).unwrap().id, store.add_runner(None).unwrap().id);
        adopt_course(&store, ana).unwrap();
        adopt_course(&store, ben).unwrap();
        assert!(!old.exists());

        let desk = Desk::default();
        assert!(desk.course_of(&store, ana).unwrap() && !desk.course_of(&store, ana).unwrap());
        desk.tick("lateral_band_walk").unwrap();
        desk.begin_session().unwrap();
        assert!(desk.course_of(&store, ben).unwrap());
        let (bens, _) = desk.programme();
        assert!(bens.ticks().is_empty() && bens.running().is_none(), "{bens:?}");
        let again = Desk::default();
        again.course_of(&store, ana).unwrap();
        assert_eq!(again.programme().0.ticks().len(), 2);
    }

    #[test]
    fn the_first_visit_goes_on_where_it_was_and_the_slower_tab_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::open(folder.path()).unwrap();
        let seen = desk.setup().version;
        desk.change_setup(Some(seen), |setup| setup.step = Step::Runner).unwrap();
        let said = desk.change_setup(Some(seen), |setup| setup.step = Step::Cue).unwrap_err().to_string();
        assert!(said.contains("Runner"), "{said}");
        let again = Desk::open(folder.path()).unwrap();
        assert_eq!(again.setup(), desk.setup());
        again.change_setup(None, |setup| (setup.step, setup.finished) = (Step::Ready, true)).unwrap();
        assert_eq!(Desk::open(folder.path()).unwrap().setup().step, Step::Calibrate, "the second visit");
    }

    #[test]
    fn a_course_that_is_none_is_said_and_stays_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let old = folder.path().join(OLD_PROGRAMME);
        std::fs::write(&old, "{").unwrap();
        let store = Store::open(folder.path()).unwrap();
        let said = adopt_course(&store, store.add_runner(None).unwrap().id).unwrap_err().to_string();
        assert!(said.contains(OLD_PROGRAMME) && said.contains("move it away"), "{said}");
        assert!(old.exists());
    }
}

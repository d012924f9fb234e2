//! A file that nobody can mistake for a result before it is complete.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes to `NAME.partial` and takes its name in [`commit`](Self::commit); dropped before, it is gone.
#[derive(Debug)]
pub struct Output {
    path: PathBuf,
    partial: PathBuf,
    /// `None` once committed.
    file: Option<BufWriter<File>>,
}

impl Output {
    pub fn create(path: &Path) -> io::Result<Self> {
        let partial = partial(path);
        let file = BufWriter::new(File::create(&partial)?);
        Ok(Self { path: path.to_owned(), partial, file: Some(file) })
    }

    /// Every byte is out before the first file takes its name: a full disk leaves the earlier results whole.
    pub fn commit_all(outputs: impl IntoIterator<Item = Self>) -> io::Result<()> {
        let mut outputs: Vec<Self> = outputs.into_iter().collect();
        outputs.iter_mut().try_for_each(Write::flush)?;
        outputs.into_iter().try_for_each(Self::commit)
    }

    pub fn commit(mut self) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            file.flush()?;
        }
        fs::rename(&self.partial, &self.path)?;
        self.file = None;
        Ok(())
    }
}

/// What `path` is called until it is complete.
fn partial(path: &Path) -> PathBuf {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    partial.into()
}

/// The same for a file or folder that another writer makes, at [`path`](Self::path).
#[derive(Debug)]
pub struct Partial {
    target: PathBuf,
    path: PathBuf,
    done: bool,
}

impl Partial {
    /// Removes what an interrupted writer has left there.
    pub fn new(target: &Path) -> io::Result<Self> {
        let this = Self { target: target.to_owned(), path: partial(target), done: false };
        this.remove()?;
        Ok(this)
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// A folder takes the place of an empty one only.
    pub fn commit(mut self) -> io::Result<()> {
        fs::rename(&self.path, &self.target)?;
        self.done = true;
        Ok(())
    }

    fn remove(&self) -> io::Result<()> {
        if self.path.is_dir() {
            fs::remove_dir_all(&self.path)
        } else if self.path.exists() {
            fs::remove_file(&self.path)
        } else {
            Ok(())
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.done {
            self.remove().ok();
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().map_or(Ok(0), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if self.file.is_some() {
            // Best effort: what stays behind says `.partial` in its name.
            fs::remove_file(&self.partial).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_has_its_name_only_when_it_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let mut output = Output::create(&folder.path().join("a.csv")).unwrap();
        output.write_all(b"x").unwrap();
        assert_eq!(names(folder.path()), ["a.csv.partial"]);
        output.commit().unwrap();
        assert_eq!(names(folder.path()), ["a.csv"]);
        assert_eq!(fs::read(folder.path().join("a.csv")).unwrap(), b"x");
    }

    #[test]
    fn what_is_given_up_leaves_the_earlier_result_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.csv"), "old").unwrap();
        drop(Output::create(&folder.path().join("a.csv")).unwrap());
        assert_eq!(names(folder.path()), ["a.csv"]);
        assert_eq!(fs::read(folder.path().join("a.csv")).unwrap(), b"old");
    }
}

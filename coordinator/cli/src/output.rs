//! Where an answer is written: standard output, or a file that appears only when it is whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal as _, Write, stdout};
use std::path::{Path, PathBuf};

use crate::render::Format;

/// Where an answer is written, and how.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) format: Format,
    place: Place,
}

#[derive(Debug)]
enum Place {
    File(Whole),
    Stdout,
}

/// Why an answer cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    /// Parquet on a terminal.
    #[error("parquet is not for a terminal: name a file with --output FILE, or send standard output elsewhere")]
    Terminal,
    /// A file that cannot be written.
    #[error("cannot write {path}: see that its folder exists, that you may write there, and that the disk has room")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Standard output cannot be written.
    #[error("cannot write to standard output")]
    Stdout(#[source] io::Error),
}

impl Output {
    /// Where to write: a `file` if one is named, else standard output. By default a table on a terminal and CSV
    /// elsewhere. Called before anything is asked, so that no question is spent on an answer that cannot be kept.
    ///
    /// # Errors
    /// [`OutputError::Terminal`] and [`OutputError::Write`].
    pub(crate) fn open(format: Option<Format>, file: Option<&Path>) -> Result<Self, OutputError> {
        let terminal = file.is_none() && stdout().is_terminal();
        let format = chosen(format, terminal)?;
        let place = match file {
            Some(path) => Place::File(Whole::begin(path)?),
            None => Place::Stdout,
        };
        Ok(Self { format, place })
    }

    /// Whether the answer goes to a file.
    pub(crate) const fn file(&self) -> Option<&PathBuf> {
        match &self.place {
            Place::File(file) => Some(&file.path),
            Place::Stdout => None,
        }
    }

    /// Writes with `write` and, of a file, makes it appear.
    ///
    /// # Errors
    /// [`OutputError::Write`] and [`OutputError::Stdout`]. A reader that closes standard output early has what it
    /// wanted: that is none.
    pub(crate) fn write(
        self,
        write: impl FnOnce(Format, &mut (dyn Write + Send)) -> io::Result<()>,
    ) -> Result<(), OutputError> {
        match self.place {
            Place::File(file) => file.write(|out| write(self.format, out)),
            Place::Stdout => on_stdout(|out| write(self.format, out)),
        }
    }
}

/// Writes to standard output with `write`. A reader that closes it early has what it wanted.
///
/// # Errors
/// [`OutputError::Stdout`].
pub(crate) fn on_stdout(write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>) -> Result<(), OutputError> {
    let mut out = BufWriter::new(stdout());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            // What is left in the buffer has no reader.
            drop(out.into_parts());
            Ok(())
        }
        written => written.map_err(OutputError::Stdout),
    }
}

fn chosen(format: Option<Format>, terminal: bool) -> Result<Format, OutputError> {
    match format {
        Some(Format::Parquet) if terminal => Err(OutputError::Terminal),
        Some(format) => Ok(format),
        None if terminal => Ok(Format::Table),
        None => Ok(Format::Csv),
    }
}

/// A file that appears under its name only when it is whole.
#[derive(Debug)]
struct Whole {
    path: PathBuf,
    partial: PathBuf,
    file: Option<File>,
}

impl Whole {
    fn begin(path: &Path) -> Result<Self, OutputError> {
        let refused = |source| OutputError::Write { path: path.to_owned(), source };
        let name = path.file_name().ok_or_else(|| refused(io::ErrorKind::InvalidInput.into()))?;
        if path.is_dir() {
            return Err(refused(io::ErrorKind::IsADirectory.into()));
        }
        let mut partial = std::ffi::OsString::from(".");
        partial.push(name);
        partial.push(format!(".{}.partial", std::process::id()));
        let partial = path.with_file_name(partial);
        let file = File::create(&partial).map_err(refused)?;
        Ok(Self { path: path.to_owned(), partial, file: Some(file) })
    }

    fn write(mut self, write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>) -> Result<(), OutputError> {
        let Some(file) = self.file.take() else { return Ok(()) };
        let mut out = BufWriter::new(file);
        write(&mut out)
            .and_then(|()| out.into_inner().map_err(io::IntoInnerError::into_error))
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&self.partial, &self.path))
            .map_err(|source| OutputError::Write { path: self.path.clone(), source })
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        // After the renaming there is nothing of this name left; before it, what is there is not whole.
        let _ = fs::remove_file(&self.partial);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_follows_the_place() {
        assert_eq!(chosen(None, true).unwrap(), Format::Table);
        assert_eq!(chosen(None, false).unwrap(), Format::Csv);
        assert_eq!(chosen(Some(Format::Json), true).unwrap(), Format::Json);
        assert_eq!(chosen(Some(Format::Parquet), false).unwrap(), Format::Parquet);
        assert!(matches!(chosen(Some(Format::Parquet), true), Err(OutputError::Terminal)));
    }

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answer.csv");
        let names = || fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
        let open = || Output::open(Some(Format::Csv), Some(&path)).unwrap();

        drop(open());
        assert!(names().is_empty(), "nothing was written");

        let failed = open().write(|_, out| {
            out.write_all(b"half")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert!(failed.unwrap_err().to_string().contains("answer.csv"));
        assert!(names().is_empty(), "half an answer is none");

        open().write(|_, out| out.write_all(b"whole")).unwrap();
        assert_eq!(names(), ["answer.csv"]);
        assert_eq!(fs::read(&path).unwrap(), b"whole");
    }

    #[test]
    fn a_place_that_cannot_be_written_is_told_before_anything_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().to_owned(), folder.path().join("none/answer.csv")] {
            assert!(matches!(Output::open(None, Some(&path)), Err(OutputError::Write { .. })), "{path:?}");
        }
    }
}

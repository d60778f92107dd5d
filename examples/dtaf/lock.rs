//! One import at a time into a folder.
//!
//! On a folder of the network such a lock may be of this host alone.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Who else may be at a folder.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Access {
    /// Whoever reads too.
    Read,
    /// Nobody; the folder is made where it is not there.
    Write,
}

/// A folder that nobody changes, until this is dropped or the process ends, however it ends.
pub(crate) struct Lock {
    /// Those that were made for it, innermost first.
    made: Vec<PathBuf>,
    folder: Option<File>,
}

impl Lock {
    /// Waits for a folder; `None` where there is none to read.
    pub(crate) fn of(folder: &Path, access: Access) -> io::Result<Option<Self>> {
        let mut made = 0;
        let mut rounds = 0;
        loop {
            let new = folder.ancestors();
            let new = new.take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
            made = new.count().max(made);
            if access == Access::Read && made > 0 {
                return Ok(None);
            }
            if access == Access::Write
                && let Err(error) = fs::create_dir_all(folder)
            {
                rounds += 1;
                // Somebody else may make it at the same time, or take away what it had made.
                if is_passing(&error) && rounds < MAX_ROUNDS {
                    continue;
                }
                return Err(error);
            }
            // Whoever had it before may have taken away what it had made.
            if let Some(locked) = locked(folder, access)? {
                let made = folder.ancestors().take(made).map(Path::to_owned);
                return Ok(Some(Self {
                    made: made.collect(),
                    folder: locked,
                }));
            }
            if access == Access::Read {
                return Ok(None);
            }
        }
    }

    /// Whether others are kept out.
    pub(crate) fn is_held(&self) -> bool {
        self.folder.is_some()
    }
}

impl Drop for Lock {
    /// Takes away the folders that were made and that nothing was put into.
    fn drop(&mut self) {
        for folder in &self.made {
            let _ = fs::remove_dir(folder);
        }
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound
    )
}

/// Waits for a folder; `None` where another one is there now, or none.
#[cfg(unix)]
fn locked(folder: &Path, access: Access) -> io::Result<Option<Option<File>>> {
    use std::os::unix::fs::MetadataExt as _;

    let file = match File::open(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    match access {
        Access::Read => file.lock_shared()?,
        Access::Write => file.lock()?,
    }
    let [ours, there] = [file.metadata(), fs::metadata(folder)];
    let id = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let ours = id(ours?);
    Ok(there
        .is_ok_and(|there| id(there) == ours)
        .then_some(Some(file)))
}

/// Other systems have no lock for a folder: there one process at a time is for the caller to see to.
#[cfg(not(unix))]
fn locked(_folder: &Path, _access: Access) -> io::Result<Option<Option<File>>> {
    Ok(Some(None))
}

/// How often a folder is made anew before its error is one that stays, such as a link to nowhere in its place.
const MAX_ROUNDS: u32 = 1_000;

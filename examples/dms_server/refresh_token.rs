//! The refresh token for the DM Bridge: fresh in memory, kept in its file across restarts, and warned of
//! before it ends.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use offhook_activation_code::Timestamp;
use offhook_bearer_token::{RefreshToken, RefreshTokenLife};
use offhook_onboarding::DmBridge;
use offhook_onboarding::http::{Clock, HttpDmBridge};
use tokio::sync::{Notify, watch};

use crate::config::secret;
use crate::restart::{Digest, digest};
use offhook_examples::keys::for_the_owner;

/// The DM Bridge of somebody else, and the file of the refresh token that it is asked with.
pub(crate) struct Upstream {
    bridge: Arc<HttpDmBridge>,
    file: Arc<TokenFile>,
    rotated: Arc<Notify>,
}

impl Upstream {
    /// `rotated` is told when there is another refresh token.
    pub(crate) fn new(bridge: HttpDmBridge, file: TokenFile, rotated: Arc<Notify>) -> Self {
        Self {
            bridge: Arc::new(bridge),
            file: Arc::new(file),
            rotated,
        }
    }

    pub(crate) fn bridge(&self) -> Arc<dyn DmBridge> {
        Arc::clone(&self.bridge) as Arc<dyn DmBridge>
    }

    pub(crate) fn file(&self) -> &TokenFile {
        &self.file
    }

    /// Keeps the token fresh, and in its file, until it is told to end.
    ///
    /// A refresh that a device began and left is ended here, so that no rotated token is lost with its
    /// answer; and one that no device asks for begins the life of the token anew.
    pub(crate) async fn keep(&self, clock: Arc<dyn Clock>, mut ended: watch::Receiver<bool>) {
        let mut ticks = tokio::time::interval(EVERY);
        let mut warned = None;
        let mut is_replaced = false;
        loop {
            let is_end = tokio::select! {
                _ = ticks.tick() => false,
                () = self.rotated.notified() => false,
                _ = ended.wait_for(|ended| *ended) => true,
            };
            let now = clock.now();
            if let Err(error) = self.bridge.token().get(now).await {
                let reason = &error as &dyn Error;
                tracing::error!(reason, "no access token for the DM Bridge");
            }
            let was_replaced = is_replaced;
            is_replaced = self.save().await;
            if is_replaced && !was_replaced {
                tracing::warn!(
                    "dm_bridge.refresh_token: the file holds another token, which a restart \
                     takes; the one in use is not written there"
                );
            }
            self.warn_of_its_end(&mut warned, now);
            if is_end {
                return;
            }
        }
    }

    /// Writes the token that is good now; whether that was left because the file is another's by now.
    async fn save(&self) -> bool {
        let (file, token) = (Arc::clone(&self.file), self.bridge.token().refresh_token());
        let saved = tokio::task::spawn_blocking(move || file.save(&token)).await;
        match saved.context("writing the token").flatten() {
            Ok(Saved::Already) => false,
            Ok(Saved::Foreign) => true,
            Ok(Saved::Written) => {
                tracing::info!("the rotated refresh token for the DM Bridge is kept");
                false
            }
            Err(error) => {
                tracing::error!(
                    "dm_bridge.refresh_token: the rotated token is in memory alone: {error:#}"
                );
                false
            }
        }
    }

    fn warn_of_its_end(&self, warned: &mut Option<SystemTime>, now: SystemTime) {
        let life = self.bridge.token().refresh_token_life(now);
        let told = match life {
            RefreshTokenLife::Ended { .. } => "has ended",
            RefreshTokenLife::EndsSoon { .. } => "ends soon",
            _ => return,
        };
        let is_recent = |at: SystemTime| now.duration_since(at).is_ok_and(|age| age < WARN_EVERY);
        if warned.is_some_and(is_recent) {
            return;
        }
        *warned = Some(now);
        let at = life.end().map(Timestamp::from).map(|at| at.to_string());
        tracing::warn!(
            at,
            "the refresh token for the DM Bridge {told}: have a new one issued"
        );
    }
}

/// The file of a refresh token.
pub(crate) struct TokenFile {
    path: PathBuf,
    /// What it holds, as far as this process has read or written it.
    known: Mutex<Digest>,
}

/// What was in the file.
pub(crate) struct Kept {
    pub(crate) token: RefreshToken,
    /// When it was written, which is when the token was issued, or later.
    pub(crate) written: Option<SystemTime>,
}

enum Saved {
    Already,
    /// Somebody has put another token there: that one is newer than ours.
    Foreign,
    Written,
}

impl TokenFile {
    pub(crate) fn open(path: &Path) -> anyhow::Result<(Self, Kept)> {
        let text = secret(path)?;
        let file = Self {
            path: path.to_owned(),
            known: Mutex::new(digest(text.as_bytes())),
        };
        let kept = Kept {
            token: text.parse()?,
            written: fs::metadata(path).and_then(|file| file.modified()).ok(),
        };
        Ok((file, kept))
    }

    /// Whether somebody else has written it since.
    pub(crate) fn is_foreign(&self) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        secret(&self.path).map_or(true, |text| digest(text.as_bytes()) != *known)
    }

    /// What keeps it from being written, if anything does.
    pub(crate) fn doubt(&self) -> Option<String> {
        let path = self.path.display();
        let made = real(&self.path).and_then(|path| {
            let new = beside(&path);
            match for_the_owner(&new) {
                Ok(_) => fs::remove_file(&new),
                // A server is about to write it, or died: it could be made.
                Err(_) if new.is_file() => Ok(()),
                Err(error) => Err(error),
            }
        });
        made.err().map(|error| {
            format!(
                "dm_bridge.refresh_token: {path} cannot be replaced ({error}): a token that the \
                 identity provider rotates is lost at a restart"
            )
        })
    }

    fn save(&self, token: &RefreshToken) -> anyhow::Result<Saved> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = digest(token.secret().as_bytes());
        if *known == wanted {
            return Ok(Saved::Already);
        }
        if self.path.try_exists()? {
            let found = digest(secret(&self.path)?.as_bytes());
            // It may be ours, where the folder was not synced the last time.
            if found != *known && found != wanted {
                return Ok(Saved::Foreign);
            }
        }
        let path = &self.path;
        replace(path, token.secret()).with_context(|| format!("writing {}", path.display()))?;
        *known = wanted;
        Ok(Saved::Written)
    }
}

/// Puts a file of `text` in the place of `path`: whole or not at all, be it that the machine dies.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = real(path)?;
    let new = beside(&path);
    let write = || {
        let mut file = make(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path)
    };
    write().inspect_err(|_| drop(fs::remove_file(&new)))?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// The file that `path` leads to: a link stays one.
fn real(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_owned()),
        real => real,
    }
}

/// Where what is to take the place of `path` is written first.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}

/// Makes the file anew: what is there was left by a process that died.
fn make(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    for_the_owner(path)
}

const EVERY: Duration = Duration::from_secs(60);
const WARN_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

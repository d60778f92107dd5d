//! The machine token where it survives a loss of power.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use offhook_bearer_token::AccessToken;

/// A machine token that a device has kept, and when it is to be renewed.
///
/// In the file it is a line, and a second one with the moment in seconds since the start of 1970.
#[derive(Clone, Debug)]
pub struct KeptToken {
    token: AccessToken,
    renew_at: SystemTime,
}

impl KeptToken {
    /// The token that came at `now` and is good for `lifetime`: it is to be renewed once half of that is
    /// over.
    pub(super) fn new(token: AccessToken, lifetime: Duration, now: SystemTime) -> Self {
        let renew_at = now.checked_add(lifetime / 2).unwrap_or(now);
        Self { token, renew_at }
    }

    /// The token that `file` keeps; `None` where there is no such file, or nothing in it. Without a second
    /// line it is to be renewed at once.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or holds something else.
    pub fn read(file: &Path) -> anyhow::Result<Option<Self>> {
        let told = || format!("reading {}", file.display());
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(told),
        };
        let mut lines = text.lines();
        let Some(token) = lines.next().filter(|line| !line.is_empty()) else {
            return Ok(None);
        };
        let token = token.parse().with_context(told)?;
        let seconds = lines.next().map_or(Ok(0), str::parse).with_context(told)?;
        let renew_at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
        let renew_at = renew_at.with_context(told)?;
        Ok(Some(Self { token, renew_at }))
    }

    /// Keeps the token in `file`, which holds the one before until the new one is on the disk.
    pub(super) fn write(&self, file: &Path) -> anyhow::Result<()> {
        let renew_at = self.renew_at.duration_since(SystemTime::UNIX_EPOCH);
        let new = file.with_extension("new");
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut written = options.open(&new)?;
        let token = self.token.secret();
        writeln!(
            written,
            "{token}\n{}",
            renew_at.unwrap_or_default().as_secs()
        )?;
        written.sync_all()?;
        Ok(fs::rename(new, file)?)
    }

    /// The token.
    #[must_use]
    pub const fn token(&self) -> &AccessToken {
        &self.token
    }

    /// Whether it is to be renewed at `now`.
    #[must_use]
    pub fn is_due(&self, now: SystemTime) -> bool {
        self.renew_at <= now
    }
}

//! A mail system that records what it was given.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use offhook_onboarding::{CodeMail, MailError, Mailer};

/// Records each mail as a file, `0001.eml` and so on, that only its owner can read.
#[derive(Debug)]
pub struct MailFolder {
    folder: PathBuf,
    begun: AtomicU64,
    sent: AtomicU64,
}

impl MailFolder {
    /// Mails go to `folder`, which must exist.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            begun: AtomicU64::new(0),
            sent: AtomicU64::new(0),
        }
    }

    /// The newest mail; `None` before the first.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn newest(&self) -> std::io::Result<Option<String>> {
        match self.sent.load(Ordering::Acquire) {
            0 => Ok(None),
            number => fs::read_to_string(self.path(number)).map(Some),
        }
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:04}.eml"))
    }
}

#[async_trait]
impl Mailer for MailFolder {
    async fn send(&self, mail: CodeMail) -> Result<(), MailError> {
        let number = self.begun.fetch_add(1, Ordering::Relaxed) + 1;
        let text = format!(
            "To: {}\r\nSubject: Activation code for your {}\r\n\r\nType this code on the device: \
             {}\r\n",
            mail.recipient().as_str(),
            mail.device_type(),
            mail.code(),
        );
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(self.path(number)).map_err(MailError::new)?;
        file.write_all(text.as_bytes()).map_err(MailError::new)?;
        self.sent.fetch_max(number, Ordering::Release);
        Ok(())
    }
}

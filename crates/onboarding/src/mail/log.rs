//! Mails for a laboratory, which stay on this machine.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

use super::text;
use super::thread::on_a_thread;
use crate::{CodeMail, MailError, Mailer};

/// A mailer for a laboratory: it tells the log that a mail went, and keeps the mail in a folder.
///
/// The log gets the recipient, the device type and the expiry, and never the code. The mails are
/// files `0001.eml` and so on that only their owner can read (mode 0600 on Unix); numbers go on
/// behind the files that are there already. Nothing is removed. A mail is taken once it is on the disk,
/// which a thread of its own waits for.
#[derive(Debug)]
pub struct LogMailer(Arc<Folder>);

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    begun: AtomicU64,
    sent: AtomicU64,
}

impl LogMailer {
    /// Mails go to `folder`, which must exist.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self(Arc::new(Folder {
            path: folder.to_owned(),
            begun: AtomicU64::new(0),
            sent: AtomicU64::new(0),
        }))
    }

    /// The newest mail that this mailer wrote; `None` before the first.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn newest(&self) -> io::Result<Option<String>> {
        match self.0.sent.load(Ordering::Acquire) {
            0 => Ok(None),
            number => fs::read_to_string(self.0.mail(number)).map(Some),
        }
    }
}

impl Folder {
    fn mail(&self, number: u64) -> PathBuf {
        self.path.join(format!("{number:04}.eml"))
    }

    fn keep(&self, mail: &CodeMail) -> io::Result<u64> {
        let (mut file, number) = self.create()?;
        let (recipient, subject) = (mail.recipient().as_str(), text::SUBJECT);
        write!(file, "To: {recipient}\nSubject: {subject}\n\n")?;
        file.write_all(text::body(mail).as_bytes())?;
        file.sync_all()?;
        self.sent.fetch_max(number, Ordering::Release);
        Ok(number)
    }

    /// A file that was not there, and its number.
    fn create(&self) -> io::Result<(fs::File, u64)> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        loop {
            let number = self.begun.fetch_add(1, Ordering::Relaxed) + 1;
            match options.open(self.mail(number)) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                outcome => return outcome.map(|file| (file, number)),
            }
        }
    }
}

#[async_trait]
impl Mailer for LogMailer {
    async fn send(&self, mail: CodeMail) -> Result<(), MailError> {
        let mail = Arc::new(mail);
        let (folder, kept) = (Arc::clone(&self.0), Arc::clone(&mail));
        let number = on_a_thread(move || folder.keep(&kept)).await;
        let number = number
            .and_then(|number| number)
            .map_err(MailError::failed)?;
        tracing::info!(
            recipient = mail.recipient().as_str(),
            device_type = mail.device_type(),
            expires_at = %mail.expires_at(),
            number,
            "activation code mailed to a folder"
        );
        Ok(())
    }
}

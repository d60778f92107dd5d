//! The file of secrets: a line for each, the newest of its kind first.
//!
//! ```text
//! pepper 2 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=
//! pepper 1 …
//! sealing 1 …
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use offhook_activation_code::{
    Entropy as _, Pepper, PepperId, Peppers, SealingKey, SealingKeyId, SealingKeys, SystemEntropy,
};
use zeroize::Zeroizing;

/// The secrets of an operator; in production they come from a key store.
#[derive(Debug)]
#[non_exhaustive]
pub struct Keys {
    /// For the digests of codes.
    pub peppers: Peppers,
    /// For copies of codes that administrators can read again.
    pub sealing: SealingKeys,
}

impl Keys {
    /// Reads the file, or makes it with fresh secrets where there is none.
    ///
    /// # Errors
    ///
    /// When it can be neither read nor made, or has something else in it.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        if !path.try_exists().unwrap_or(true) {
            Self::make(path)?;
        }
        Self::read(path)
    }

    /// Reads the file.
    ///
    /// # Errors
    ///
    /// When it cannot be read or has something else in it.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).map(Zeroizing::new);
        let text = text.with_context(|| format!("could not read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} is no file of keys", path.display()))
    }

    fn make(path: &Path) -> anyhow::Result<()> {
        let mut text = Zeroizing::new(String::new());
        for kind in [PEPPER, SEALING] {
            let mut secret = Zeroizing::new([0; SealingKey::BYTES]);
            SystemEntropy::new().fill(secret.as_mut_slice())?;
            let secret = Zeroizing::new(BASE64_STANDARD.encode(secret.as_slice()));
            text.push_str(&format!("{kind} 1 {}\n", secret.as_str()));
        }
        let write = || for_the_owner(path)?.write_all(text.as_bytes());
        write().with_context(|| format!("could not write {}", path.display()))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let (mut peppers, mut sealing) = (None, None);
        for (number, line) in (1..).zip(text.lines()) {
            let read = || {
                let mut words = line.split(' ');
                let (Some(kind), Some(id), Some(secret), None) =
                    (words.next(), words.next(), words.next(), words.next())
                else {
                    bail!("not a kind, a number and a secret");
                };
                let secret = BASE64_STANDARD.decode(secret).map(Zeroizing::new);
                // The decoder's own text would repeat a part of the secret.
                let Ok(secret) = secret else {
                    bail!("the secret is not base64");
                };
                Ok((kind, id.parse().context("not a number")?, secret))
            };
            let (kind, id, secret) = read().with_context(|| format!("line {number}"))?;
            match kind {
                PEPPER => {
                    let (id, pepper) = (PepperId::new(id), Pepper::new(secret.to_vec())?);
                    peppers = Some(match peppers {
                        None => Peppers::new(id, pepper),
                        Some(newer) => Peppers::with_retired(newer, id, pepper)?,
                    });
                }
                SEALING => {
                    let Ok(bytes) = secret.as_slice().try_into() else {
                        bail!("line {number}: a sealing key has 32 bytes");
                    };
                    let (id, key) = (SealingKeyId::new(id), SealingKey::new(bytes));
                    sealing = Some(match sealing {
                        None => SealingKeys::new(id, key),
                        Some(newer) => SealingKeys::with_retired(newer, id, key)?,
                    });
                }
                _ => bail!("line {number}: neither a pepper nor a sealing key"),
            }
        }
        Ok(Self {
            peppers: peppers.context("no pepper")?,
            sealing: sealing.context("no sealing key")?,
        })
    }
}

/// Makes a file that others cannot read.
///
/// # Errors
///
/// When it is there already or cannot be made.
pub fn for_the_owner(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

const PEPPER: &str = "pepper";
const SEALING: &str = "sealing";

//! A file, unpacked and verified as its content asks for.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context as _, bail};
use offhook_device_profile::payload::{decompress, decrypt, is_gzip};
use offhook_device_profile::room_os::Configuration;
use offhook_device_profile::signed::{SignedDocument, VerifyingKey};
use offhook_device_profile::{Document, Limits, SettingsError, SipSettings};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use zeroize::Zeroizing;

/// A document, and what it came in.
pub(crate) struct Found {
    pub(crate) document: Document,
    /// `gzip`, `aes128gcm` and `signed`, outermost first.
    pub(crate) packing: Vec<&'static str>,
    pub(crate) signature: Option<Signature>,
    pub(crate) length: usize,
}

/// Who signed a document.
pub(crate) struct Signature {
    pub(crate) signer: String,
    pub(crate) file_name: String,
    pub(crate) digest: String,
    pub(crate) signed_at: SystemTime,
    pub(crate) verified: bool,
}

/// The number of a line, and its settings.
pub(crate) type Line = (Option<u16>, Result<SipSettings, SettingsError>);

pub(crate) struct Reader {
    signer: Option<VerifyingKey>,
    key: Option<Zeroizing<Vec<u8>>>,
    limits: Limits,
}

impl Reader {
    pub(crate) fn new(certificate: Option<&Path>, key: Option<&Path>) -> anyhow::Result<Self> {
        let signer = certificate
            .map(|path| signer(path).with_context(|| format!("--certificate {}", path.display())));
        let key =
            key.map(|path| contents(path).with_context(|| format!("--key {}", path.display())));
        Ok(Self {
            signer: signer.transpose()?,
            key: key.transpose()?,
            limits: Limits::default(),
        })
    }

    pub(crate) fn read(&self, path: &Path) -> anyhow::Result<Found> {
        let mut bytes = contents(path)?;
        let mut packing = Vec::new();
        let mut signature = None;
        // Each layer may be there once, in any order.
        loop {
            if bytes.starts_with(OPENSSL_ENC) {
                bail!("encrypted by `openssl enc`, which is not read here");
            }
            if is_gzip(&bytes) && !packing.contains(&GZIP) {
                packing.push(GZIP);
                bytes = decompress(&bytes, &self.limits)?;
            } else if SignedDocument::is_signed(&bytes) && signature.is_none() {
                packing.push("signed");
                let (found, document) = self.verified(&bytes, path)?;
                signature = Some(found);
                bytes = document;
            } else if let Some(key) = self.key.as_ref().filter(|_| !is_text(&bytes)) {
                if packing.contains(&AES_128_GCM) {
                    bail!("no document inside of what is encrypted");
                }
                packing.push(AES_128_GCM);
                bytes = decrypt(&bytes, key, &self.limits)?.1;
            } else {
                break;
            }
        }
        if self.signer.is_some() && signature.is_none() {
            bail!("not signed, so that --certificate cannot vouch for it");
        }
        if !is_text(&bytes) {
            bail!("neither XML nor xConfiguration lines; encrypted documents need --key");
        }
        Ok(Found {
            document: document(&bytes, &self.limits)?,
            packing,
            signature,
            length: bytes.len(),
        })
    }

    fn verified(
        &self,
        bytes: &[u8],
        path: &Path,
    ) -> anyhow::Result<(Signature, Zeroizing<Vec<u8>>)> {
        let document = SignedDocument::parse(bytes, &self.limits)?;
        if let Some(key) = &self.signer {
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.context("no name that a document could be signed as")?;
            document.verify(key, name)?;
        }
        let signature = Signature {
            signer: document.signer().to_owned(),
            file_name: document.file_name().to_owned(),
            digest: format!("{:?}", document.digest()),
            signed_at: document.signed_at(),
            verified: self.signer.is_some(),
        };
        Ok((signature, Zeroizing::new(document.unverified().to_vec())))
    }
}

/// The settings of each line; of a default document those of one user.
pub(crate) fn settings(document: &Document, user: Option<&str>) -> Vec<Line> {
    if let (Document::UnifiedCm(file), Some(user)) = (document, user)
        && let Some(defaults) = file.defaults()
    {
        return vec![(None, SipSettings::from_defaults(&defaults, user))];
    }
    document.settings()
}

fn document(bytes: &[u8], limits: &Limits) -> anyhow::Result<Document> {
    if first_sign(bytes) == Some(b'<') {
        return Ok(Document::parse(bytes, limits)?);
    }
    let configuration = Configuration::parse_command_lines(bytes, limits)?;
    if configuration == Configuration::new() {
        bail!("neither XML nor xConfiguration lines");
    }
    Ok(Document::Configuration(configuration))
}

/// Whether bytes are a text that a document could be, in whatever encoding: those of ciphers are not.
fn is_text(bytes: &[u8]) -> bool {
    let is_control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    matches!(first_sign(bytes), Some(b'<' | b'x' | b'X' | b'*' | b'#'))
        && (is_wide(bytes) || std::str::from_utf8(bytes).is_ok() || !bytes.iter().any(is_control))
}

/// Whether a text begins as in UTF-16, with four characters of ASCII: a cipher hardly ever does.
fn is_wide(bytes: &[u8]) -> bool {
    let text = marked(bytes, &WIDE_MARKS);
    let begins = |is_one: fn(&[u8]) -> bool| text.len() >= 8 && text.chunks(2).take(4).all(is_one);
    begins(|pair| matches!(pair, [0, 1..=0x7f])) || begins(|pair| matches!(pair, [1..=0x7f, 0]))
}

/// The first byte of a text that is no blank and, in UTF-16, no zero.
fn first_sign(bytes: &[u8]) -> Option<u8> {
    let text = marked(marked(bytes, &[BYTE_ORDER_MARK]), &WIDE_MARKS);
    let mut signs = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    if is_wide(bytes) {
        return signs.find(|byte| **byte != 0).copied();
    }
    signs.next().copied()
}

/// What is behind the mark that a text may begin with.
fn marked<'b>(bytes: &'b [u8], marks: &[&[u8]]) -> &'b [u8] {
    let behind = marks.iter().find_map(|mark| bytes.strip_prefix(*mark));
    behind.unwrap_or(bytes)
}

fn signer(path: &Path) -> anyhow::Result<VerifyingKey> {
    let bytes = contents(path)?;
    let pem = CertificateDer::from_pem_slice(&bytes);
    let certificate = pem.unwrap_or_else(|_| CertificateDer::from(bytes.to_vec()));
    Ok(VerifyingKey::from_certificate(&certificate)?)
}

fn contents(path: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    let mut read = |file: &mut dyn io::Read| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
    let length = if path == Path::new("-") {
        read(&mut io::stdin().lock())?
    } else {
        read(&mut fs::File::open(path)?)?
    };
    if u64::try_from(length)? > MAX_FILE_BYTES {
        bail!("larger than {MAX_FILE_BYTES} bytes");
    }
    if length == 0 {
        bail!("empty");
    }
    Ok(bytes)
}

const AES_128_GCM: &str = "aes128gcm";
const GZIP: &str = "gzip";
/// What `openssl enc` begins with.
const OPENSSL_ENC: &[u8] = b"Salted__";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const WIDE_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];
/// More than any document that is read.
const MAX_FILE_BYTES: u64 = 4 << 20;

//! Envoy's `X-Forwarded-Client-Cert`.

use super::percent::Safe;
use super::{CarriedCertificates, XfccElement, escaped};
use crate::HeaderError;
use crate::chain::sha256;

/// The certificates in the element that counts, the device's own one first.
pub(super) fn certificates(
    value: &str,
    which: XfccElement,
) -> Result<CarriedCertificates, HeaderError> {
    let element = element(value, which)?;
    let cert = element
        .cert
        .map(|cert| escaped::single(cert.as_bytes(), Safe::Unreserved));
    let chain = element
        .chain
        .map(|chain| escaped::certificates(chain.as_bytes(), Safe::Unreserved));
    let carried = match (cert.transpose()?, chain.transpose()?) {
        (Some(cert), Some(chain)) if cert.end_entity != chain.end_entity => {
            return Err(HeaderError::Contradictory);
        }
        (_, Some(carried)) | (Some(carried), None) => carried,
        (None, None) => return Err(HeaderError::MissingKey),
    };
    if let Some(hash) = element.hash {
        let mut own = String::with_capacity(64);
        for byte in sha256(&carried.end_entity) {
            own.extend(hex(byte));
        }
        if !own.eq_ignore_ascii_case(hash) {
            return Err(HeaderError::Contradictory);
        }
    }
    Ok(carried)
}

/// The subject in the element that counts.
pub(super) fn subject(value: &str, which: XfccElement) -> Result<&str, HeaderError> {
    let subject = element(value, which)?.subject;
    subject.ok_or(HeaderError::MissingKey)
}

/// The name of the header in lower case.
pub(super) const NAME: &str = "x-forwarded-client-cert";

fn hex(byte: u8) -> [char; 2] {
    [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0'))
}

#[derive(Clone, Copy, Default)]
struct Element<'a> {
    hash: Option<&'a str>,
    cert: Option<&'a str>,
    chain: Option<&'a str>,
    subject: Option<&'a str>,
}

/// Reads all elements, so that a fault in one of them cannot shift the bounds of another.
fn element(value: &str, which: XfccElement) -> Result<Element<'_>, HeaderError> {
    let mut reader = Reader {
        whole: value,
        at: 0,
    };
    let mut elements = 0_usize;
    loop {
        let element = reader.element()?;
        elements += 1;
        if reader.rest().is_empty() {
            if which == XfccElement::Only && elements > 1 {
                return Err(HeaderError::List);
            }
            return Ok(element);
        }
        reader.skip_comma();
    }
}

struct Reader<'a> {
    whole: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.whole.get(self.at..).unwrap_or_default()
    }

    fn skip_comma(&mut self) {
        let rest = self.rest();
        let after = rest
            .strip_prefix(',')
            .unwrap_or(rest)
            .trim_start_matches(' ');
        self.at = self.whole.len() - after.len();
    }

    /// An element up to its comma or the end.
    fn element(&mut self) -> Result<Element<'a>, HeaderError> {
        let mut element = Element::default();
        let mut last = None;
        loop {
            let start = self.at;
            let key = self.key()?;
            // Envoy writes the keys in this order. One that comes out of turn, or twice, has
            // got there through a name of the client's that nobody has quoted.
            if last.is_some_and(|last| key < last || key == last && !key.repeats()) {
                return Err(HeaderError::BadElement { at: start });
            }
            last = Some(key);
            let value = self.value(key)?;
            match key {
                Key::Hash => element.hash = Some(value),
                Key::Cert => element.cert = Some(value),
                Key::Chain => element.chain = Some(value),
                Key::Subject => element.subject = Some(value),
                Key::By | Key::Uri | Key::Dns => {}
            }
            match self.rest().strip_prefix(';') {
                Some(_) => self.at += 1,
                None => return Ok(element),
            }
        }
    }

    fn key(&mut self) -> Result<Key, HeaderError> {
        let bad = HeaderError::BadElement { at: self.at };
        let (name, _) = self.rest().split_once('=').ok_or(bad)?;
        let key = Key::named(name).ok_or(HeaderError::BadElement { at: self.at })?;
        self.at += name.len() + 1;
        Ok(key)
    }

    /// A value up to the semicolon, the comma or the end after it.
    fn value(&mut self, key: Key) -> Result<&'a str, HeaderError> {
        let rest = self.rest();
        let Some(inner) = rest.strip_prefix('"') else {
            let value = rest.split([';', ',']).next().unwrap_or_default();
            if let Some(place) = value.find('"') {
                return Err(HeaderError::Quoted {
                    at: self.at + place,
                });
            }
            self.at += value.len();
            return Ok(value);
        };
        let start = self.at + 1;
        let (value, after) = inner
            .split_once('"')
            .ok_or(HeaderError::Quoted { at: self.at })?;
        self.at = start + value.len() + 1;
        // An escaped quotation mark is a name that means to look like the end of its value.
        if value.ends_with('\\') || !(after.is_empty() || after.starts_with([';', ','])) {
            return Err(HeaderError::Quoted { at: self.at - 1 });
        }
        if key == Key::Subject
            && let Some(place) = value.find(';')
        {
            return Err(HeaderError::BadElement { at: start + place });
        }
        Ok(value)
    }
}

/// The keys in the order in which Envoy writes them.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Key {
    By,
    Hash,
    Cert,
    Chain,
    Subject,
    Uri,
    Dns,
}

impl Key {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "By" => Self::By,
            "Hash" => Self::Hash,
            "Cert" => Self::Cert,
            "Chain" => Self::Chain,
            "Subject" => Self::Subject,
            "URI" => Self::Uri,
            "DNS" => Self::Dns,
            _ => return None,
        })
    }

    const fn repeats(self) -> bool {
        matches!(self, Self::By | Self::Uri | Self::Dns)
    }
}

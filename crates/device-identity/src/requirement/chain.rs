//! What is read of a certificate for the requirements.

use rustls_pki_types::CertificateDer;

use crate::certificate::{
    COMMON_NAME, Certificate, DNS_NAME, SUBJECT_ALTERNATIVE_NAME, Text, for_each_attribute,
};
use crate::der;
use crate::{CertificateError, Validity};

/// A certificate with its authorities.
#[derive(Debug)]
pub(super) struct Chain<'a> {
    own: Presented<'a>,
    /// Each with its position in what was described.
    authorities: Vec<(usize, Presented<'a>)>,
}

impl<'a> Chain<'a> {
    /// The chain of `certificates`, unless the holder's own is missing.
    pub(super) fn new(certificates: Vec<(usize, Presented<'a>)>) -> Option<Self> {
        let mut certificates = certificates.into_iter();
        let (0, own) = certificates.next()? else {
            return None;
        };
        Some(Self {
            own,
            authorities: certificates.collect(),
        })
    }

    /// The holder's own certificate.
    pub(super) const fn own(&self) -> &Presented<'a> {
        &self.own
    }

    /// The authorities that were described; of a self-signed certificate, itself.
    pub(super) fn authorities(&self) -> impl Iterator<Item = (usize, &Presented<'a>)> {
        let itself = self.own.is_self_issued().then_some((0, &self.own));
        let authorities = self.authorities.iter().map(|(at, read)| (*at, read));
        itself.into_iter().chain(authorities)
    }

    pub(super) fn issuer(&self) -> Option<(usize, &Presented<'a>)> {
        let first = self.authorities().next()?;
        (first.1.subject == self.own.issuer).then_some(first)
    }

    pub(super) fn root(&self) -> Option<(usize, &Presented<'a>)> {
        let last = self.authorities().last()?;
        last.1.is_self_issued().then_some(last)
    }
}

/// One certificate.
#[derive(Debug)]
pub(super) struct Presented<'a> {
    pub(super) der: &'a [u8],
    pub(super) issuer: &'a [u8],
    pub(super) subject: &'a [u8],
    pub(super) key: &'a [u8],
    pub(super) common_names: Vec<&'a str>,
    pub(super) dns_names: Vec<&'a str>,
    pub(super) xmpp_names: Vec<&'a str>,
    pub(super) usages: Option<Usages>,
}

/// What the extended key usage allows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usages {
    pub(super) client_authentication: bool,
}

impl<'a> Presented<'a> {
    pub(super) fn read(der: &'a CertificateDer<'a>) -> Result<Self, CertificateError> {
        let certificate = Certificate::read(der)?;
        Validity::in_certificate(&certificate)?;
        let mut read = Self {
            der,
            issuer: certificate.issuer().contents,
            subject: certificate.subject().contents,
            key: certificate.public_key(),
            common_names: Vec::new(),
            dns_names: Vec::new(),
            xmpp_names: Vec::new(),
            usages: None,
        };
        for_each_attribute(&certificate.subject(), |kind, value| {
            // No host is named in a wider encoding; an authority is known by the octets of its name.
            if let (COMMON_NAME, Text::Narrow(text)) = (kind, value.text()) {
                read.common_names.extend(str::from_utf8(text));
            }
            Ok(())
        })?;
        if let Some(names) = certificate.extension(SUBJECT_ALTERNATIVE_NAME)? {
            read.read_names(&names)?;
        }
        if let Some(purposes) = certificate.extension(EXTENDED_KEY_USAGE)? {
            let usages = read.usages.insert(Usages::default());
            let mut purposes = purposes.open();
            while !purposes.is_empty() {
                let purpose = purposes.expect(der::OBJECT_IDENTIFIER)?;
                usages.client_authentication |= purpose.contents == CLIENT_AUTHENTICATION;
            }
        }
        Ok(read)
    }

    fn read_names(&mut self, names: &der::Item<'a>) -> Result<(), CertificateError> {
        let mut names = names.open();
        while !names.is_empty() {
            let name = names.next()?;
            match name.tag {
                DNS_NAME => self.dns_names.extend(str::from_utf8(name.contents)),
                OTHER_NAME => {
                    let mut other = name.open();
                    let kind = other.expect(der::OBJECT_IDENTIFIER)?;
                    let mut value = other.expect(OTHER_NAME_VALUE)?.open();
                    other.finish()?;
                    if kind.contents == XMPP_ADDRESS {
                        let text = value.expect(der::UTF8_STRING)?;
                        self.xmpp_names.extend(str::from_utf8(text.contents));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether it says that it has issued itself, as roots and self-signed certificates do.
    pub(super) fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }

    /// Whether both are certificates of the same authority: one name, one key.
    pub(super) fn is_same_authority(&self, other: &Self) -> bool {
        (self.subject, self.key) == (other.subject, other.key)
    }
}

const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 29, 37];
/// 1.3.6.1.5.5.7.3.2
const CLIENT_AUTHENTICATION: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
/// 1.3.6.1.5.5.7.8.5, RFC 6120 section 13.7.1.4.
const XMPP_ADDRESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 8, 5];
const OTHER_NAME: u8 = 0xa0;
const OTHER_NAME_VALUE: u8 = 0xa0;

//! The address of a device straight from the DER of its certificate.

use crate::CertificateError;
use crate::candidate::{Candidates, Rule, twelve_digits};
use crate::der::{self, Item, Reader};

/// Every address that the certificate `der` carries, without any verification.
///
/// The subject and the subject alternative names are read, attribute by attribute, each for what
/// the makers put there; the `serialNumber` attribute and the locality, where makers put serial
/// numbers, are never read for an address. Nothing is allocated.
///
/// What comes back is no identity: for that the chain must hold, see
/// [`ChainVerifier`](crate::ChainVerifier).
///
/// # Errors
///
/// [`CertificateError`] when `der` is not one certificate of version 1 to 3 in DER, or is longer
/// than 65,539 octets.
///
/// # Source
///
/// RFC 5280 section 4.1, <https://www.rfc-editor.org/rfc/rfc5280#section-4.1>, for the
/// structure; the subjects of Cisco MPP, Cisco SPA, Cisco phones and access points, and Yealink
/// phones for the attributes.
///
/// # Examples
///
/// ```
/// use offhook_device_identity::{CertificateError, candidates};
///
/// assert_eq!(candidates(b"\x30\x00"), Err(CertificateError::Malformed { at: 2 }));
/// ```
pub fn candidates(der: &[u8]) -> Result<Candidates<'_>, CertificateError> {
    Certificate::read(der)?.candidates()
}

/// The parts of a certificate that matter here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Certificate<'a> {
    issuer: Item<'a>,
    validity: Item<'a>,
    subject: Item<'a>,
    public_key: Item<'a>,
    extensions: Option<Item<'a>>,
}

impl<'a> Certificate<'a> {
    pub(crate) fn read(der: &'a [u8]) -> Result<Self, CertificateError> {
        let mut outer = Reader::new(der);
        let certificate = outer.expect(der::SEQUENCE)?;
        outer.finish()?;

        let mut certificate = certificate.open();
        let mut body = certificate.expect(der::SEQUENCE)?.open();
        certificate.expect(der::SEQUENCE)?;
        certificate.expect(der::BIT_STRING)?;
        certificate.finish()?;

        body.optional(VERSION)?;
        body.expect(der::INTEGER)?;
        body.expect(der::SEQUENCE)?; // signature algorithm
        let issuer = body.expect(der::SEQUENCE)?;
        let validity = body.expect(der::SEQUENCE)?;
        let subject = body.expect(der::SEQUENCE)?;
        let public_key = body.expect(der::SEQUENCE)?;
        body.optional(ISSUER_UNIQUE_ID)?;
        body.optional(SUBJECT_UNIQUE_ID)?;
        let extensions = body.optional(EXTENSIONS)?;
        body.finish()?;

        Ok(Self {
            issuer,
            validity,
            subject,
            public_key,
            extensions,
        })
    }

    pub(crate) const fn issuer(&self) -> Item<'a> {
        self.issuer
    }

    pub(crate) const fn validity(&self) -> Item<'a> {
        self.validity
    }

    pub(crate) const fn subject(&self) -> Item<'a> {
        self.subject
    }

    /// The whole `SubjectPublicKeyInfo`, with tag and length.
    pub(crate) const fn public_key(&self) -> &'a [u8] {
        self.public_key.whole
    }

    pub(crate) fn candidates(&self) -> Result<Candidates<'a>, CertificateError> {
        let mut found = Candidates::default();
        read_subject(&self.subject, &mut found)?;
        if let Some(names) = self.extension(SUBJECT_ALTERNATIVE_NAME)? {
            read_alternative_names(names, &mut found)?;
        }
        Ok(found)
    }

    /// The SEQUENCE inside of the extension of this type, if there is one.
    #[inline]
    pub(crate) fn extension(&self, kind: &[u8]) -> Result<Option<Item<'a>>, CertificateError> {
        self.extensions
            .map(|extensions| extension(extensions, kind))
            .transpose()
            .map(Option::flatten)
    }
}

fn read_subject<'a>(
    subject: &Item<'a>,
    found: &mut Candidates<'a>,
) -> Result<(), CertificateError> {
    let mut unit = None;
    let mut has_locality = false;
    let mut states = Candidates::default();
    for_each_attribute(subject, |kind, text| match kind {
        COMMON_NAME => found.common_name(text),
        SERIAL_NUMBER => {}
        LOCALITY => {
            has_locality = true;
            if is_shared(text) {
                found.mark_shared();
            }
        }
        STATE => match twelve_digits(text) {
            Some(mac) => states.place(mac, Rule::CiscoMpp, None),
            None if is_shared(text) => found.mark_shared(),
            None => found.elsewhere(text),
        },
        ORGANIZATIONAL_UNIT => {
            found.elsewhere(text);
            unit = unit.or(Some(text));
        }
        _ => found.elsewhere(text),
    })?;
    if states.is_shared() {
        found.mark_shared();
    }
    // Only beside a model and a serial number is the state an address.
    let model = unit.filter(|_| has_locality);
    for state in states.iter() {
        match model {
            Some(model) => found.place(state.mac(), state.rule(), str::from_utf8(model).ok()),
            None => found.stray(state.mac()),
        }
    }
    Ok(())
}

fn read_alternative_names<'a>(
    names: Item<'a>,
    found: &mut Candidates<'a>,
) -> Result<(), CertificateError> {
    let mut names = names.open();
    while !names.is_empty() {
        let name = names.next()?;
        match name.tag {
            DNS_NAME => found.host_name(name.contents),
            MAIL_ADDRESS | RESOURCE => found.elsewhere(name.contents),
            DIRECTORY_NAME => {
                let mut directory_name = name.open();
                let inner = directory_name.expect(der::SEQUENCE)?;
                directory_name.finish()?;
                for_each_attribute(&inner, |kind, text| {
                    if !matches!(kind, SERIAL_NUMBER | LOCALITY) {
                        found.elsewhere(text);
                    }
                })?;
            }
            // Other names carry hardware serial numbers (RFC 4108), addresses octets.
            _ => {}
        }
    }
    Ok(())
}

/// Calls `each` with the type and the text of every attribute of `name`, in its order.
pub(crate) fn for_each_attribute<'a>(
    name: &Item<'a>,
    mut each: impl FnMut(&'a [u8], &'a [u8]),
) -> Result<(), CertificateError> {
    let mut name = name.open();
    while !name.is_empty() {
        let mut relative = name.expect(der::SET)?.open();
        while !relative.is_empty() {
            let mut attribute = relative.expect(der::SEQUENCE)?.open();
            let kind = attribute.expect(der::OBJECT_IDENTIFIER)?;
            let value = attribute.next()?;
            attribute.finish()?;
            if matches!(value.tag, der::BMP_STRING | der::UNIVERSAL_STRING) {
                return Err(CertificateError::WideText { at: value.at });
            }
            each(kind.contents, value.contents);
        }
    }
    Ok(())
}

#[inline]
fn extension<'a>(
    extensions: Item<'a>,
    wanted: &[u8],
) -> Result<Option<Item<'a>>, CertificateError> {
    let mut wrapper = extensions.open();
    let mut list = wrapper.expect(der::SEQUENCE)?.open();
    wrapper.finish()?;
    let mut found = None;
    while !list.is_empty() {
        let mut extension = list.expect(der::SEQUENCE)?.open();
        let kind = extension.expect(der::OBJECT_IDENTIFIER)?;
        extension.optional(der::BOOLEAN)?;
        let value = extension.expect(der::OCTET_STRING)?;
        extension.finish()?;
        if kind.contents == wanted {
            let mut value = value.open();
            let contents = value.expect(der::SEQUENCE)?;
            value.finish()?;
            // RFC 5280 section 4.2: no extension twice.
            if found.replace(contents).is_some() {
                return Err(CertificateError::Malformed { at: kind.at });
            }
        }
    }
    Ok(found)
}

/// Whether `text` is what makers write into a certificate that many devices hold.
fn is_shared(text: &[u8]) -> bool {
    text.eq_ignore_ascii_case(b"ciscogeneric")
}

pub(crate) const COMMON_NAME: &[u8] = &[0x55, 4, 3];
pub(crate) const SERIAL_NUMBER: &[u8] = &[0x55, 4, 5];
pub(crate) const LOCALITY: &[u8] = &[0x55, 4, 7];
pub(crate) const STATE: &[u8] = &[0x55, 4, 8];
pub(crate) const ORGANIZATIONAL_UNIT: &[u8] = &[0x55, 4, 11];
pub(crate) const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 29, 17];

const VERSION: u8 = 0xa0;
const ISSUER_UNIQUE_ID: u8 = 0x81;
const SUBJECT_UNIQUE_ID: u8 = 0x82;
const EXTENSIONS: u8 = 0xa3;

const MAIL_ADDRESS: u8 = 0x81;
pub(crate) const DNS_NAME: u8 = 0x82;
const DIRECTORY_NAME: u8 = 0xa4;
const RESOURCE: u8 = 0x86;

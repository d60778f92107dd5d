//! The address of a device straight from the DER of its certificate.

mod text;

use offhook_device_name::MacAddress;

use self::text::Narrowed;
pub(crate) use self::text::Text;
use crate::CertificateError;
use crate::candidate::Candidates;
use crate::der::{self, Item, Reader};
use crate::rule::{Attribute, Rule, Rules};
use crate::scan::{is_filler, twelve_digits};

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
    candidates_by(der, Rules::ALL)
}

/// Every address that the certificate `der` carries, as of [`candidates`], of which only those
/// count that have a form in `rules`.
///
/// # Errors
///
/// As of [`candidates`].
pub fn candidates_by(der: &[u8], rules: Rules) -> Result<Candidates<'_>, CertificateError> {
    Certificate::read(der)?.candidates(rules)
}

/// The parts of a certificate that matter here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Certificate<'a> {
    version: Option<Item<'a>>,
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

        let version = body.optional(VERSION)?;
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
            version,
            issuer,
            validity,
            subject,
            public_key,
            extensions,
        })
    }

    /// Whether it may issue certificates; one of version 1 or 2 cannot say so, and may.
    pub(crate) fn is_authority(&self) -> Result<bool, CertificateError> {
        if self
            .version
            .is_none_or(|version| version.contents != VERSION_3)
        {
            return Ok(true);
        }
        let Some(constraints) = self.extension(BASIC_CONSTRAINTS)? else {
            return Ok(false);
        };
        let authority = constraints.open().optional(der::BOOLEAN)?;
        Ok(authority.is_some_and(|authority| authority.contents == [0xff]))
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

    pub(crate) fn candidates(&self, rules: Rules) -> Result<Candidates<'a>, CertificateError> {
        let mut subject = Subject::by(rules);
        for_each_attribute(&self.subject, |kind, value| subject.add(kind, value.text()))?;
        let mut found = subject.finish();
        if let Some(names) = self.extension(SUBJECT_ALTERNATIVE_NAME)? {
            read_alternative_names(names, rules, &mut found)?;
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

/// What a subject says, attribute by attribute.
pub(crate) struct Subject<'a> {
    rules: Rules,
    found: Candidates<'a>,
    unit: Option<&'a [u8]>,
    has_locality: bool,
    /// Two, so that one of them differs from whatever else is found.
    states: [Option<MacAddress>; 2],
}

impl<'a> Subject<'a> {
    pub(crate) const fn by(rules: Rules) -> Self {
        Self {
            rules,
            found: Candidates::by(rules),
            unit: None,
            has_locality: false,
            states: [None; 2],
        }
    }

    #[inline]
    pub(crate) fn add(&mut self, kind: &[u8], text: Text<'a>) -> Result<(), CertificateError> {
        match text {
            Text::Narrow(text) => self.attribute(kind, text),
            Text::Wide(text) => self.wide(kind, &text.narrowed()?),
        }
        Ok(())
    }

    #[inline]
    fn attribute(&mut self, kind: &[u8], text: &'a [u8]) {
        let found = &mut self.found;
        match kind {
            LOCALITY => {
                self.has_locality = true;
                if is_shared(text) {
                    found.mark_shared();
                }
            }
            STATE if is_shared(text) => found.mark_shared(),
            ORGANIZATIONAL_UNIT => self.unit = self.unit.or(Some(text)),
            _ => {}
        }
        if !self.rules.names_no_attribute()
            && let Some(attribute) = named(kind)
            && self.rules.has_attribute(attribute)
        {
            return found.named(text, attribute);
        }
        match kind {
            COMMON_NAME => found.common_name(text),
            SERIAL_NUMBER | LOCALITY => {}
            STATE => match twelve_digits(text.trim_ascii()) {
                Some(mac) => self.state(mac),
                None => found.elsewhere(text),
            },
            _ => found.elsewhere(text),
        }
    }

    /// Reads an attribute in a wider encoding, of which the address counts but not the model.
    #[cold]
    fn wide(&mut self, kind: &[u8], narrowed: &Narrowed) {
        let mut read = Subject::by(self.rules);
        read.attribute(kind, narrowed.as_bytes());
        self.found.absorb(&read.found);
        self.has_locality |= read.has_locality;
        self.unit = self.unit.or_else(|| read.unit.map(|_| &[][..]));
        for mac in read.states.into_iter().flatten() {
            self.state(mac);
        }
    }

    fn state(&mut self, mac: MacAddress) {
        match &mut self.states {
            [first @ None, _] => *first = Some(mac),
            [Some(first), second @ None] if *first != mac => *second = Some(mac),
            _ => {}
        }
    }

    #[inline]
    pub(crate) fn finish(self) -> Candidates<'a> {
        let mut found = self.found;
        for mac in self.states.into_iter().flatten() {
            // Only beside a model and a serial number is the state an address.
            match self.unit.filter(|_| self.has_locality) {
                Some(model) => {
                    let model = str::from_utf8(model).ok();
                    let model = model.filter(|model| !model.is_empty());
                    found.place(mac, Rule::CiscoMpp, model);
                }
                None if is_filler(mac) => found.mark_shared(),
                None => found.stray(mac),
            }
        }
        found
    }
}

/// The attribute of this type that an operator can name.
fn named(kind: &[u8]) -> Option<Attribute> {
    Some(match kind {
        COMMON_NAME => Attribute::CommonName,
        LOCALITY => Attribute::Locality,
        ORGANIZATIONAL_UNIT => Attribute::OrganizationalUnit,
        SERIAL_NUMBER => Attribute::SerialNumber,
        STATE => Attribute::State,
        _ => return None,
    })
}

fn read_alternative_names<'a>(
    names: Item<'a>,
    rules: Rules,
    found: &mut Candidates<'a>,
) -> Result<(), CertificateError> {
    let mut names = names.open();
    while !names.is_empty() {
        let name = names.next()?;
        match name.tag {
            DNS_NAME | MAIL_ADDRESS | RESOURCE => {
                alternative_name(found, rules, name.tag == DNS_NAME, name.contents);
            }
            DIRECTORY_NAME => {
                let mut directory_name = name.open();
                let inner = directory_name.expect(der::SEQUENCE)?;
                directory_name.finish()?;
                for_each_attribute(&inner, |kind, value| elsewhere(found, kind, value.text()))?;
            }
            // Other names carry hardware serial numbers (RFC 4108), addresses octets.
            _ => {}
        }
    }
    Ok(())
}

/// Reads a host name, or another alternative name that is a text.
pub(crate) fn alternative_name<'a>(
    found: &mut Candidates<'a>,
    rules: Rules,
    is_host: bool,
    text: &'a [u8],
) {
    if rules.has_attribute(Attribute::AlternativeName) {
        found.named(text, Attribute::AlternativeName);
    } else if is_host {
        found.host_name(text);
    } else {
        found.elsewhere(text);
    }
}

/// Reads an attribute of a name that is not the subject.
pub(crate) fn elsewhere(
    found: &mut Candidates<'_>,
    kind: &[u8],
    text: Text<'_>,
) -> Result<(), CertificateError> {
    match (kind, text) {
        (SERIAL_NUMBER | LOCALITY, _) => {}
        (_, Text::Narrow(text)) => found.elsewhere(text),
        (_, Text::Wide(text)) => found.elsewhere(text.narrowed()?.as_bytes()),
    }
    Ok(())
}

/// Calls `each` with the type and the value of every attribute of `name`, in its order.
#[inline]
pub(crate) fn for_each_attribute<'a>(
    name: &Item<'a>,
    mut each: impl FnMut(&'a [u8], Item<'a>) -> Result<(), CertificateError>,
) -> Result<(), CertificateError> {
    let mut name = name.open();
    while !name.is_empty() {
        let mut relative = name.expect(der::SET)?.open();
        while !relative.is_empty() {
            let mut attribute = relative.expect(der::SEQUENCE)?.open();
            let kind = attribute.expect(der::OBJECT_IDENTIFIER)?;
            let value = attribute.next()?;
            attribute.finish()?;
            each(kind.contents, value)?;
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
                return Err(CertificateError::Malformed { at: kind.at() });
            }
        }
    }
    Ok(found)
}

/// Whether `text` is what makers write into a certificate that many devices hold.
pub(crate) fn is_shared(text: &[u8]) -> bool {
    text.eq_ignore_ascii_case(b"ciscogeneric")
}

pub(crate) const COMMON_NAME: &[u8] = &[0x55, 4, 3];
pub(crate) const SERIAL_NUMBER: &[u8] = &[0x55, 4, 5];
pub(crate) const LOCALITY: &[u8] = &[0x55, 4, 7];
pub(crate) const STATE: &[u8] = &[0x55, 4, 8];
pub(crate) const ORGANIZATIONAL_UNIT: &[u8] = &[0x55, 4, 11];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 29, 19];
pub(crate) const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 29, 17];

const VERSION: u8 = 0xa0;
const VERSION_3: &[u8] = &[der::INTEGER, 1, 2];
const ISSUER_UNIQUE_ID: u8 = 0x81;
const SUBJECT_UNIQUE_ID: u8 = 0x82;
const EXTENSIONS: u8 = 0xa3;

const MAIL_ADDRESS: u8 = 0x81;
pub(crate) const DNS_NAME: u8 = 0x82;
const DIRECTORY_NAME: u8 = 0xa4;
const RESOURCE: u8 = 0x86;

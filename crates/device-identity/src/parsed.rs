//! The address of a device from a certificate that has been parsed in full.

use x509_cert::Certificate;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::{Tag, Tagged as _};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

use crate::candidate::Candidates;
use crate::certificate::{self, Subject, Text, elsewhere};
use crate::rule::Rules;
use crate::{CertificateError, der};

/// Every address that `certificate` carries, of which only those count that have a form in
/// `rules`, without any verification.
///
/// It is what [`candidates_by`](crate::candidates_by) gives for the same certificate, for programs
/// that have parsed it anyway. The order of two addresses can differ where both stand in one
/// relative distinguished name.
///
/// # Errors
///
/// [`CertificateError`] when the alternative names cannot be read, or a text in UTF-16 or UTF-32 is
/// longer than any or cut off.
///
/// # Examples
///
/// ```
/// use offhook_device_identity::{Candidates, Rules, candidates_of};
/// use x509_cert::Certificate;
/// use x509_cert::der::Decode;
///
/// fn print(der: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
///     let certificate = Certificate::from_der(der)?;
///     let only = candidates_of(&certificate, Rules::ALL)?.one()?;
///     println!("{} by {}", only.mac(), only.rule());
///     Ok(())
/// }
/// # assert!(print(&[]).is_err());
/// ```
pub fn candidates_of(
    certificate: &Certificate,
    rules: Rules,
) -> Result<Candidates<'_>, CertificateError> {
    let body = certificate.tbs_certificate();
    let mut subject = Subject::by(rules);
    for attribute in attributes(body.subject()) {
        subject.add(attribute.oid.as_bytes(), value(attribute))?;
    }
    let mut found = subject.finish();
    let names = body
        .get_extension::<SubjectAltName>()
        .map_err(|_| CertificateError::AlternativeNames)?;
    for name in names.iter().flat_map(|(_, names)| &names.0) {
        let mut read = Candidates::by(rules);
        alternative_name(name, rules, &mut read)?;
        found.absorb(&read);
    }
    Ok(found)
}

fn alternative_name<'a>(
    name: &'a GeneralName,
    rules: Rules,
    found: &mut Candidates<'a>,
) -> Result<(), CertificateError> {
    let text = match name {
        GeneralName::DnsName(name) => name.as_bytes(),
        GeneralName::Rfc822Name(name) => name.as_bytes(),
        GeneralName::UniformResourceIdentifier(name) => name.as_bytes(),
        GeneralName::DirectoryName(name) => {
            return attributes(name).try_for_each(|attribute| {
                elsewhere(found, attribute.oid.as_bytes(), value(attribute))
            });
        }
        // Other names carry hardware serial numbers (RFC 4108), addresses octets.
        _ => return Ok(()),
    };
    let is_host = matches!(name, GeneralName::DnsName(_));
    certificate::alternative_name(found, rules, is_host, text);
    Ok(())
}

fn attributes(name: &Name) -> impl Iterator<Item = &AttributeTypeAndValue> {
    name.iter_rdn().flat_map(|relative| relative.iter())
}

fn value(attribute: &AttributeTypeAndValue) -> Text<'_> {
    let tag = match attribute.value.tag() {
        Tag::BmpString => der::BMP_STRING,
        // What `x509-cert` has no name for cannot have come through its parser.
        _ => der::UTF8_STRING,
    };
    Text::of(tag, attribute.value.value(), 0)
}

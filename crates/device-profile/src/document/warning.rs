//! What is no fault of a document, and may still not be meant.

use std::collections::HashSet;

use thiserror::Error;

use super::Document;
use crate::mpp::{FlatProfile, ProfileRule};
use crate::sip::{TOKEN, is_token};
use crate::unified_cm::Device;
use crate::{Limits, RuleFault, Transport};

/// Something about a document that its author may not have meant.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// A `ua` that is none of `na`, `ro` and `rw`.
    #[error("{name}: unknown user access")]
    Access {
        /// The parameter.
        name: String,
    },
    /// Phones may register by themselves, without a code.
    #[error("autoRegistration is enabled")]
    AutoRegistration,
    /// A path is one that is read here but for the case of its letters, which counts.
    #[error("{name}: passed over, {known} is written so")]
    Case {
        /// The path.
        name: String,
        /// How it is written.
        known: &'static str,
    },
    /// It is but the plain part of a document that is encrypted.
    #[error("stub of an encrypted document: its settings are elsewhere")]
    EncryptedElsewhere,
    /// Elements in a profile that are no parameters, for there are elements inside.
    #[error("{name}: elements inside, passed over")]
    Nested {
        /// The element.
        name: String,
    },
    /// A parameter is given more than once; the last one counts.
    #[error("{name}: given more than once, the last one counts")]
    Overridden {
        /// The parameter.
        name: String,
    },
    /// A line registers without TLS.
    #[error("{}registers over {}", of_line(*line), transport.as_str())]
    PlainTransport {
        /// The line, from 1; `None` where the document has one only, without a number.
        line: Option<u16>,
        /// The transport.
        transport: Transport,
    },
    /// A rule that cannot be read.
    #[error("{name}: byte {at}: {fault}")]
    Rule {
        /// The parameter.
        name: String,
        /// Where in the rule, in bytes from 0.
        at: usize,
        /// What is wrong there.
        fault: RuleFault,
    },
    /// A security mode is no known number, empty or has elements inside; no line registers.
    #[error("deviceSecurityMode: unknown number")]
    SecurityMode,
    /// The security mode is given more than once; the strictest counts.
    #[error("deviceSecurityMode: given more than once, the strictest counts")]
    SecurityModeRepeated,
    /// A text where the token to register with is looked for has characters that no bearer token has.
    #[error("{name}: no bearer token, passed over")]
    Token {
        /// The parameter.
        name: String,
    },
    /// A server's certificate is not checked.
    #[error("{name}: certificates of servers are not checked")]
    TlsVerify {
        /// The path.
        name: String,
    },
}

impl Document {
    /// What may not be meant, in no particular order.
    #[must_use]
    pub fn warnings(&self, limits: &Limits) -> Vec<Warning> {
        let mut warnings = Vec::new();
        match self {
            Self::Configuration(configuration) => {
                let is_off = |path: &&str| configuration.says(path, "Off");
                let names = ["SIP TlsVerify", "Provisioning TlsVerify"].into_iter();
                let unchecked = names.filter(is_off);
                warnings.extend(unchecked.map(|name| Warning::TlsVerify { name: name.into() }));
                warnings.extend(configuration.values().filter_map(|(path, _)| {
                    let name = path.to_string();
                    let is = |known: &&&str| known.eq_ignore_ascii_case(&name) && **known != name;
                    let known = *READ_PATHS.iter().find(is)?;
                    Some(Warning::Case { name, known })
                }));
            }
            Self::FlatProfile(profile) => of_profile(profile, limits, &mut warnings),
            Self::UnifiedCm(file) => {
                if let Some(device) = file.device() {
                    of_device(&device, &mut warnings);
                }
                let defaults = file.defaults();
                if defaults.and_then(|defaults| defaults.auto_registration()) == Some(true) {
                    warnings.push(Warning::AutoRegistration);
                }
            }
        }
        for (line, settings) in self.settings() {
            if let Ok(settings) = settings
                && matches!(settings.transport(), Transport::Tcp | Transport::Udp)
            {
                let transport = settings.transport();
                warnings.push(Warning::PlainTransport { line, transport });
            }
        }
        warnings
    }
}

fn of_profile(profile: &FlatProfile, limits: &Limits, warnings: &mut Vec<Warning>) {
    let owned = |name: &str| name.to_owned();
    let mut told = HashSet::new();
    let overridden = profile.overridden().filter(|name| told.insert(*name));
    warnings.extend(overridden.map(|name| Warning::Overridden { name: owned(name) }));
    let mut told = HashSet::new();
    warnings.extend(
        profile
            .nested()
            .filter(|name| told.insert(*name))
            .map(|name| Warning::Nested { name: owned(name) }),
    );
    let mut told = HashSet::new();
    warnings.extend(
        profile
            .unknown_access()
            .filter(|name| told.insert(*name))
            .map(|name| Warning::Access { name: owned(name) }),
    );
    if profile.text(TOKEN).is_some_and(|text| !is_token(text)) {
        warnings.push(Warning::Token { name: owned(TOKEN) });
    }
    for parameter in profile.parameters() {
        let is_rule = parameter.name == "Upgrade_Rule"
            || parameter
                .name
                .strip_prefix("Profile_Rule")
                .is_some_and(|more| more.len() <= 2);
        let Some(rule) = profile.text(parameter.name).filter(|_| is_rule) else {
            continue;
        };
        if let Err(error) = ProfileRule::parse(rule, limits) {
            warnings.push(Warning::Rule {
                name: owned(parameter.name),
                at: error.at,
                fault: error.fault,
            });
        }
    }
}

fn of_device(device: &Device<'_>, warnings: &mut Vec<Warning>) {
    if device.is_stub() {
        warnings.push(Warning::EncryptedElsewhere);
    }
    let modes = device.security_modes();
    if modes.iter().any(Option::is_none) {
        warnings.push(Warning::SecurityMode);
    }
    if modes.len() > 1 {
        warnings.push(Warning::SecurityModeRepeated);
    }
}

fn of_line(line: Option<u16>) -> String {
    line.map_or_else(String::new, |line| format!("line {line}: "))
}

/// The paths of a room device that settings and warnings are read from, as they are shown.
const READ_PATHS: [&str; 12] = [
    "NetworkServices SIP Mode",
    "Provisioning TlsVerify",
    "SIP Authentication Password",
    "SIP Authentication UserName",
    "SIP DefaultTransport",
    "SIP DisplayName",
    "SIP Proxy[1] Address",
    "SIP Proxy[2] Address",
    "SIP Proxy[3] Address",
    "SIP Proxy[4] Address",
    "SIP TlsVerify",
    "SIP URI",
];

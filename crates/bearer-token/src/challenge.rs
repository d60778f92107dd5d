//! `WWW-Authenticate` of HTTP and SIP, written and read.

use std::fmt;
use std::str::FromStr;

use http::uri::Scheme;
use http::{StatusCode, Uri};

use crate::{ChallengeError, Scope, scope};

/// The one challenge `Bearer`, as a server answers and a client reads it.
///
/// `Display` gives the header's value. A challenge for a request without credentials names no
/// error; [`CredentialsError::bearer_error`](crate::CredentialsError::bearer_error) keeps to that.
///
/// # Examples
///
/// ```
/// use offhook_bearer_token::{BearerError, Challenge, Scope};
///
/// let challenge = Challenge::new("dm")?
///     .with_scope([Scope::DM_BRIDGE_DEVICE_AUTH])
///     .with_error(BearerError::InsufficientScope);
/// assert_eq!(
///     challenge.to_string(),
///     r#"Bearer realm="dm", scope="dm-bridge:device_auth", error="insufficient_scope""#
/// );
/// # Ok::<(), offhook_bearer_token::ChallengeError>(())
/// ```
///
/// # Source
///
/// [RFC 6750 section 3](https://www.rfc-editor.org/rfc/rfc6750#section-3) and
/// [RFC 8898 section 4](https://www.rfc-editor.org/rfc/rfc8898#section-4).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Challenge {
    realm: String,
    authz_server: Option<Uri>,
    scope: Vec<Scope>,
    error: Option<BearerError>,
    error_description: Option<String>,
}

impl Challenge {
    /// A challenge of this realm and nothing else; the realm may be empty.
    ///
    /// # Errors
    ///
    /// [`ChallengeError::BadValue`] for characters other than ASCII from space to tilde.
    pub fn new(realm: &str) -> Result<Self, ChallengeError> {
        if !realm.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Err(ChallengeError::BadValue { parameter: "realm" });
        }
        Ok(Self {
            realm: realm.to_owned(),
            authz_server: None,
            scope: Vec::new(),
            error: None,
            error_description: None,
        })
    }

    /// Names the server that gives tokens out; for SIP.
    ///
    /// # Errors
    ///
    /// [`ChallengeError::BadValue`] unless it is an `https` address of ASCII characters.
    pub fn with_authz_server(mut self, server: Uri) -> Result<Self, ChallengeError> {
        let is_bad = |byte: u8| !matches!(byte, b'!'..=b'~') || matches!(byte, b'"' | b'\\');
        if server.scheme() != Some(&Scheme::HTTPS) || server.to_string().bytes().any(is_bad) {
            return Err(ChallengeError::BadValue {
                parameter: "authz_server",
            });
        }
        self.authz_server = Some(server);
        Ok(self)
    }

    /// Names the scopes that are needed.
    #[must_use]
    pub fn with_scope(mut self, scope: impl IntoIterator<Item = Scope>) -> Self {
        self.scope = scope.into_iter().collect();
        self
    }

    /// Names what was wrong with the token sent, or nothing.
    #[must_use]
    pub fn with_error(mut self, error: impl Into<Option<BearerError>>) -> Self {
        self.error = error.into();
        self
    }

    /// Adds a line for the developer of the client.
    ///
    /// # Errors
    ///
    /// [`ChallengeError::BadValue`] for characters other than ASCII from space to tilde, and for
    /// quotation mark and backslash, which the RFC leaves out here.
    pub fn with_error_description(mut self, text: &str) -> Result<Self, ChallengeError> {
        if !text
            .bytes()
            .all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'))
        {
            return Err(ChallengeError::BadValue {
                parameter: "error_description",
            });
        }
        self.error_description = Some(text.to_owned());
        Ok(self)
    }

    /// The realm.
    #[must_use]
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The server that gives tokens out.
    #[must_use]
    pub fn authz_server(&self) -> Option<&Uri> {
        self.authz_server.as_ref()
    }

    /// The scopes that are needed.
    #[must_use]
    pub fn scope(&self) -> &[Scope] {
        &self.scope
    }

    /// What was wrong with the token sent.
    #[must_use]
    pub fn error(&self) -> Option<BearerError> {
        self.error
    }

    /// The line for the developer of the client.
    #[must_use]
    pub fn error_description(&self) -> Option<&str> {
        self.error_description.as_deref()
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer realm=\"")?;
        for char in self.realm.chars() {
            if matches!(char, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{char}")?;
        }
        f.write_str("\"")?;
        if let Some(server) = &self.authz_server {
            write!(f, ", authz_server=\"{server}\"")?;
        }
        if !self.scope.is_empty() {
            write!(f, ", scope=\"{}\"", scope::join(&self.scope))?;
        }
        if let Some(error) = self.error {
            write!(f, ", error=\"{error}\"")?;
        }
        if let Some(text) = &self.error_description {
            write!(f, ", error_description=\"{text}\"")?;
        }
        Ok(())
    }
}

impl FromStr for Challenge {
    type Err = ChallengeError;

    /// Reads a header's value that holds one challenge. Parameters that we do not know are passed
    /// over, and so is an `error` that the RFC does not list; values may be quoted or bare.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MAX_BYTES {
            return Err(ChallengeError::TooLong { found: text.len() });
        }
        let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
        if !scheme.eq_ignore_ascii_case("Bearer") {
            return Err(ChallengeError::OtherScheme);
        }
        let mut challenge = Self::new("")?;
        let mut parameters = Parameters {
            text,
            rest: rest.trim_matches([' ', '\t']),
        };
        let mut seen: Vec<String> = Vec::new();
        while let Some((at, name, value)) = parameters.next()? {
            let name = name.to_ascii_lowercase();
            if seen.contains(&name) {
                return Err(ChallengeError::Duplicate { at });
            }
            if seen.len() == MAX_PARAMETERS {
                return Err(ChallengeError::Malformed { at });
            }
            challenge = challenge.set(&name, &value)?;
            seen.push(name);
        }
        Ok(challenge)
    }
}

impl Challenge {
    fn set(mut self, name: &str, value: &str) -> Result<Self, ChallengeError> {
        match name {
            "realm" => self.realm = Self::new(value)?.realm,
            "authz_server" => {
                let bad = ChallengeError::BadValue {
                    parameter: "authz_server",
                };
                self = self.with_authz_server(value.parse().map_err(|_| bad)?)?;
            }
            "scope" => {
                self.scope = value
                    .split(' ')
                    .filter(|scope| !scope.is_empty())
                    .map(str::parse)
                    .collect::<Result<_, _>>()
                    .map_err(|_| ChallengeError::BadValue { parameter: "scope" })?;
            }
            "error" => self.error = BearerError::named(value),
            "error_description" => self = self.with_error_description(value)?,
            _ => {}
        }
        Ok(self)
    }
}

/// What a challenge may say was wrong with a token.
///
/// # Source
///
/// [RFC 6750 section 3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1) and
/// [RFC 8898 section 4](https://www.rfc-editor.org/rfc/rfc8898#section-4).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum BearerError {
    /// `insufficient_scope`, answered with 403.
    InsufficientScope,
    /// `invalid_request`, answered with 400.
    InvalidRequest,
    /// `invalid_scope`, what SIP says for `insufficient_scope`; answered with 401 or 407.
    InvalidScope,
    /// `invalid_token`, answered with 401.
    InvalidToken,
}

impl BearerError {
    /// The status that goes with it.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::InsufficientScope => StatusCode::FORBIDDEN,
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::InvalidScope | Self::InvalidToken => StatusCode::UNAUTHORIZED,
        }
    }

    fn named(name: &str) -> Option<Self> {
        match name {
            "insufficient_scope" => Some(Self::InsufficientScope),
            "invalid_request" => Some(Self::InvalidRequest),
            "invalid_scope" => Some(Self::InvalidScope),
            "invalid_token" => Some(Self::InvalidToken),
            _ => None,
        }
    }
}

impl fmt::Display for BearerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InsufficientScope => "insufficient_scope",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidToken => "invalid_token",
        })
    }
}

/// The `name = value` pairs after the scheme.
struct Parameters<'t> {
    text: &'t str,
    rest: &'t str,
}

impl<'t> Parameters<'t> {
    /// The next parameter with its place, its name and its value without quotes.
    fn next(&mut self) -> Result<Option<(usize, &'t str, String)>, ChallengeError> {
        // A list may have empty elements: RFC 9110 section 5.6.1.
        self.rest = self.rest.trim_start_matches([' ', '\t', ',']);
        if self.rest.is_empty() {
            return Ok(None);
        }
        let at = self.at();
        let malformed = ChallengeError::Malformed { at };
        let (name, rest) = self.rest.split_once('=').ok_or(malformed)?;
        let name = name.trim_end_matches([' ', '\t']);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(malformed);
        }
        self.rest = rest.trim_start_matches([' ', '\t']);
        let value = match self.rest.strip_prefix('"') {
            Some(quoted) => self.quoted(quoted)?,
            None => {
                let end = self
                    .rest
                    .bytes()
                    .position(|byte| !is_token(byte))
                    .unwrap_or(self.rest.len());
                let (value, rest) = self.rest.split_at(end);
                self.rest = rest;
                value.to_owned()
            }
        };
        self.rest = self.rest.trim_start_matches([' ', '\t']);
        if !self.rest.is_empty() && !self.rest.starts_with(',') {
            return Err(ChallengeError::Malformed { at: self.at() });
        }
        Ok(Some((at, name, value)))
    }

    /// Reads up to the closing quotation mark and takes the backslashes out.
    fn quoted(&mut self, text: &'t str) -> Result<String, ChallengeError> {
        let mut value = String::new();
        let mut chars = text.chars();
        while let Some(char) = chars.next() {
            match char {
                '"' => {
                    self.rest = chars.as_str();
                    return Ok(value);
                }
                '\\' => value.extend(chars.next()),
                _ => value.push(char),
            }
        }
        Err(ChallengeError::Malformed { at: self.at() })
    }

    fn at(&self) -> usize {
        self.text.trim_end_matches([' ', '\t']).len() - self.rest.len()
    }
}

/// The `tchar` of RFC 9110 section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

const MAX_BYTES: usize = 4_096;
const MAX_PARAMETERS: usize = 32;

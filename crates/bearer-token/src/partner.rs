//! Where a release keeps the refresh token of a federation partner.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::{ParseReleaseError, PartnerError, RefreshToken};

/// A release of the server, as far as it decides where the refresh token lives.
///
/// # Source
///
/// Device integration for Webex on `BroadWorks`, configuration of Room OS services: "older than
/// 2022.10, an R23 XSP without patch AP.xsp.23.0.1075.ap383838, or an R22 XSP".
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Release {
    /// Release-independent, by year and month.
    Independent {
        /// The year, of four digits.
        year: u16,
        /// The month, from 1 to 12.
        month: u8,
    },
    /// R22.
    R22,
    /// R23 without the patch.
    R23,
    /// R23 with patch AP.xsp.23.0.1075.ap383838.
    R23Ap383838,
}

impl Release {
    /// Where this release looks for the refresh token.
    #[must_use]
    pub fn refresh_token_place(self) -> RefreshTokenPlace {
        match self {
            Self::Independent { year, month } if (year, month) < (2022, 10) => {
                RefreshTokenPlace::Federation
            }
            Self::R22 | Self::R23 => RefreshTokenPlace::Federation,
            Self::Independent { .. } | Self::R23Ap383838 => RefreshTokenPlace::Partners,
        }
    }
}

impl FromStr for Release {
    type Err = ParseReleaseError;

    /// Reads `2022.10`, `R22`, `R23` and `R23.ap383838`, in either case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "r22" => return Ok(Self::R22),
            "r23" => return Ok(Self::R23),
            "r23.ap383838" => return Ok(Self::R23Ap383838),
            _ => {}
        }
        let (year, month) = text.split_once('.').ok_or(ParseReleaseError)?;
        let is_form = year.len() == 4
            && matches!(month.len(), 1 | 2)
            && text
                .bytes()
                .all(|byte| byte == b'.' || byte.is_ascii_digit());
        let year = year.parse().map_err(|_| ParseReleaseError)?;
        let month = month.parse().map_err(|_| ParseReleaseError)?;
        if !is_form || !(1..=12).contains(&month) {
            return Err(ParseReleaseError);
        }
        Ok(Self::Independent { year, month })
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Independent { year, month } => write!(f, "{year:04}.{month:02}"),
            Self::R22 => f.write_str("R22"),
            Self::R23 => f.write_str("R23"),
            Self::R23Ap383838 => f.write_str("R23.ap383838"),
        }
    }
}

/// Which settings have the refresh token.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum RefreshTokenPlace {
    /// The federation settings; no partner need be named.
    Federation,
    /// The partner settings, under the name that the federation settings give.
    Partners,
}

/// The settings of federation and partners, which must agree.
///
/// # Examples
///
/// ```
/// use offhook_bearer_token::{PartnerSettings, Release};
///
/// let settings = PartnerSettings::new()
///     .with_partner("FederationPartner", "secret".parse()?)
///     .with_partner_name("FederationPartner");
/// let release: Release = "2022.10".parse()?;
/// assert!(settings.refresh_token(release).is_ok());
/// assert!(settings.refresh_token(Release::R22).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Source
///
/// Device integration for Webex on `BroadWorks`, configuration of Room OS services: "the partnerName
/// from the CiscoIdentityProvider/Federation context needs to match the partner added in the
/// CiscoIdentityProvider/Partners context".
#[derive(Clone, Debug, Default)]
pub struct PartnerSettings {
    partner_name: Option<String>,
    federation_token: Option<RefreshToken>,
    partners: BTreeMap<String, RefreshToken>,
}

impl PartnerSettings {
    /// Settings that say nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the partner in the federation settings (`partnerName`).
    #[must_use]
    pub fn with_partner_name(mut self, name: &str) -> Self {
        self.partner_name = Some(name.to_owned());
        self
    }

    /// Puts a refresh token into the federation settings, for older releases.
    #[must_use]
    pub fn with_federation_token(mut self, token: RefreshToken) -> Self {
        self.federation_token = Some(token);
        self
    }

    /// Adds a partner with its refresh token to the partner settings, or gives it a new one.
    #[must_use]
    pub fn with_partner(mut self, name: &str, token: RefreshToken) -> Self {
        self.partners.insert(name.to_owned(), token);
        self
    }

    /// The refresh token that this release uses. Names must agree to the letter. Where the release
    /// does not look, nothing is taken from.
    ///
    /// # Errors
    ///
    /// [`PartnerError`] with the setting that is missing or does not agree.
    pub fn refresh_token(&self, release: Release) -> Result<&RefreshToken, PartnerError> {
        if release.refresh_token_place() == RefreshTokenPlace::Federation {
            let token = self.federation_token.as_ref();
            return token.ok_or(PartnerError::NoFederationToken);
        }
        let name = self.partner_name.as_ref();
        let name = name.ok_or(PartnerError::NoPartnerName)?;
        let token = self.partners.get(name);
        token.ok_or_else(|| PartnerError::UnknownPartner { name: name.clone() })
    }
}

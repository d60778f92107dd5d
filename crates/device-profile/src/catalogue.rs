//! What the guides say that models of devices can do, and from which release on.
//!
//! A model that no guide lists for a feature may have it all the same: the catalogue says
//! [`Support::NotListed`] then, and never that it has it not.

use serde::{Serialize, Serializer};

use crate::device_type::attribute::named;
use crate::{Release, Source};

mod call_history;
mod facts;

pub use call_history::{CallHistory, CallHistoryRequest, Line, LocalReason, Owner, call_history};
pub use facts::{FACTS, MODELS};

named! {
    /// What a device can do.
    Feature;
    /// Be onboarded by an activation code.
    ActivationCode = "activation code",
    /// Search the directory of the organization.
    DirectorySearch = "directory search",
    /// Register from outside through an edge.
    RemoteAccess = "remote access",
    /// Do that with a token that is refreshed.
    RemoteAccessOAuth = "remote access with OAuth",
    /// Register with a token.
    SipOAuth = "SIP OAuth",
    /// Show the calls of all the user's devices.
    UnifiedCallHistory = "unified call history",
    /// Be onboarded to Webex.
    WebexOnboarding = "Webex onboarding",
}

named! {
    /// Of what a release is.
    ReleaseOf;
    /// CE software.
    CeSoftware = "CE software",
    /// The firmware of a telephone at Unified CM.
    Firmware = "firmware",
    /// Jabber.
    Jabber = "Jabber",
    /// Multiplatform firmware.
    MppFirmware = "MPP firmware",
    /// Room OS.
    RoomOs = "Room OS",
    /// TC software.
    TcSoftware = "TC software",
    /// Unified CM.
    UnifiedCm = "Unified CM",
}

named! {
    /// A group of models.
    Series;
    /// Cisco DX.
    Dx = "Cisco DX",
    /// Cisco IP Phone 6800, multiplatform.
    IpPhone6800 = "Cisco IP Phone 6800",
    /// Cisco IP Phone 7800.
    IpPhone7800 = "Cisco IP Phone 7800",
    /// Cisco IP Phone 8800.
    IpPhone8800 = "Cisco IP Phone 8800",
    /// Cisco Jabber.
    Jabber = "Cisco Jabber",
    /// Cisco `TelePresence`.
    TelePresence = "Cisco TelePresence",
    /// Webex Board.
    WebexBoard = "Webex Board",
    /// Webex Desk.
    WebexDesk = "Webex Desk",
    /// Webex Room.
    WebexRoom = "Webex Room",
    /// Webex Room Kit.
    WebexRoomKit = "Webex Room Kit",
}

named! {
    /// With what a device does it.
    System;
    /// Webex for Cisco `BroadWorks`.
    BroadWorks = "BroadWorks",
    /// Unified CM.
    UnifiedCm = "Unified CM",
}

/// A model of a device.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Model {
    /// Its name within the series, as `8851NR` or `Room Kit Pro`.
    pub name: &'static str,
    /// Its series.
    pub series: Series,
}

/// Something that a guide says of models.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Fact {
    /// What they can do.
    pub feature: Feature,
    /// With what.
    pub system: System,
    /// Which models: these, by their names.
    pub models: &'static [&'static str],
    /// And all of these series.
    pub series: &'static [Series],
    /// The first release with which they can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Minimum>,
    /// What has to be set for it, or is to be known besides; empty where nothing is.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub note: &'static str,
    /// Where it stands.
    pub source: Source,
}

/// The first release of something.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Minimum {
    /// Of what.
    pub of: ReleaseOf,
    /// Which, as the guide writes it.
    pub release: &'static str,
}

impl Minimum {
    /// Whether a release is this one or a later one. `12.5` alone meets `12.5(1)`, before which there is no 12.5.
    #[must_use]
    pub fn is_met_by(&self, release: Release) -> bool {
        let bare = self.release.strip_suffix("(1)").unwrap_or(self.release);
        let first: Result<Release, _> = bare.parse();
        first.is_ok_and(|first| release >= first)
    }
}

impl std::fmt::Display for Minimum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.of, self.release)
    }
}

impl Serialize for Minimum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Whether a model can do something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Support {
    /// A guide says so, and the releases that were given are recent enough.
    Listed(&'static Fact),
    /// No guide lists the model for it.
    NotListed,
    /// A guide says so, but from a release on of which none was given.
    ReleaseUnknown(&'static Fact),
    /// A guide says so, but from a later release on than was given.
    TooOld(&'static Fact),
}

/// The series of a model, whose name may have what is usual around it: `8841`, `Cisco IP Phone
/// 8841`, `CP-8841-3PCC-K9`, `Webex Room Kit Pro`.
#[must_use]
pub fn series_of(model: &str) -> Option<Series> {
    let key = key(model)?;
    if let Some(found) = MODELS.iter().find(|each| is_key(each.name, &key)) {
        return Some(found.series);
    }
    // A desk phone is no desk device.
    if words(model).any(|word| word.eq_ignore_ascii_case("phone")) {
        return None;
    }
    // Of these series every model is one of the series, whatever its name is besides.
    [
        ("roomkit", Series::WebexRoomKit),
        ("room", Series::WebexRoom),
        ("board", Series::WebexBoard),
        ("desk", Series::WebexDesk),
    ]
    .into_iter()
    .find_map(|(prefix, series)| key.starts_with(prefix).then_some(series))
}

/// All that the guides say of a model, whose name may have what is usual around it.
pub fn facts_of(model: &str) -> impl Iterator<Item = &'static Fact> {
    let key = key(model);
    let series = series_of(model);
    FACTS.iter().filter(move |fact| {
        let by_name = |key: &String| fact.models.iter().any(|name| is_key(name, key));
        series.is_some_and(|series| fact.series.contains(&series))
            || key.as_ref().is_some_and(by_name)
    })
}

/// Whether a model can do something with a system, given the releases of what is installed.
///
/// # Examples
///
/// ```
/// use offhook_device_profile::catalogue::{Feature, ReleaseOf, Support, System, support};
///
/// let installed = [(ReleaseOf::UnifiedCm, "12.5(1)".parse()?)];
/// let code = |model| support(model, Feature::ActivationCode, System::UnifiedCm, &installed);
/// assert!(matches!(code("CP-8841-K9"), Support::Listed(_)));
/// assert!(matches!(code("8832"), Support::TooOld(fact) if fact.since.is_some()));
/// assert_eq!(code("7937"), Support::NotListed);
/// # Ok::<(), offhook_device_profile::ParseReleaseError>(())
/// ```
#[must_use]
pub fn support(
    model: &str,
    feature: Feature,
    system: System,
    releases: &[(ReleaseOf, Release)],
) -> Support {
    let mut best = Support::NotListed;
    for fact in facts_of(model).filter(|fact| fact.feature == feature && fact.system == system) {
        let Some(since) = fact.since else {
            return Support::Listed(fact);
        };
        let installed = releases.iter().find(|(of, _)| *of == since.of);
        match installed {
            Some((_, release)) if since.is_met_by(*release) => return Support::Listed(fact),
            Some(_) => best = Support::TooOld(fact),
            None if best == Support::NotListed => best = Support::ReleaseUnknown(fact),
            None => {}
        }
    }
    best
}

/// What is left of a name when all is gone that is the same for many; `None` for one that is no
/// name.
fn key(model: &str) -> Option<String> {
    if model.len() > MAX_NAME_BYTES {
        return None;
    }
    let kept = words(model)
        .map(str::to_ascii_lowercase)
        .filter(|word| !NOISE.contains(&word.as_str()));
    let key: String = kept.collect();
    (!key.is_empty()).then_some(key)
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|char: char| !char.is_ascii_alphanumeric())
}

fn is_key(name: &str, key: &str) -> bool {
    let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
    letters
        .map(|byte| byte.to_ascii_lowercase())
        .eq(key.bytes())
}

const MAX_NAME_BYTES: usize = 128;
/// Words that many names have and that tell no model from another.
const NOISE: [&str; 14] = [
    "3pcc",
    "cisco",
    "conference",
    "cp",
    "ip",
    "k9",
    "mpp",
    "phone",
    "series",
    "telepresence",
    "unified",
    "video",
    "webex",
    "wireless",
];

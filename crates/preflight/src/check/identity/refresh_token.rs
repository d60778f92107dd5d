//! The refresh token by which `BroadWorks` stays federated.

use std::time::Duration;

use offhook_bearer_token::{RefreshTokenPlace, Release};

use crate::check::Checker;
use crate::rule::table as rules;
use crate::{BroadWorks, IdentityProvider, Platform, RefreshTokenContext, Severity, Why};

pub(super) fn check(checker: &mut Checker<'_>, broadworks: &BroadWorks) {
    place(checker, broadworks);
    age(checker, &broadworks.identity_provider);
}

/// Whether the token is where this release looks for it.
fn place(checker: &mut Checker<'_>, broadworks: &BroadWorks) {
    let provider = &broadworks.identity_provider;
    let context = "broadworks.identity-provider.refresh-token";
    match (
        release(broadworks).map(Release::refresh_token_place),
        provider.refresh_token,
    ) {
        (None, _) => {
            let what = "where the refresh token is looked for, for want of a release";
            checker.unknown(rules::REFRESH_TOKEN_PLACE, context, what, Why::NotDescribed);
        }
        (Some(_), None) => {
            checker.find(
                rules::REFRESH_TOKEN_PLACE,
                context,
                "no refresh token is set",
            );
        }
        (Some(RefreshTokenPlace::Federation), Some(RefreshTokenContext::Partners)) => {
            let what = "this release looks under Federation, and the token is under Partners";
            checker.find(rules::REFRESH_TOKEN_PLACE, context, what);
        }
        (Some(RefreshTokenPlace::Partners), Some(RefreshTokenContext::Federation)) => {
            let what = "this release looks under Partners, and the token is under Federation";
            checker.find(rules::REFRESH_TOKEN_PLACE, context, what);
        }
        (Some(RefreshTokenPlace::Partners), Some(RefreshTokenContext::Partners)) => {
            let path = "broadworks.identity-provider.partner-name";
            match &provider.partner_name {
                None => {
                    let what = "Federation names no partner";
                    checker.find(rules::REFRESH_TOKEN_PLACE, path, what);
                }
                Some(name) if !provider.partners.contains(name) => {
                    let what = format!("Federation names {name:?}, which is not under Partners");
                    checker.find(rules::REFRESH_TOKEN_PLACE, path, what);
                }
                Some(_) => {}
            }
        }
        _ => {}
    }
}

fn age(checker: &mut Checker<'_>, provider: &IdentityProvider) {
    if provider.refresh_token_in_use {
        return;
    }
    let path = "broadworks.identity-provider.refresh-token-issued";
    let Some(issued) = provider.refresh_token_issued else {
        let what = "how old the refresh token is";
        checker.unknown(rules::REFRESH_TOKEN_AGE, path, what, Why::NotDescribed);
        return;
    };
    let age = checker
        .now
        .duration_since(issued.start())
        .unwrap_or_default();
    // The day has no hour: the token counts as issued when it began.
    if age >= REFRESH_TOKEN_LIFETIME {
        let what = format!("the refresh token was issued on {issued}, is unused and has ended");
        checker.find(rules::REFRESH_TOKEN_AGE, path, what);
    } else if age >= REFRESH_TOKEN_LIFETIME - REFRESH_TOKEN_WARNING {
        let what = format!("the refresh token was issued on {issued}, is unused and ends soon");
        let finding = checker.finding(rules::REFRESH_TOKEN_AGE, path, what);
        checker.findings.push(finding.severe(Severity::Warning));
    }
}

/// The release that decides where the refresh token is looked for.
fn release(broadworks: &BroadWorks) -> Option<Release> {
    match (broadworks.platform, broadworks.release.numbers().first()) {
        (Platform::Adp, _) => match broadworks.adp_release.as_ref()?.numbers().as_slice() {
            [year, month, ..] => format!("{year}.{month}").parse().ok(),
            _ => None,
        },
        (Platform::Xsp, Some(22)) => Some(Release::R22),
        (Platform::Xsp, Some(23)) => {
            let mut patches = broadworks.patches.iter();
            let has = patches.any(|patch| patch.eq_ignore_ascii_case(PARTNERS_PATCH));
            Some(if has {
                Release::R23Ap383838
            } else {
                Release::R23
            })
        }
        (Platform::Xsp, _) => None,
    }
}

const PARTNERS_PATCH: &str = "AP.xsp.23.0.1075.ap383838";
/// Device integration for Webex on `BroadWorks`, validity of the refresh token: 60 days.
const REFRESH_TOKEN_LIFETIME: Duration = Duration::from_secs(60 * 24 * 60 * 60);
/// How long before its end a refresh token is warned of: 7 days, a number of this project's own.
const REFRESH_TOKEN_WARNING: Duration = Duration::from_secs(7 * 24 * 60 * 60);

//! Where each release looks for the refresh token, and which names must agree.

use offhook_bearer_token::{
    PartnerError, PartnerSettings, RefreshToken, RefreshTokenPlace, Release,
};
use proptest::prelude::*;

fn token(text: &str) -> RefreshToken {
    text.parse().unwrap()
}

#[test]
fn releases_before_2022_10_r22_and_r23_without_its_patch_look_in_the_federation_settings() {
    use RefreshTokenPlace::{Federation, Partners};
    for (text, place) in [
        ("2022.09", Federation),
        ("2022.9", Federation),
        ("2021.12", Federation),
        ("R22", Federation),
        ("r23", Federation),
        ("R23.ap383838", Partners),
        ("2022.10", Partners),
        ("2022.11", Partners),
        ("2023.01", Partners),
    ] {
        let release: Release = text.parse().unwrap();
        assert_eq!(release.refresh_token_place(), place, "{text}");
    }
    for text in [
        "", "R24", "2022", "2022.13", "2022.0", "22.10", "2022.+1", "2022.010", "R23.ap1",
    ] {
        assert!(text.parse::<Release>().is_err(), "{text}");
    }
}

#[test]
fn the_partners_name_must_agree_to_the_letter() {
    let release: Release = "2022.10".parse().unwrap();
    let settings = PartnerSettings::new().with_partner("FederationPartner", token("p1"));
    assert_eq!(
        settings.refresh_token(release).unwrap_err(),
        PartnerError::NoPartnerName
    );
    for name in ["federationpartner", "FederationPartner ", "Other", ""] {
        let settings = settings.clone().with_partner_name(name);
        let error = settings.refresh_token(release).unwrap_err();
        assert_eq!(error, PartnerError::UnknownPartner { name: name.into() });
    }
    let settings = settings.with_partner_name("FederationPartner");
    assert_eq!(settings.refresh_token(release).unwrap().secret(), "p1");
    let renewed = settings.with_partner("FederationPartner", token("p2"));
    assert_eq!(renewed.refresh_token(release).unwrap().secret(), "p2");
}

#[test]
fn no_release_takes_the_token_from_the_other_place() {
    let here = PartnerSettings::new()
        .with_partner_name("P")
        .with_partner("P", token("partner-secret"));
    assert_eq!(
        here.refresh_token(Release::R22).unwrap_err(),
        PartnerError::NoFederationToken
    );
    let there = PartnerSettings::new().with_federation_token(token("federation-secret"));
    assert_eq!(
        there.refresh_token(Release::R23Ap383838).unwrap_err(),
        PartnerError::NoPartnerName
    );
    assert_eq!(
        there.refresh_token(Release::R23).unwrap().secret(),
        "federation-secret"
    );
    let shown = format!("{here:?} {there:?}");
    assert!(!shown.contains("secret"), "{shown}");
}

proptest! {
    #[test]
    fn what_is_written_of_a_release_is_read_again(year in 1000_u16..=9999, month in 1_u8..=12) {
        let release = Release::Independent { year, month };
        prop_assert_eq!(release.to_string().parse(), Ok(release));
    }
}

#[test]
fn named_releases_are_written_and_read_again() {
    for release in [Release::R22, Release::R23, Release::R23Ap383838] {
        assert_eq!(release.to_string().parse(), Ok(release));
    }
}

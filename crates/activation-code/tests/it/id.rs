use offhook_activation_code::{ClaimantKey, CodeId, ParseIdError, RedemptionKey, TenantId};

use crate::support::Seeded;

#[test]
fn names_have_no_separator_and_no_control_character() {
    let cases = [
        ("", ParseIdError::Empty),
        ("a|b", ParseIdError::BadCharacter { at: 1 }),
        ("é\n", ParseIdError::BadCharacter { at: 1 }),
        (&"a".repeat(81), ParseIdError::TooLong),
    ];
    for (text, err) in cases {
        assert_eq!(TenantId::new(text), Err(err), "{text:?}");
    }
    let longest = "é".repeat(80);
    assert_eq!(TenantId::new(&longest).unwrap().as_str(), longest);
}

#[test]
fn code_ids_are_random_uuids() {
    let id = CodeId::draw(&mut Seeded(3)).unwrap();
    assert_eq!(id.as_uuid().get_version_num(), 4);
    assert_eq!(CodeId::from_uuid(*id.as_uuid()), id);
}

#[test]
fn a_redemption_key_survives_the_way_through_its_text() {
    let key = RedemptionKey::draw(&mut Seeded(4)).unwrap();
    let back: RedemptionKey = key.secret().parse().unwrap();
    assert_eq!(back.claimant_key(), key.claimant_key());
    "00".parse::<RedemptionKey>().unwrap_err();
}

#[test]
fn claimant_keys_of_the_two_kinds_are_never_the_same() {
    let certificate = ClaimantKey::Certificate([1; 32]);
    let redemption = ClaimantKey::RedemptionKey([1; 32]);
    assert_ne!(certificate, redemption);
    for key in [certificate, redemption] {
        assert_eq!(key.to_string().parse(), Ok(key));
    }
    for text in ["", "certificate:", "certificate:00", "other:00"] {
        text.parse::<ClaimantKey>().unwrap_err();
    }
}

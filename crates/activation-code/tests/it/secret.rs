//! No `Debug` text and no error has a secret in it.

use std::error::Error;
use std::fmt::Debug;

use offhook_activation_code::{
    ActivationCode, AuthenticationString, Binding, CodeTable, IssueError, Pepper, PepperId,
    Peppers, RedeemError, RedemptionKey, SealingKey, SealingKeyId, SealingKeys,
};
use offhook_device_name::MacAddress;

use crate::support::{Seeded, device, new_code, now, redemption, tenant};

const DIGITS: &str = "8241973650918273";
const SEALING_KEY: [u8; 32] = *b"canary-sealed-canary-sealed-0001";
const PEPPER: [u8; 32] = *b"canary-pepper-canary-pepper-0001";

#[test]
fn no_debug_text_and_no_error_shows_a_secret() {
    let entropy = &mut Seeded(1);
    let code: ActivationCode = DIGITS.parse().unwrap();
    let key = RedemptionKey::draw(entropy).unwrap();
    let peppers = Peppers::new(PepperId::new(1), Pepper::new(PEPPER.to_vec()).unwrap());
    let digest = *peppers.digest(&tenant(), &code).as_bytes();
    let mut table = CodeTable::new();
    let new = new_code(&code, Binding::Mac(MacAddress::new([1; 6])), entropy);
    let redeem = redemption(&code, device(1), entropy);

    let mut texts = vec![
        debug(&code),
        debug(&key),
        debug(&peppers),
        debug(&new),
        debug(&redeem),
    ];
    texts.push(debug(&peppers.digests(&tenant(), &code)));
    texts.extend(error(&table.redeem(&redeem, now()).unwrap_err()));
    table.issue(&new, now()).unwrap();
    texts.push(debug(&table));
    texts.extend(error(&IssueError::Refused(
        table.issue(&new, now()).unwrap_err(),
    )));
    texts.extend(error(&table.redeem(&redeem, now()).unwrap_err()));
    texts.extend(error(
        &format!("{DIGITS}1").parse::<ActivationCode>().unwrap_err(),
    ));
    texts.extend(error(
        &format!("{DIGITS}x").parse::<ActivationCode>().unwrap_err(),
    ));
    let bad_key = format!("{}x", key.secret().as_str());
    texts.extend(error(&bad_key.parse::<RedemptionKey>().unwrap_err()));
    texts.extend(error(&Pepper::new(PEPPER[..31].to_vec()).unwrap_err()));
    let id = new.id();
    let keys = SealingKeys::new(SealingKeyId::new(1), SealingKey::new(SEALING_KEY));
    let sealed = keys.seal(&code, &tenant(), id, entropy).unwrap();
    texts.extend([
        debug(&keys),
        debug(&sealed),
        debug(&new.with_sealed(sealed)),
    ]);
    let stranger = tenant().as_str().to_uppercase().parse().unwrap();
    texts.extend(error(&keys.open(&sealed, &stranger, id).unwrap_err()));
    let string: AuthenticationString = DIGITS[..10].parse().unwrap();
    texts.push(debug(&string));
    texts.extend(error(
        &DIGITS[..11].parse::<AuthenticationString>().unwrap_err(),
    ));
    #[cfg(feature = "qr")]
    texts.push(debug(
        &offhook_activation_code::QrPicture::new(&code).unwrap(),
    ));

    let secrets = [
        DIGITS[..4].to_owned(),
        DIGITS[12..].to_owned(),
        "canary".to_owned(),
        format!("{:?}", &PEPPER[..4]).replace(['[', ']'], ""),
        key.secret()[..8].to_owned(),
        format!("{:?}", &digest[..3]).replace(['[', ']'], ""),
        format!("{:?}", &SEALING_KEY[..4]).replace(['[', ']'], ""),
        format!("{:?}", &sealed.as_bytes()[20..24]).replace(['[', ']'], ""),
    ];
    for text in texts {
        for secret in &secrets {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

#[test]
fn the_reason_of_a_refusal_is_in_no_text_of_the_error_chain() {
    let entropy = &mut Seeded(2);
    let code: ActivationCode = DIGITS.parse().unwrap();
    let mut table = CodeTable::new();
    let redeem = redemption(&code, device(1), entropy);
    let unknown = table.redeem(&redeem, now()).unwrap_err();
    let new = new_code(&code, Binding::Mac(MacAddress::new([1; 6])), entropy);
    table.issue(&new, now()).unwrap();
    let wrong_mac = table.redeem(&redeem, now()).unwrap_err();
    for err in [unknown, wrong_mac] {
        assert!(matches!(err, RedeemError::Refused(_)));
        assert_eq!(err.to_string(), "activation code refused");
        assert!(err.source().is_none());
    }
}

fn debug(value: &dyn Debug) -> String {
    format!("{value:?} {value:#?}")
}

fn error(error: &dyn Error) -> Vec<String> {
    let mut texts = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        texts.push(format!("{error} {error:?}"));
        next = error.source();
    }
    texts
}

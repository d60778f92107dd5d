use offhook_activation_code::{
    ActivationCode, Binding, CodeId, CodeTable, Page, ParseSealedCodeError, Replacement, SealError,
    SealedCode, SealingKey, SealingKeyId, SealingKeys, TenantId, UnsealError,
};
use offhook_device_name::DeviceModel;

use crate::support::{Seeded, device, new_code, now, peppers, redemption, tenant};

fn keys() -> SealingKeys {
    SealingKeys::new(SealingKeyId::new(1), SealingKey::new([5; 32]))
}

fn code() -> ActivationCode {
    "0234-5678-9012-3456".parse().unwrap()
}

#[test]
fn a_sealed_code_opens_as_the_same_code() {
    let entropy = &mut Seeded(1);
    let id = CodeId::draw(entropy).unwrap();
    let sealed = keys().seal(&code(), &tenant(), id, entropy).unwrap();
    let kept = SealedCode::from_slice(sealed.as_bytes()).unwrap();
    assert_eq!((kept, kept.key_id()), (sealed, SealingKeyId::new(1)));
    let opened = keys().open(&kept, &tenant(), id).unwrap();
    assert_eq!(opened.to_string(), "0234-5678-9012-3456");
    let again = keys().seal(&code(), &tenant(), id, entropy).unwrap();
    assert_ne!(again, sealed, "each box has a nonce of its own");
}

#[test]
fn a_box_of_another_code_tenant_or_key_or_with_a_changed_bit_stays_shut() {
    let entropy = &mut Seeded(2);
    let (id, other) = (
        CodeId::draw(entropy).unwrap(),
        CodeId::draw(entropy).unwrap(),
    );
    let sealed = keys().seal(&code(), &tenant(), id, entropy).unwrap();
    let shut = |answer: Result<ActivationCode, UnsealError>| answer.unwrap_err();
    let stranger: TenantId = "acme2".parse().unwrap();
    assert_eq!(
        shut(keys().open(&sealed, &tenant(), other)),
        UnsealError::NotAuthentic
    );
    assert_eq!(
        shut(keys().open(&sealed, &stranger, id)),
        UnsealError::NotAuthentic
    );
    let wrong = SealingKeys::new(SealingKeyId::new(1), SealingKey::new([6; 32]));
    assert_eq!(
        shut(wrong.open(&sealed, &tenant(), id)),
        UnsealError::NotAuthentic
    );
    for at in 0..SealedCode::BYTES * 8 {
        let mut bytes = *sealed.as_bytes();
        bytes[at / 8] ^= 1 << (at % 8);
        let opened = match SealedCode::from_slice(&bytes) {
            Ok(sealed) => keys().open(&sealed, &tenant(), id).map_err(drop),
            Err(ParseSealedCodeError { .. }) => Err(()),
        };
        assert!(opened.is_err(), "bit {at}");
    }
    for length in [0, SealedCode::BYTES - 1, SealedCode::BYTES + 1] {
        SealedCode::from_slice(&vec![1; length]).unwrap_err();
    }
}

#[test]
fn a_retired_key_opens_what_it_sealed_and_a_key_that_is_gone_is_named() {
    let entropy = &mut Seeded(3);
    let id = CodeId::draw(entropy).unwrap();
    let sealed = keys().seal(&code(), &tenant(), id, entropy).unwrap();
    let fresh = SealingKeys::new(SealingKeyId::new(2), SealingKey::new([6; 32]));
    let gone = UnsealError::UnknownKey {
        id: SealingKeyId::new(1),
    };
    assert_eq!(fresh.open(&sealed, &tenant(), id).unwrap_err(), gone);
    let rotated = fresh
        .with_retired(SealingKeyId::new(1), SealingKey::new([5; 32]))
        .unwrap();
    rotated.open(&sealed, &tenant(), id).unwrap();
    let twice = rotated.with_retired(SealingKeyId::new(2), SealingKey::new([7; 32]));
    let duplicate = SealError::DuplicateId {
        id: SealingKeyId::new(2),
    };
    assert_eq!(twice.unwrap_err(), duplicate);
}

/// An administrator reads the code as long as it is outstanding; the copy of a replaced code is
/// gone with it.
#[test]
fn the_copy_is_there_while_the_code_is_outstanding_and_no_longer() {
    let entropy = &mut Seeded(4);
    let model = DeviceModel::new("CP-8841-3PCC").unwrap();
    let mut table = CodeTable::new();
    let code = code();
    let new = new_code(&code, Binding::Model(model.clone()), entropy);
    let sealed = keys().seal(&code, &tenant(), new.id(), entropy).unwrap();
    table
        .issue(&new.clone().with_sealed(sealed), now())
        .unwrap();
    let listed = table.outstanding(&tenant(), Page::first(1), now());
    assert_eq!(listed[0].sealed(), Some(&sealed));

    let second = ActivationCode::draw(entropy).unwrap();
    let id = CodeId::draw(entropy).unwrap();
    let digests = peppers().digests(&tenant(), &second);
    let replacement = Replacement::new(id, digests, &Default::default(), now());
    let copy = keys().seal(&second, &tenant(), id, entropy).unwrap();
    let issued = table
        .reissue(new.id(), &replacement.with_sealed(copy))
        .unwrap();
    let opened = keys()
        .open(issued.sealed().unwrap(), &tenant(), id)
        .unwrap();
    assert_eq!(opened.to_string(), second.to_string());

    let redeem = redemption(&second, device(1).with_model(model), entropy);
    table.redeem(&redeem, now()).unwrap();
    assert!(
        table
            .outstanding(&tenant(), Page::first(9), now())
            .is_empty()
    );
    let kept = format!("{table:?}");
    assert!(!kept.contains("SealedCode"), "{kept}");
}

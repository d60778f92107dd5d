use offhook_device_name::{DeviceName, DeviceNameKind, MacAddress, ParseDeviceNameError};
use proptest::prelude::*;

#[test]
fn a_phone_is_named_by_its_address() {
    let mac = MacAddress::new([0, 0x0e, 8, 0xab, 0xcd, 0xef]);
    let name = DeviceName::sep(mac);
    assert_eq!(name.as_str(), "SEP000E08ABCDEF");
    assert_eq!("SEP000e08abcdef".parse(), Ok(name.clone()));
    assert_eq!(name.mac(), Some(mac));
}

#[test]
fn a_dummy_name_holds_no_address() {
    let name = DeviceName::bat([1; 6]);
    assert_eq!(name.kind(), DeviceNameKind::Bat);
    assert_eq!(name.mac(), None);
}

#[test]
fn softphone_names_follow_the_rules_of_their_kind() {
    use ParseDeviceNameError::{BadCharacter, NotTwelveDigits, TooLong, TooShort, UnknownPrefix};
    for good in [
        "CSFJdoe12",
        "TCTJ.DOE-1_",
        "TABJDOE",
        "BOTJDOE",
        "CSF012345678901",
    ] {
        assert_eq!(
            good.parse::<DeviceName>().map(|n| n.to_string()),
            Ok(good.into())
        );
    }
    for (bad, error) in [
        ("", UnknownPrefix),
        ("sep000e08abcdef", UnknownPrefix),
        ("XYZ000e08abcdef", UnknownPrefix),
        ("SEP000e08abcde", NotTwelveDigits),
        ("SEP000e08abcdeg", NotTwelveDigits),
        ("BAT000e08abcdef0", NotTwelveDigits),
        ("CSF", TooShort),
        ("CSFj.doe", BadCharacter { at: 4 }),
        ("TCTjdoe", BadCharacter { at: 3 }),
        ("TCTJDÖE", BadCharacter { at: 5 }),
        ("CSF0123456789012", TooLong),
    ] {
        assert_eq!(bad.parse::<DeviceName>(), Err(error), "{bad}");
    }
}

proptest! {
    #[test]
    fn what_is_read_reads_back(text in "(SEP|BAT|CSF|TCT|TAB|BOT)[A-Za-z0-9._-]{0,13}") {
        if let Ok(name) = text.parse::<DeviceName>() {
            prop_assert_eq!(name.to_string().parse(), Ok(name));
        }
    }
}

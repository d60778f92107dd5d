use offhook_device_name::{DeviceName, DeviceNameKind, SoftphoneError, Softphones};

fn name(text: &str) -> DeviceName {
    text.parse().unwrap()
}

#[test]
fn a_user_has_one_softphone_of_each_kind() {
    let mut softphones = Softphones::default();
    for text in ["CSFjdoe", "TCTJDOE", "TABJDOE", "BOTJDOE"] {
        softphones.add(name(text)).unwrap();
    }
    assert_eq!(softphones.iter().count(), 4);
    for (second, first) in [
        ("CSFjohn", "CSFjdoe"),
        ("TCTJOHN", "TCTJDOE"),
        ("TABJOHN", "TABJDOE"),
        ("BOTJOHN", "BOTJDOE"),
    ] {
        let error = SoftphoneError::Another { name: name(first) };
        assert_eq!(softphones.add(name(second)), Err(error));
    }
    assert_eq!(softphones.add(name("CSFjdoe")), Ok(()));
    assert_eq!(softphones.iter().count(), 4);
}

#[test]
fn another_softphone_takes_the_place_of_one_that_was_removed() {
    let mut softphones = Softphones::default();
    softphones.add(name("CSFjdoe")).unwrap();
    let removed = softphones.remove(DeviceNameKind::Csf);
    assert_eq!(removed, Some(name("CSFjdoe")));
    assert_eq!(softphones.remove(DeviceNameKind::Csf), None);
    softphones.add(name("CSFjohn")).unwrap();
    assert_eq!(softphones.of(DeviceNameKind::Csf), Some(&name("CSFjohn")));
}

#[test]
fn a_phone_is_no_softphone() {
    let mut softphones = Softphones::default();
    for text in ["SEP000E08ABCDEF", "BAT000E08ABCDEF"] {
        let refused = softphones.add(name(text));
        assert_eq!(refused, Err(SoftphoneError::NotASoftphone));
    }
}

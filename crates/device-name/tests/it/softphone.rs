use offhook_device_name::{DeviceNameKind, SoftphoneError, Softphones};

#[test]
fn a_user_has_one_softphone_of_each_kind() {
    let mut softphones = Softphones::default();
    for text in ["CSFjdoe", "TCTJDOE", "TABJDOE", "BOTJDOE"] {
        softphones.add(text.parse().unwrap()).unwrap();
    }
    assert_eq!(softphones.iter().count(), 4);
    for (second, first) in [
        ("CSFjohn", "CSFjdoe"),
        ("TCTJOHN", "TCTJDOE"),
        ("TABJOHN", "TABJDOE"),
        ("BOTJOHN", "BOTJDOE"),
    ] {
        let name = first.parse().unwrap();
        let error = SoftphoneError::Another { name };
        assert_eq!(softphones.add(second.parse().unwrap()), Err(error));
    }
    assert_eq!(softphones.add("CSFjdoe".parse().unwrap()), Ok(()));
    assert_eq!(softphones.iter().count(), 4);
}

#[test]
fn another_softphone_takes_the_place_of_one_that_was_removed() {
    let mut softphones = Softphones::default();
    softphones.add("CSFjdoe".parse().unwrap()).unwrap();
    let removed = softphones.remove(DeviceNameKind::Csf);
    assert_eq!(removed.unwrap().as_str(), "CSFjdoe");
    assert_eq!(softphones.remove(DeviceNameKind::Csf), None);
    softphones.add("CSFjohn".parse().unwrap()).unwrap();
    let now = softphones.of(DeviceNameKind::Csf).unwrap();
    assert_eq!(now.as_str(), "CSFjohn");
}

#[test]
fn a_phone_is_no_softphone() {
    let mut softphones = Softphones::default();
    for text in ["SEP000E08ABCDEF", "BAT000E08ABCDEF"] {
        let refused = softphones.add(text.parse().unwrap());
        assert_eq!(refused, Err(SoftphoneError::NotASoftphone));
    }
}

use offhook_device_name::{DeviceModel, ParseDeviceModelError};

#[test]
fn a_model_has_one_to_forty_characters() {
    assert_eq!(DeviceModel::new(""), Err(ParseDeviceModelError::Empty));
    assert!(DeviceModel::new(&"é".repeat(40)).is_ok());
    assert_eq!(
        DeviceModel::new(&"é".repeat(41)),
        Err(ParseDeviceModelError::TooLong)
    );
}

#[test]
fn control_characters_and_outer_white_space_are_refused_with_the_place() {
    for (text, at) in [(" Desk", 0), ("Desk ", 4), ("De\nsk", 2), ("Desk\u{7f}", 4)] {
        assert_eq!(
            DeviceModel::new(text),
            Err(ParseDeviceModelError::BadCharacter { at }),
            "{text:?}"
        );
    }
    assert!(DeviceModel::new("Cisco Desk Pro").is_ok());
}

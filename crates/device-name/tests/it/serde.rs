use offhook_device_name::{DeviceModel, DeviceName, MacAddress};

#[test]
fn all_three_are_written_and_read_as_text() {
    let mac = MacAddress::new([0, 0x0e, 8, 0xab, 0xcd, 0xef]);
    let model = DeviceModel::new("Cisco Desk Pro").unwrap();
    let all = (mac, DeviceName::sep(mac), model);
    let json = serde_json::to_string(&all).unwrap();
    assert_eq!(
        json,
        r#"["000E08ABCDEF","SEP000E08ABCDEF","Cisco Desk Pro"]"#
    );
    assert_eq!(
        serde_json::from_str::<(MacAddress, DeviceName, DeviceModel)>(&json).unwrap(),
        all
    );
    assert!(serde_json::from_str::<MacAddress>(r#""000E08ABCDE""#).is_err());
}

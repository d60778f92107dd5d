#![no_main]

use offhook_device_name::{DeviceModel, DeviceName, MacAddress};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(mac) = text.parse::<MacAddress>() {
        assert_eq!(mac.to_string().parse(), Ok(mac));
    }
    if let Ok(name) = text.parse::<DeviceName>() {
        assert_eq!(name.to_string().parse(), Ok(name));
    }
    if let Ok(model) = text.parse::<DeviceModel>() {
        assert_eq!(model.as_str(), text);
    }
});

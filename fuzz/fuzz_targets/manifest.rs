//! A manifest of any form: what is read as a part of one is written so that the same is read
//! again, and the rules look at it without end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_device_profile::{
    DeviceFamily, DeviceProfile, DeviceType, Onboarding, TagLevel, TagSet, TagTable,
};

fuzz_target!(|data: &[u8]| {
    if let Ok(family) = serde_json::from_slice::<DeviceFamily>(data) {
        let json = serde_json::to_vec(&family).expect("a family is written");
        let again: DeviceFamily = serde_json::from_slice(&json).expect("and read");
        assert_eq!(again, family);
        let _ = family.violations();
    }
    if let Ok(device_type) = serde_json::from_slice::<DeviceType>(data) {
        let json = serde_json::to_vec(&device_type).expect("a type is written");
        let again: DeviceType = serde_json::from_slice(&json).expect("and read");
        assert_eq!(again, device_type);
        let _ = device_type.violations();
    }
    if let Ok(profile) = serde_json::from_slice::<DeviceProfile>(data) {
        let json = serde_json::to_vec(&profile).expect("a profile is written");
        let again: DeviceProfile = serde_json::from_slice(&json).expect("and read");
        assert_eq!(again, profile);
        let _ = profile.violations(&DeviceType::default(), Onboarding::ActivationCode);
    }
    if let Ok(tag_set) = serde_json::from_slice::<TagSet>(data) {
        let mut table = TagTable::new();
        let is_set = table.set_all(TagLevel::Group, &tag_set, Some("NO")).is_ok();
        assert_eq!(is_set, tag_set.violations().is_empty());
        if is_set {
            assert_eq!(table.effective().count(), tag_set.tags.len());
        }
    }
});

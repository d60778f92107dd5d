use offhook_device_name::{MacAddress, ParseMacAddressError};
use proptest::prelude::*;

#[test]
fn every_usual_spelling_is_the_same_address() {
    let mac = MacAddress::new([0x00, 0x0e, 0x08, 0xab, 0xcd, 0xef]);
    for text in [
        "000e08abcdef",
        "000E08ABCDEF",
        "00:0e:08:ab:cd:ef",
        "00-0E-08-AB-CD-EF",
        "00.0e.08.ab.cd.ef",
        "000e.08ab.cdef",
        "000e-08ab-cdef",
        "000e:08ab:cdef",
        "000e08-abcdef",
        "000E08:ABCDEF",
    ] {
        assert_eq!(text.parse(), Ok(mac), "{text}");
    }
    assert_eq!(mac.separated(':').to_string(), "00:0e:08:ab:cd:ef");
    assert_eq!(format!("{mac} {mac:x}"), "000E08ABCDEF 000e08abcdef");
}

#[test]
fn what_is_no_address_is_refused_with_the_place() {
    use ParseMacAddressError::{BadCharacter, WrongGroup, WrongLength};
    for (text, error) in [
        ("", WrongLength { found: 0 }),
        ("000e08abcde", WrongLength { found: 11 }),
        ("000e08abcdef0", WrongLength { found: 13 }),
        ("000e08abcdeg", BadCharacter { at: 11 }),
        ("00:0e:08-ab:cd:ef", BadCharacter { at: 8 }),
        ("00 0e 08 ab cd ef", BadCharacter { at: 2 }),
        ("000:e0:8a:bc:de:f", WrongGroup { at: 3 }),
        ("00:0e:08:ab:cdef", WrongGroup { at: 16 }),
        ("00:0e:08:ab:cd:ef:", WrongGroup { at: 18 }),
        (":000e08abcdef", WrongGroup { at: 0 }),
        ("000.e08.abc.def", WrongGroup { at: 3 }),
        ("000e.08ab-cdef", BadCharacter { at: 9 }),
        ("00:0e:08ab:cdef", WrongGroup { at: 10 }),
        ("000e08ab:cdef", WrongGroup { at: 8 }),
        ("000e08ab\u{ff43}def", BadCharacter { at: 8 }),
    ] {
        assert_eq!(text.parse::<MacAddress>(), Err(error), "{text}");
    }
}

#[test]
fn group_and_local_bits_are_told_apart() {
    assert!(MacAddress::new([1, 0, 0, 0, 0, 0]).is_multicast());
    assert!(!MacAddress::new([2, 0, 0, 0, 0, 0]).is_multicast());
    assert!(MacAddress::new([2, 0, 0, 0, 0, 0]).is_locally_administered());
    assert!(!MacAddress::new([1, 0, 0, 0, 0, 0]).is_locally_administered());
}

proptest! {
    #[test]
    fn what_is_written_reads_back(octets: [u8; 6]) {
        let mac = MacAddress::new(octets);
        prop_assert_eq!(mac.to_string().parse(), Ok(mac));
        prop_assert_eq!(format!("{mac:x}").parse(), Ok(mac));
        prop_assert_eq!(mac.separated('-').to_string().parse(), Ok(mac));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,40}") {
        let _ = text.parse::<MacAddress>();
    }
}

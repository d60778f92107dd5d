//! Any document: what we read as XML roxmltree reads too, and nobody differs from himself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_device_profile::{Document, Limits};

fuzz_target!(|data: &[u8]| {
    let limits = Limits::default();
    let Ok(document) = Document::parse(data, &limits) else {
        return;
    };
    let text = std::str::from_utf8(data).expect("it was read");
    // Namespaces are nothing to us, and everything to it.
    if !text.contains(':') && !text.contains("xmlns") {
        roxmltree::Document::parse(text).expect("well-formed");
    }
    assert_eq!(document.differences(&document).expect("one kind"), []);
    let _ = document.warnings(&limits);
    let _ = document.settings();
});

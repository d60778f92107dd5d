//! What is left of secrets in the memory of the process once they are dropped.

use std::fs::{File, read_to_string};
use std::os::unix::fs::FileExt;

use offhook_device_profile::mpp::FlatProfile;
use offhook_device_profile::room_os::Configuration;
use offhook_device_profile::{Escape, Limits, TagTable, substitute};

/// A text that nothing else in this process has: in its middle a run of one letter and a number.
/// The beginning is no place to look at, for the allocator writes there itself.
fn secret(number: u32) -> String {
    let [run, rest] = ["Q".repeat(RUN_BYTES), "z".repeat(MIDDLE)];
    // With room for all of it, for a text that moves leaves itself behind.
    let mut secret = String::with_capacity(2 * MIDDLE + RUN_BYTES + 16);
    secret.extend([&rest, &run, &format!("{number:016}"), &rest].map(String::as_str));
    secret
}

/// How often `secret` stands in memory that can be written to.
fn traces(secret: &str) -> usize {
    let needle = &secret.as_bytes()[MIDDLE..MIDDLE + RUN_BYTES + 16];
    let memory = File::open("/proc/self/mem").unwrap();
    let mut page = [0; 4_096];
    let mut around = [0; 2 * RUN_BYTES + 16];
    let mut found = 0;
    for line in read_to_string("/proc/self/maps").unwrap().lines() {
        let is_ours = line.contains(" rw-p ") && !line.contains('/');
        if !is_ours {
            continue;
        }
        let (range, _) = line.split_once(' ').unwrap();
        let (from, to) = range.split_once('-').unwrap();
        let [from, to] = [from, to].map(|text| u64::from_str_radix(text, 16).unwrap());
        for start in (from..to).step_by(page.len()) {
            // Another thread may have given the page back.
            if memory.read_exact_at(&mut page, start).is_err() {
                continue;
            }
            // A run as long as the step has just one of its bytes here.
            for at in (0..page.len()).step_by(RUN_BYTES) {
                let around_from = (start + at as u64 + 1)
                    .saturating_sub(RUN_BYTES as u64)
                    .max(from);
                if page[at] == b'Q' {
                    let length = memory.read_at(&mut around, around_from).unwrap_or(0);
                    let mut windows = around[..length].windows(needle.len());
                    found += usize::from(windows.any(|window| window == needle));
                }
            }
            // Else it would be found again in here.
            page.fill(0);
            around.fill(0);
        }
    }
    found
}

#[test]
fn the_search_for_traces_finds_them() {
    let one = secret(1);
    assert_eq!(traces(&one), 1);
    let two = one.clone();
    assert_eq!(traces(&two), 2);
}

#[test]
fn a_text_longer_than_its_template_leaves_no_trace_of_its_secrets() {
    let token = secret(2);
    let mut tags = TagTable::new();
    let tag = "%BWTOKEN%".parse().unwrap();
    tags.set_native(&tag, &token).unwrap();
    let before = traces(&token);
    let template = "%BWTOKEN%\n".repeat(9);
    // Free places of many sizes, each before one that is taken: what grows has to move.
    let mut places: Vec<Option<Vec<u8>>> = (0..200)
        .map(|number| Some(vec![1; 1_100 + 400 * number]))
        .collect();
    for place in places.iter_mut().step_by(2) {
        *place = None;
    }
    for escape in [Escape::None, Escape::XmlText] {
        let done = substitute(&template, &tags, escape, &Limits::default()).unwrap();
        assert_eq!(traces(&token), before + 9);
        drop(done);
        assert_eq!(traces(&token), before);
    }
}

#[test]
fn documents_leave_no_trace_of_their_secrets() {
    let password = secret(3);
    let inside = format!(
        "&#33;\r\n{password}<![CDATA[é]]>{password}\r{}",
        "&lt;".repeat(9_000)
    );
    let phone = format!("<flat-profile><A>{inside}</A></flat-profile>");
    let room = format!("<Configuration><A>{inside}</A></Configuration>");
    let before = traces(&password);
    let limits = Limits::default();
    let mut profile = FlatProfile::parse(phone.as_bytes(), &limits).unwrap();
    drop(profile.write());
    for at in 0..200 {
        profile.set(&format!("B{at}"), "a value", None).unwrap();
    }
    drop(profile);
    let configuration = Configuration::parse(room.as_bytes(), &limits).unwrap();
    drop(configuration.write());
    drop(configuration);
    // What the texts above left behind may be overwritten by now.
    assert!(traces(&password) <= before);
}

const RUN_BYTES: usize = 64;
const MIDDLE: usize = 2_000;

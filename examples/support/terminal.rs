//! Texts of strangers, fit for a terminal.

use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Context as _;
use offhook_device_profile::misleads;

/// A text with escapes for all that a terminal would act upon, or show as another text.
#[must_use]
pub fn plain(text: &str) -> String {
    escaped(text, |sign| sign.escape_default().to_string())
}

/// The name of a file, as [`plain`] has it.
#[must_use]
pub fn name(path: &Path) -> String {
    plain(&path.to_string_lossy())
}

/// JSON that means the same, with escapes where [`plain`] has them.
#[must_use]
pub fn plain_json(json: &str) -> String {
    escaped(json, |sign| {
        let units = sign.encode_utf16(&mut [0; 2]).to_vec();
        units.iter().map(|unit| format!("\\u{unit:04x}")).collect()
    })
}

/// Prints text and a line break. Where nobody reads on there is nothing to say, and the exit status
/// still tells how it went.
///
/// # Errors
///
/// When the text cannot be written for another reason.
pub fn say(text: &str) -> anyhow::Result<()> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("standard output"),
    }
}

fn escaped(text: &str, escape: impl Fn(char) -> String) -> String {
    let mut plain = String::with_capacity(text.len());
    for sign in text.chars() {
        // Joiners are letters' in a name, and beside letters of ours nobody sees them.
        if sign.is_control() || misleads(sign) || matches!(sign, '\u{200c}' | '\u{200d}') {
            plain.push_str(&escape(sign));
        } else {
            plain.push(sign);
        }
    }
    plain
}

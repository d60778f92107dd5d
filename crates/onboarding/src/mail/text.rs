//! What a person reads.

use zeroize::Zeroizing;

use crate::CodeMail;

/// The subject; it has no code in it, for subjects are shown where mails are locked.
pub(super) const SUBJECT: &str = "Your activation code";

/// The text of the mail, lines of printable text with `\n` at their ends.
pub(super) fn body(mail: &CodeMail) -> Zeroizing<String> {
    // Room for all of it: a text that grows leaves copies of the code behind.
    let mut text = Zeroizing::new(String::with_capacity(1_024));
    text.push_str("A device waits for you to activate it.\n\nDevice:     ");
    let printable = mail.device_type().chars().filter(|c| !c.is_control());
    text.extend(printable.take(MAX_SHOWN_CHARS));
    text.push_str("\nCode:       ");
    text.push_str(&Zeroizing::new(mail.code().to_string()));
    text.push_str("\nGood until: ");
    text.push_str(&mail.expires_at().to_string());
    text.push_str(
        "\n\nConnect the device to its network and to power. When it asks for an activation code,\n\
         type these sixteen digits. The code works once.\n\n\
         Whoever has the code can take the device's place: keep it to yourself. If it was used\n\
         before you came to it, or if you expect no device, tell your administrator.\n",
    );
    text
}

const MAX_SHOWN_CHARS: usize = 80;

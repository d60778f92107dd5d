//! Names that tell of secrets.

/// Whether a name is a secret's; where it leaves that open, it is.
pub(super) fn is_secret_name(name: &str) -> bool {
    let mut bare = name.to_ascii_lowercase();
    bare.retain(|sign| sign.is_ascii_alphanumeric());
    if SECRET_PARTS.iter().any(|part| bare.contains(part)) {
        return true;
    }
    let words: Vec<String> = words(name)
        .into_iter()
        .map(str::to_ascii_lowercase)
        .collect();
    words.iter().enumerate().any(|(at, word)| {
        let word = word.as_str();
        let next = words.get(at + 1).map(String::as_str);
        let last = at.checked_sub(1).and_then(|at| words.get(at));
        let beside = [last.map(String::as_str), next];
        let is_beside = |known: &[&str]| beside.iter().flatten().any(|word| known.contains(word));
        // What is about a word may be written together with it.
        let ends = |end: &str, known: &[&str]| {
            let front = word.strip_suffix('s').unwrap_or(word).strip_suffix(end);
            front.is_some_and(|front| !known.contains(&front) && !is_beside(known))
        };
        let is_pass = word.starts_with("pass") || word.ends_with("pass");
        let is_pin = word.ends_with("pin") || word.ends_with("pins") || word.ends_with("pw");
        SECRET_WORDS.contains(&word)
            || (is_pass || is_pin) && !HARMLESS_WORDS.contains(&word)
            || word == "ha" && next == Some("1")
            || word == "session" && next == Some("id")
            || word == "auth" && !is_beside(&NOT_THE_AUTH)
            || word == "shared" && !is_beside(&NOT_SHARED)
            || ends("code", &NOT_THE_CODE)
            || ends("key", &NOT_THE_KEY)
    })
}

/// The words of a name: `HostPIN` and `Host_PIN` are `Host` and `PIN`.
fn words(name: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for part in name.split(|c: char| !c.is_ascii_alphanumeric()) {
        let bytes = part.as_bytes();
        let mut start = 0;
        for at in 1..bytes.len() {
            let kind = |at: usize| bytes.get(at).copied().unwrap_or(b'a');
            let (before, here, after) = (kind(at - 1), kind(at), kind(at + 1));
            // A new word begins at a capital after a small letter, and at the last of several
            // capitals that a small letter follows.
            let begins = here.is_ascii_uppercase()
                && (before.is_ascii_lowercase()
                    || before.is_ascii_uppercase()
                        && at + 1 < bytes.len()
                        && after.is_ascii_lowercase());
            let digits = here.is_ascii_digit() != before.is_ascii_digit();
            if begins || digits {
                words.extend(part.get(start..at));
                start = at;
            }
        }
        words.extend(part.get(start..).filter(|word| !word.is_empty()));
    }
    words
}

/// What the names of secrets have in them, in lower case and without what parts their words.
const SECRET_PARTS: [&str; 26] = [
    "accesscode",
    "activationcode",
    "apikey",
    "authenticationstring",
    "authkey",
    "authstring",
    "community",
    "credential",
    "enckey",
    "encryptcontent",
    "encryptionkey",
    "gpp",
    "onboardingcode",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "presharedkey",
    "privatekey",
    "psk",
    "pswd",
    "pwd",
    "secret",
    "sharedkey",
    "token",
    "wepkey",
];

/// Words that alone make a name a secret's.
const SECRET_WORDS: [&str; 24] = [
    "ac",
    "assertion",
    "authorization",
    "bearer",
    "challenge",
    "contrasena",
    "cookie",
    "cookies",
    "cred",
    "creds",
    "ikm",
    "jwt",
    "kennwort",
    "nonce",
    "otp",
    "phrase",
    "priv",
    "salt",
    "seed",
    "sessionid",
    "totp",
    "vouch",
    "voucher",
    "vouchers",
];

/// Words that begin or end as those of passwords and PINs do.
const HARMLESS_WORDS: [&str; 10] = [
    "bypass",
    "compass",
    "passage",
    "passed",
    "passing",
    "passive",
    "passport",
    "passthrough",
    "passthru",
    "spin",
];

/// Words beside `auth` that tell of it without giving a secret.
const NOT_THE_AUTH: [&str; 22] = [
    "algorithm",
    "enable",
    "enabled",
    "id",
    "invite",
    "method",
    "mode",
    "name",
    "page",
    "port",
    "protocol",
    "realm",
    "required",
    "resync",
    "server",
    "support",
    "timeout",
    "type",
    "uri",
    "url",
    "user",
    "username",
];

/// Words beside `code` that make it one to dial or to tell something by.
const NOT_THE_CODE: [&str; 37] = [
    "act", "area", "bar", "call", "color", "country", "de", "deact", "dial", "en", "error",
    "feature", "forward", "lang", "language", "locale", "loopback", "op", "paging", "park",
    "pickup", "post", "postal", "reason", "redial", "response", "return", "service", "services",
    "star", "status", "time", "trans", "transfer", "uni", "unpark", "zip",
];

/// Words beside `shared` that make it no secret.
const NOT_SHARED: [&str; 10] = [
    "appearance",
    "call",
    "directory",
    "ext",
    "extension",
    "id",
    "line",
    "lines",
    "user",
    "users",
];

/// Words beside `key` that make it one to press, or tell of one without giving it.
const NOT_THE_KEY: [&str; 31] = [
    "alive",
    "any",
    "dial",
    "exchange",
    "expansion",
    "feature",
    "function",
    "hard",
    "hot",
    "label",
    "length",
    "line",
    "list",
    "model",
    "module",
    "mon",
    "navigation",
    "pad",
    "press",
    "prog",
    "programmable",
    "public",
    "set",
    "size",
    "soft",
    "speed",
    "system",
    "tone",
    "tones",
    "turn",
    "type",
];

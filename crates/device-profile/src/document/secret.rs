//! Which values nobody is to see.

/// Whether nobody is to see a value, by its name or by what it is.
///
/// A name counts as a secret's when in doubt: a value that is hidden without need costs a look into
/// the document, one that is shown costs a password.
pub(super) fn is_secret(name: &str, value: &str) -> bool {
    if name.ends_with("@ua") {
        return false;
    }
    let bare: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let is_named = SECRET_PARTS.iter().any(|part| bare.contains(part));
    is_named || has_secret_word(name) || has_credentials(value)
}

/// Whether one of the words of a name, as `_` and capitals part them, is a secret's.
fn has_secret_word(name: &str) -> bool {
    let words = words(name);
    let is_about = |word: &&str| {
        NOT_THE_KEY
            .iter()
            .any(|known| word.eq_ignore_ascii_case(known))
    };
    words.iter().enumerate().any(|(at, word)| {
        if PIN_WORDS
            .iter()
            .any(|known| word.eq_ignore_ascii_case(known))
        {
            return true;
        }
        let is_key = word.eq_ignore_ascii_case("key") || word.eq_ignore_ascii_case("keys");
        // A key to press is no secret, and neither is what is said about one.
        let neighbours = at.checked_sub(1).and_then(|at| words.get(at)).into_iter();
        is_key && !neighbours.chain(words.get(at + 1)).any(is_about)
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

/// Whether a text carries a password, a key or a token, whatever it is called: a rule that sets something or has
/// them among its options, an address with a user in front, a URI with a secret in its query.
///
/// For whoever shows values of strangers. Where it is left open, the answer is yes.
///
/// # Examples
///
/// ```
/// use offhook_device_profile::has_credentials;
///
/// assert!(has_credentials("https://user:secret@host.example/"));
/// assert!(!has_credentials("https://host.example/phone.xml"));
/// ```
#[must_use]
pub fn has_credentials(value: &str) -> bool {
    let has_option = ["--key", "--pwd", "--uid"]
        .iter()
        .any(|option| value.contains(option));
    let has_user = value.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', ' ', '|']).next();
        authority.is_some_and(|authority| authority.contains('@'))
    });
    // What a rule sets may be a password: `(Password_1_ = "…";)! address`.
    let sets = value
        .split(')')
        .skip(1)
        .map(str::trim_start)
        .any(|after| after.starts_with('!') && !after.starts_with("!="));
    has_option || has_user || sets || has_password(value) || has_secret_query(value)
}

/// Whether a user with a password stands before an `@`, as in `sip:user:password@host`.
fn has_password(value: &str) -> bool {
    let texts = value.split(|c: char| c.is_ascii_whitespace() || "<>\",;|".contains(c));
    texts
        .filter_map(|text| text.rsplit_once('@'))
        .any(|(user, _)| {
            let user = match user.split_once(':') {
                Some((scheme, rest)) if is_scheme(scheme) => rest,
                _ => user,
            };
            user.contains(':')
        })
}

fn is_scheme(text: &str) -> bool {
    ["sip", "sips", "tel", "mailto", "xmpp"]
        .iter()
        .any(|scheme| text.eq_ignore_ascii_case(scheme))
}

/// Whether the query of a URI names a secret and gives it.
fn has_secret_query(value: &str) -> bool {
    value.split('?').skip(1).any(|query| {
        let query = query.split([' ', '|', '#']).next().unwrap_or(query);
        query.split(['&', ';']).any(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = name.to_ascii_lowercase();
            let is_secret = [
                "auth", "code", "key", "pass", "pin", "pw", "secret", "sig", "token",
            ]
            .iter()
            .any(|part| name.contains(part));
            is_secret && !value.is_empty()
        })
    })
}

/// What the names of secrets have in them, in lower case and without what parts their words.
const SECRET_PARTS: [&str; 25] = [
    "accesscode",
    "activationcode",
    "apikey",
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
const PIN_WORDS: [&str; 4] = ["pass", "pin", "pins", "pw"];

/// Words beside `key` that make it one to press, or tell of one without giving it.
const NOT_THE_KEY: [&str; 23] = [
    "alive",
    "exchange",
    "expansion",
    "feature",
    "function",
    "label",
    "length",
    "line",
    "list",
    "model",
    "module",
    "navigation",
    "pad",
    "press",
    "prog",
    "programmable",
    "public",
    "set",
    "size",
    "soft",
    "system",
    "tone",
    "type",
];

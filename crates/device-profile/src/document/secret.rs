//! Which values nobody is to see.

mod name;

use name::is_secret_name;

/// Whether nobody is to see a value, by its name or by what it is.
///
/// A name counts as a secret's when in doubt: a value that is hidden without need costs a look into
/// the document, one that is shown costs a password.
pub(super) fn is_secret(name: &str, value: &str) -> bool {
    // What the user may do with a parameter is no secret, and another `ua` may be one.
    if name.ends_with("@ua") && matches!(value, "na" | "ro" | "rw") {
        return false;
    }
    is_secret_name(name) || has_credentials(value)
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
    has_user
        || sets
        || has_password(value)
        || has_secret_query(value)
        || has_named_secret(value)
        || has_secret_option(value)
        || has_token(value)
}

/// Whether a name of a secret stands before a sign behind which values stand, as in `pw=…`.
fn has_named_secret(value: &str) -> bool {
    value.match_indices(['=', ':', '>']).any(|(at, sign)| {
        let is_around = |sign: char| sign.is_ascii_whitespace() || matches!(sign, '"' | '\'');
        let before = value.get(..at).unwrap_or_default();
        let before = before.trim_end_matches(is_around);
        let after = value.get(at + sign.len()..).unwrap_or_default();
        let is_name = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '-');
        let length = before
            .bytes()
            .rev()
            .take_while(|byte| is_name(char::from(*byte)));
        let name = before.get(before.len() - length.count()..);
        name.is_some_and(is_secret_name) && !after.trim_start_matches(is_around).is_empty()
    })
}

/// Whether an option of a rule or a program gives a secret, as in `--key …`.
fn has_secret_option(value: &str) -> bool {
    let words = value.split(|c: char| c.is_ascii_whitespace() || "[]|(),;".contains(c));
    words.filter(|word| word.starts_with('-')).any(|word| {
        let word = word.trim_start_matches('-');
        let name = word.split_once('=').map_or(word, |(name, _)| name);
        let is_user = ["uid", "user"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known));
        is_user || is_secret_name(name)
    })
}

/// Whether there is a token, a private key, or what a header or a command authenticates with.
fn has_token(value: &str) -> bool {
    let is_token = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '_' | '-');
    let mut runs = value.split(|sign| !is_token(sign));
    let has_jwt = runs.any(|run| run.starts_with("eyJ") && run.contains('.'));
    let mut words = value.split_ascii_whitespace().peekable();
    let mut authenticates = false;
    while let (Some(word), Some(next)) = (words.next(), words.peek()) {
        let word = word.trim_matches(|sign: char| !sign.is_ascii_alphanumeric());
        if NAMING.contains(&word) && is_capitalized(next) {
            continue;
        }
        let is = |known: &str| word.eq_ignore_ascii_case(known);
        authenticates |= FOLLOWED.iter().any(|known| is(known))
            || is("basic") && is_encoded(next)
            || is("digest") && next.contains('=');
    }
    has_jwt || authenticates || value.contains("PRIVATE KEY-----")
}

/// Whether a word is one of a name, such as the second of `Community Phone`.
fn is_capitalized(word: &str) -> bool {
    let mut letters = word.bytes();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_uppercase())
        && letters.len() > 0
        && word.len() <= MAX_WORD_BYTES
        && letters.all(|letter| letter.is_ascii_lowercase())
}

/// Whether a word looks like base64 and not like one of a language.
fn is_encoded(word: &str) -> bool {
    let is_mixed = |pair: &[u8]| matches!(pair, [b'a'..=b'z', b'A'..=b'Z' | b'0'..=b'9']);
    word.ends_with('=') || word.as_bytes().windows(2).any(is_mixed)
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
            let is_secret = QUERY_PARTS.iter().any(|part| name.contains(part));
            (is_secret || name == "sid") && !value.is_empty()
        })
    })
}

/// Words behind which a secret stands.
const FOLLOWED: [&str; 8] = [
    "bearer",
    "community",
    "passphrase",
    "passwd",
    "password",
    "pwd",
    "secret",
    "token",
];

/// Those of them that names of places and devices begin with. What stands behind them as a secret is made by
/// machines or in small letters, unlike a password.
const NAMING: [&str; 3] = ["Bearer", "Community", "Token"];
/// Longer words are hardly ones of a language.
const MAX_WORD_BYTES: usize = 12;

/// What the names of secrets in a query have in them.
const QUERY_PARTS: [&str; 16] = [
    "assert", "auth", "code", "cookie", "cred", "ha1", "jwt", "key", "otp", "pass", "pin", "pw",
    "secret", "session", "sig", "token",
];

//! URLs, to be compared.

/// A URL as all that are equivalent to it are written: scheme and host in lower case, no default
/// port, no dot segments, nothing percent-encoded that need not be, and no fragment. What is no
/// URL stays as it is.
///
/// # Source
///
/// RFC 3986 sections 6.1, 6.2.2 and 6.2.3, <https://www.rfc-editor.org/rfc/rfc3986#section-6>. The
/// dot behind the root of the DNS goes too, as it names no other host.
pub(crate) fn normal_form(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://").filter(|(text, _)| is_scheme(text)) else {
        return text.to_owned();
    };
    let scheme = scheme.to_ascii_lowercase();
    let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (user, place) = match authority.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, authority),
    };
    let (host, port) = host_and_port(place);
    let mut form = format!("{scheme}://");
    if let Some(user) = user {
        form.push_str(&decoded(user));
        form.push('@');
    }
    let host = decoded(host).to_ascii_lowercase();
    form.push_str(host.strip_suffix('.').unwrap_or(&host));
    let port = match port.trim_start_matches('0') {
        "" if !port.is_empty() => "0",
        digits => digits,
    };
    let is_default = matches!((scheme.as_str(), port), ("http", "80") | ("https", "443"));
    if !port.is_empty() && !is_default {
        form.push(':');
        form.push_str(port);
    }
    form.push_str(&without_dots(&decoded(path)));
    if let Some(query) = query {
        form.push('?');
        form.push_str(&decoded(query));
    }
    form
}

/// Whether two texts name the same resource by their form.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    normal_form(one) == normal_form(other)
}

fn is_scheme(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn host_and_port(place: &str) -> (&str, &str) {
    match place.rsplit_once(':') {
        // A colon before the bracket is one of an IPv6 address.
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (place, ""),
    }
}

/// With letters, digits and `-._~` instead of their codes, and other codes in upper case.
fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..2).filter(|code| is_code(code));
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        let (Some(byte), Some(code), Some(after)) = (byte, code, part.get(2..)) else {
            decoded.push('%');
            decoded.push_str(part);
            continue;
        };
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            decoded.push(char::from(byte));
        } else {
            decoded.push('%');
            decoded.push_str(&code.to_ascii_uppercase());
        }
        decoded.push_str(after);
    }
    decoded
}

fn is_code(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A path without `.` and `..`; the root where there is none.
fn without_dots(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    let mut all = path.strip_prefix('/').unwrap_or(path).split('/').peekable();
    while let Some(segment) = all.next() {
        let is_dots = segment == "." || segment == "..";
        if segment == ".." {
            segments.pop();
        }
        if !is_dots {
            segments.push(segment);
        } else if all.peek().is_none() {
            segments.push("");
        }
    }
    format!("/{}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equivalent_urls_have_one_form() {
        let form = "https://dms.example.test/dms";
        for text in [
            form,
            "HTTPS://DMS.example.test/dms",
            "https://dms.example.test:443/dms",
            "https://dms.example.test:/dms",
            "https://dms.example.test:0443/dms",
            "https://dms.example.test./dms",
            "https://dms.example.test/%64m%73",
            "https://d%6Ds.example.test/dms",
            "https://dms.example.test/a/../dms",
            "https://dms.example.test/./b/%2e%2E/dms",
            "https://dms.example.test/../dms",
            "https://dms.example.test/dms#part",
        ] {
            assert_eq!(normal_form(text), form, "{text}");
        }
        for (text, form) in [
            ("http://h", "http://h/"),
            ("http://h:80?q=%7e%3d", "http://h/?q=~%3D"),
            ("http://h/a/..", "http://h/"),
            ("http://h/a/.", "http://h/a/"),
            ("http://h/a//b/", "http://h/a//b/"),
            ("http://[2001:DB8::1]", "http://[2001:db8::1]/"),
            ("http://[2001:DB8::1]:80/", "http://[2001:db8::1]/"),
            ("http://h:00", "http://h:0/"),
            ("HTTP://User@H/%2f%zz%", "http://User@h/%2F%zz%"),
        ] {
            assert_eq!(normal_form(text), form, "{text}");
            assert_eq!(normal_form(form), form, "{text}");
        }
    }

    #[test]
    fn other_urls_keep_other_forms() {
        let url = "https://dms.example.test/dms";
        for other in [
            "http://dms.example.test/dms",
            "https://dms.example.test:8443/dms",
            "https://dms.example.test:80/dms",
            "https://dms.example.test:0/dms",
            "https://dms.example.test/DMS",
            "https://dms.example.test/dms/",
            "https://dms.example.test/dms?",
            "https://dms.example.test/%2Fdms",
            "https://dms-west.example.test/dms",
            "https://user@dms.example.test/dms",
            "https:/dms.example.test/dms",
            "dms.example.test/dms",
            "",
        ] {
            assert!(!is_same(url, other), "{other}");
        }
        for text in ["", "/", "DMS.example.test", "://x", "9://x", "%", "ä%"] {
            assert_eq!(normal_form(text), text);
        }
        assert_eq!(normal_form("a://%ä%4"), "a://%ä%4/");
    }
}

//! Where a server is asked.

use std::fmt;

use http::Uri;
use http::uri::Scheme;

/// An address whose `Debug` shows neither user information nor the query: either may be a secret.
#[derive(Clone)]
pub(super) struct Endpoint(pub(super) Uri);

impl Endpoint {
    /// The address, where secrets may be sent to it; `None` unless it is `https`.
    pub(super) fn https(&self) -> Option<Uri> {
        (self.0.scheme() == Some(&Scheme::HTTPS)).then(|| self.0.clone())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(scheme) = self.0.scheme_str() {
            write!(f, "{scheme}://")?;
        }
        f.write_str(self.0.host().unwrap_or_default())?;
        if let Some(port) = self.0.port_u16() {
            write!(f, ":{port}")?;
        }
        f.write_str(self.0.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_of_an_address_is_shown() {
        let shown = |url: &str| format!("{:?}", Endpoint(url.parse().unwrap()));
        let url = "https://user:secret@idp.example.net:8443/a/b?key=secret";
        assert_eq!(shown(url), "https://idp.example.net:8443/a/b");
        assert_eq!(shown("https://[2001:db8::1]/"), "https://[2001:db8::1]/");
        assert_eq!(shown("/a?secret"), "/a");
    }
}

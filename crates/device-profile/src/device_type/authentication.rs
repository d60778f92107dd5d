//! How a device shows who it is.

/// How a device shows who it is when it asks for a file; all off means that it need not.
///
/// A view of the attributes that a file and the options of device management both have.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct FileAuthentication {
    /// By a bearer token (`bearerFileAuthentication`).
    pub bearer: bool,
    /// By HTTP digest (`useHttpDigestAuthentication`).
    pub http_digest: bool,
    /// By its MAC address (`macBasedFileAuthentication`).
    pub mac_based: bool,
    /// The MAC address is taken from the client certificate (`macInCert`).
    pub mac_in_cert: bool,
    /// The MAC address is taken from a header (`macInNonRequestURI`).
    pub mac_in_non_request_uri: bool,
    /// How the address stands in that header (`macFormatInNonRequestURI`): at most 256
    /// characters.
    pub mac_format_in_non_request_uri: Option<String>,
    /// By user name and password (`userNamePasswordFileAuthentication`).
    pub user_name_password: bool,
}

impl FileAuthentication {
    /// By a bearer token and nothing else.
    #[must_use]
    pub fn bearer() -> Self {
        Self {
            bearer: true,
            ..Self::default()
        }
    }

    /// By the MAC address in the client certificate.
    #[must_use]
    pub fn mac_in_cert() -> Self {
        Self::default().with_mac_in_cert()
    }

    /// By the MAC address in a header of this form.
    #[must_use]
    pub fn mac_in_header(format: &str) -> Self {
        let mut authentication = Self::default().with_mac_in_non_request_uri();
        authentication.mac_format_in_non_request_uri = Some(format.to_owned());
        authentication
    }

    /// Also by the MAC address in the certificate, and no longer by one in a header.
    ///
    /// # Source
    ///
    /// The provisioning interface's schema: when modified, one of the two resets the other.
    #[must_use]
    pub fn with_mac_in_cert(mut self) -> Self {
        self.mac_based = true;
        self.mac_in_cert = true;
        self.mac_in_non_request_uri = false;
        self
    }

    /// Also by the MAC address in a header, and no longer by the one in the certificate.
    ///
    /// # Source
    ///
    /// The provisioning interface's schema: when modified, one of the two resets the other.
    #[must_use]
    pub fn with_mac_in_non_request_uri(mut self) -> Self {
        self.mac_based = true;
        self.mac_in_non_request_uri = true;
        self.mac_in_cert = false;
        self
    }
}

/// What carries the attributes of [`FileAuthentication`] as fields of its own.
macro_rules! carries_authentication {
    ($carrier:ty) => {
        impl $carrier {
            /// How a device shows who it is.
            #[must_use]
            pub fn authentication(&self) -> $crate::FileAuthentication {
                let mut authentication = $crate::FileAuthentication::default();
                authentication.bearer = self.bearer_file_authentication;
                authentication.http_digest = self.use_http_digest_authentication;
                authentication.mac_based = self.mac_based_file_authentication;
                authentication.mac_in_cert = self.mac_in_cert;
                authentication.mac_in_non_request_uri = self.mac_in_non_request_uri;
                authentication
                    .mac_format_in_non_request_uri
                    .clone_from(&self.mac_format_in_non_request_uri);
                authentication.user_name_password = self.user_name_password_file_authentication;
                authentication
            }

            /// Says how a device shows who it is.
            #[must_use]
            pub fn with_authentication(
                mut self,
                authentication: $crate::FileAuthentication,
            ) -> Self {
                self.bearer_file_authentication = authentication.bearer;
                self.use_http_digest_authentication = authentication.http_digest;
                self.mac_based_file_authentication = authentication.mac_based;
                self.mac_in_cert = authentication.mac_in_cert;
                self.mac_in_non_request_uri = authentication.mac_in_non_request_uri;
                self.mac_format_in_non_request_uri = authentication.mac_format_in_non_request_uri;
                self.user_name_password_file_authentication = authentication.user_name_password;
                self
            }
        }
    };
}
pub(crate) use carries_authentication;

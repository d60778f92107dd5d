//! A code as a picture that a device's camera reads.

use std::fmt;

use qrcode::QrCode;
use qrcode::render::{svg, unicode};
use zeroize::Zeroizing;

use crate::{ActivationCode, QrError};

/// The QR code of an [`ActivationCode`]: its sixteen digits and nothing else.
///
/// Whoever sees the picture has the code. `Debug` hides it, and both renderings are wiped on
/// drop.
#[cfg_attr(docsrs, doc(cfg(feature = "qr")))]
pub struct QrPicture(QrCode);

impl QrPicture {
    /// The picture of `code`, with the error correction level M.
    ///
    /// # Errors
    ///
    /// [`QrError`] when the encoder refuses sixteen digits, which it does not.
    pub fn new(code: &ActivationCode) -> Result<Self, QrError> {
        QrCode::new(code.ascii().as_slice())
            .map(Self)
            .map_err(|_| QrError)
    }

    /// The picture as an SVG document, eight pixels a module, with the quiet zone.
    #[must_use]
    pub fn svg(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.render::<svg::Color<'_>>().build())
    }

    /// The picture as lines of half blocks, for a terminal with a dark background.
    #[must_use]
    pub fn terminal(&self) -> Zeroizing<String> {
        Zeroizing::new(
            self.0
                .render::<unicode::Dense1x2>()
                .dark_color(unicode::Dense1x2::Light)
                .light_color(unicode::Dense1x2::Dark)
                .build(),
        )
    }
}

impl fmt::Debug for QrPicture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QrPicture([redacted])")
    }
}

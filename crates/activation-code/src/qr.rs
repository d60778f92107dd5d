//! A code as a picture that a device's camera reads.

use std::fmt;

use png::{BitDepth, ColorType, Encoder};
use qrcode::render::{svg, unicode};
use qrcode::{Color, QrCode};
use zeroize::Zeroizing;

use crate::{ActivationCode, QrError};

/// The QR code of an [`ActivationCode`]: its sixteen digits and nothing else.
///
/// Whoever sees the picture has the code. `Debug` hides it, and the renderings are wiped on drop.
/// Each has the quiet zone of four modules around it that readers need.
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

    /// The picture as an SVG document, eight pixels a module.
    #[must_use]
    pub fn svg(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.render::<svg::Color<'_>>().build())
    }

    /// The picture as a PNG file in black and white, eight pixels a module: for mails, whose
    /// readers show no SVG.
    ///
    /// # Errors
    ///
    /// [`QrError`] when the encoder fails, which it does not in memory.
    pub fn png(&self) -> Result<Zeroizing<Vec<u8>>, QrError> {
        let modules = self.0.width() + 2 * QUIET_ZONE;
        let pixels = u32::try_from(modules * PIXELS).map_err(|_| QrError)?;
        // Eight pixels of one bit are a byte, so a byte is a module.
        let mut rows = Zeroizing::new(Vec::with_capacity(modules * modules * PIXELS));
        for y in 0..modules {
            let row = rows.len();
            rows.extend((0..modules).map(|x| if self.is_dark(x, y) { 0 } else { u8::MAX }));
            for _ in 1..PIXELS {
                rows.extend_from_within(row..row + modules);
            }
        }
        let mut file = Zeroizing::new(Vec::new());
        let mut encoder = Encoder::new(&mut *file, pixels, pixels);
        encoder.set_color(ColorType::Grayscale);
        encoder.set_depth(BitDepth::One);
        encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(&rows))
            .map_err(|_| QrError)?;
        Ok(file)
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

    /// Whether the module at these places, the quiet zone included, is dark.
    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = 0..self.0.width();
        match (x.checked_sub(QUIET_ZONE), y.checked_sub(QUIET_ZONE)) {
            (Some(x), Some(y)) if inside.contains(&x) && inside.contains(&y) => {
                matches!(self.0[(x, y)], Color::Dark)
            }
            _ => false,
        }
    }
}

impl fmt::Debug for QrPicture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QrPicture([redacted])")
    }
}

/// In modules, as ISO/IEC 18004 asks for.
const QUIET_ZONE: usize = 4;
/// A side of a module.
const PIXELS: usize = 8;

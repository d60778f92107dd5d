//! Outstanding codes as a table.

use std::fmt;
use std::io::Write;
use std::time::SystemTime;

use csv::Writer;
use zeroize::Zeroizing;

use super::field::defused;
use crate::{ActivationCode, CsvError, OutstandingCode, Timestamp};

/// For whom a table of outstanding codes is.
///
/// A column that the code does not know of stays empty.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum CsvDialect {
    /// The fields of `listPhoneActivationCode`: `activationCode`, `activationCodeExpiry` (ours: the
    /// seconds that are left), `phoneName` (`SEP` and the address where the code is bound to one,
    /// else the device profile), `phoneDescription`, `phoneModel`, `enableActivationId`, `userId`.
    ///
    /// # Source
    ///
    /// AXL schema 12.5, `phoneActivationCode`.
    Axl,
    /// The same columns as [`CsvDialect::Axl`] as a spreadsheet wants them, with names in upper
    /// case; the code in groups of four, because a spreadsheet keeps fifteen digits of a number,
    /// and the deadline as a date in UTC. The columns of the vendor's own export are not public:
    /// these are ours.
    Bat,
    /// `Device Name` (the device profile), `Device Level`, `Device SP` (the tenant), `Device Group`,
    /// `Endpoint Type` (the models), `Line Port`, `Activation Status` (`Activating`),
    /// `Activation Code`, `Expiration Time` (milliseconds since the start of 1970), `MAC Address`;
    /// and behind them `User Id`, which is ours.
    ///
    /// # Source
    ///
    /// BroadWorks OCI-P schema, `UserAccessDeviceDeviceActivationGetListResponse`, the headings of
    /// its table; `DeviceActivationCode`, a token of sixteen digits.
    BroadWorks,
}

impl CsvDialect {
    /// The dialect of that name: `axl`, `bat` or `broadworks`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Axl, Self::Bat, Self::BroadWorks]
            .into_iter()
            .find(|dialect| dialect.name() == name)
    }

    /// The name of the dialect.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Axl => "axl",
            Self::Bat => "bat",
            Self::BroadWorks => "broadworks",
        }
    }

    const fn header(self) -> &'static [&'static str] {
        match self {
            Self::Axl => &[
                "activationCode",
                "activationCodeExpiry",
                "phoneName",
                "phoneDescription",
                "phoneModel",
                "enableActivationId",
                "userId",
            ],
            Self::Bat => &[
                "ACTIVATION CODE",
                "ACTIVATION CODE EXPIRY",
                "PHONE NAME",
                "PHONE DESCRIPTION",
                "PHONE MODEL",
                "ENABLE ACTIVATION ID",
                "USER ID",
            ],
            Self::BroadWorks => &[
                "Device Name",
                "Device Level",
                "Device SP",
                "Device Group",
                "Endpoint Type",
                "Line Port",
                "Activation Status",
                "Activation Code",
                "Expiration Time",
                "MAC Address",
                "User Id",
            ],
        }
    }
}

/// Writes outstanding codes as CSV (RFC 4180), a line each, under one line of names.
///
/// Every field stands in quotation marks, and one that a spreadsheet would take for a formula gets an
/// apostrophe in front. Whoever sees the
/// file has the codes that are in it. The writer's buffer is not wiped.
///
/// # Examples
///
/// ```
/// # use std::time::{Duration, UNIX_EPOCH};
/// # use offhook_activation_code::{
/// #     Binding, CodeId, CsvDialect, CsvWriter, OutstandingCode, SystemEntropy,
/// # };
/// # let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
/// # let code = OutstandingCode::new(
/// #     CodeId::draw(&mut SystemEntropy::new())?,
/// #     "acme".parse()?,
/// #     "tadams".parse()?,
/// #     "desk-7".parse()?,
/// #     Binding::Mac("000E08ABCDEF".parse()?),
/// #     now.into(),
/// #     (now + Duration::from_secs(3_600)).into(),
/// # );
/// let mut file = Vec::new();
/// let mut writer = CsvWriter::new(CsvDialect::Axl, &mut file, now)?;
/// writer.write(&code, Some(&"1234-5678-9012-3456".parse()?))?;
/// writer.finish()?;
/// assert_eq!(
///     String::from_utf8(file)?,
///     "\"activationCode\",\"activationCodeExpiry\",\"phoneName\",\"phoneDescription\",\
///      \"phoneModel\",\"enableActivationId\",\"userId\"\r\n\
///      \"1234567890123456\",\"3600\",\"SEP000E08ABCDEF\",\"\",\"\",\"true\",\"tadams\"\r\n",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CsvWriter<W: Write> {
    dialect: CsvDialect,
    writer: Writer<W>,
    now: Timestamp,
}

impl<W: Write> CsvWriter<W> {
    /// Begins a table in `to` with its line of names. A code that has expired at `now` has no
    /// seconds left.
    ///
    /// # Errors
    ///
    /// [`CsvError`] when `to` cannot be written.
    pub fn new(dialect: CsvDialect, to: W, now: SystemTime) -> Result<Self, CsvError> {
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            // A spreadsheet that parts columns at `;` must not find one within a field.
            .quote_style(csv::QuoteStyle::Always)
            .from_writer(to);
        writer.write_record(dialect.header()).map_err(failed)?;
        Ok(Self {
            dialect,
            writer,
            now: now.into(),
        })
    }

    /// Writes the line of `code`, with the sixteen digits where they are known: opened from the
    /// [sealed copy](OutstandingCode::sealed), or just drawn.
    ///
    /// # Errors
    ///
    /// [`CsvError`] when the file cannot be written.
    pub fn write(
        &mut self,
        code: &OutstandingCode,
        digits: Option<&ActivationCode>,
    ) -> Result<(), CsvError> {
        let mac = code.binding().mac();
        let models = code.binding().models().unwrap_or_default();
        let models: Vec<String> = models.iter().map(ToString::to_string).collect();
        let models = models.join(";");
        let grouped = Zeroizing::new(digits.map(ToString::to_string).unwrap_or_default());
        let plain = Zeroizing::new(grouped.replace('-', ""));
        let name = match mac {
            Some(mac) => format!("SEP{mac}"),
            None => code.profile().to_string(),
        };
        let expires_at = code.expires_at();
        let left = expires_at.as_millis().saturating_sub(self.now.as_millis());
        let (left, date) = ((left / 1_000).to_string(), expires_at.to_string());
        let record: &[&str] = match self.dialect {
            CsvDialect::Axl => &[
                &plain,
                &left,
                &name,
                "",
                &models,
                "true",
                code.account().as_str(),
            ],
            CsvDialect::Bat => &[
                &grouped,
                &date,
                &name,
                "",
                &models,
                "true",
                code.account().as_str(),
            ],
            CsvDialect::BroadWorks => &[
                code.profile().as_str(),
                "",
                code.tenant().as_str(),
                "",
                &models,
                "",
                "Activating",
                &plain,
                &expires_at.as_millis().to_string(),
                &mac.map(|mac| mac.to_string()).unwrap_or_default(),
                code.account().as_str(),
            ],
        };
        for field in record {
            self.writer
                .write_field(defused(field).as_bytes())
                .map_err(failed)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(failed)
    }

    /// Writes what is still in the buffer; without it the end of the table may be missing.
    ///
    /// # Errors
    ///
    /// [`CsvError`] when the file cannot be written.
    pub fn finish(mut self) -> Result<(), CsvError> {
        self.writer.flush().map_err(|err| failed(err.into()))
    }
}

impl<W: Write> fmt::Debug for CsvWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsvWriter")
            .field("dialect", &self.dialect)
            .finish_non_exhaustive()
    }
}

fn failed(err: csv::Error) -> CsvError {
    CsvError::new(err)
}

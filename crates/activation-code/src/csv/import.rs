//! Phones to provision, out of a table.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use csv::{ByteRecord, ReaderBuilder};
use offhook_device_name::{DeviceModel, MacAddress};

use super::field::{narrowed, restored};
use super::{CsvColumn, CsvLimits, CsvProblem, CsvProblemKind, CsvReport, OtherColumns};
use crate::{AccountId, Binding, ProfileId};

/// A phone to provision, as a line of a table has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Phone {
    line: u64,
    profile: ProfileId,
    account: AccountId,
    binding: Binding,
    description: String,
    location: String,
}

impl Phone {
    /// The line of the table, from 1.
    #[must_use]
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// The device profile.
    #[must_use]
    pub const fn profile(&self) -> &ProfileId {
        &self.profile
    }

    /// The account.
    #[must_use]
    pub const fn account(&self) -> &AccountId {
        &self.account
    }

    /// What may redeem the code: the address if there is one, else the models.
    #[must_use]
    pub const fn binding(&self) -> &Binding {
        &self.binding
    }

    /// The description; empty where there is none.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The location; empty where there is none.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.location
    }
}

/// Reads a table of phones to provision: CSV (RFC 4180) in UTF-8, with or without a byte order
/// mark, lines ended by CR LF or LF, line breaks allowed within quotation marks, empty lines passed
/// over. Either the whole table is good or none of it is taken.
///
/// The first line has the names of the columns, in any order and case: `DEVICE NAME` and `USER ID`;
/// `MAC ADDRESS` or `MODEL` or both, of which each line has at least one; and `DESCRIPTION` and
/// `LOCATION` if wanted. An address may be spelled in every usual way, in digits of every script
/// and full-width letters, with or without `SEP`. No two lines have the same device name or
/// address. An apostrophe that [`CsvWriter`](crate::CsvWriter) would have put before a formula is
/// taken away.
///
/// # Source
///
/// Unified CM Bulk Administration guide, CSV data files: the first line names the fields in upper
/// case, `MAC ADDRESS,DESCRIPTION,LOCATION,USER ID,…`, perhaps with a comma at the end. `DEVICE
/// NAME` and `MODEL` are ours.
///
/// # Errors
///
/// [`CsvReport`] with every line that is not good, and why.
///
/// # Examples
///
/// ```
/// use offhook_activation_code::{CsvLimits, read_phones};
///
/// let table = "DEVICE NAME,USER ID,MAC ADDRESS\ndesk-7,tadams,00:0e:08:ab:cd:ef\n";
/// let phones = read_phones(table.as_bytes(), &CsvLimits::default())?;
/// assert_eq!(phones[0].binding().mac(), Some("000E08ABCDEF".parse()?));
///
/// let report = read_phones(b"DEVICE NAME,USER ID,MAC ADDRESS\n\ndesk-7,,12\n", &CsvLimits::default());
/// assert_eq!(
///     report.unwrap_err().to_string(),
///     "line 3: USER ID: missing\nline 3: MAC ADDRESS: not valid",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_phones(table: &[u8], limits: &CsvLimits) -> Result<Vec<Phone>, CsvReport> {
    let mut sheet = Sheet {
        limits,
        report: CsvReport::new(),
        phones: Vec::new(),
        profiles: HashMap::new(),
        macs: HashMap::new(),
    };
    sheet.read(table);
    if sheet.report.is_empty() {
        Ok(sheet.phones)
    } else {
        Err(sheet.report)
    }
}

struct Sheet<'a> {
    limits: &'a CsvLimits,
    report: CsvReport,
    phones: Vec<Phone>,
    /// The line in which each stood first.
    profiles: HashMap<ProfileId, u64>,
    macs: HashMap<MacAddress, u64>,
}

impl Sheet<'_> {
    fn read(&mut self, table: &[u8]) {
        if table.len() > self.limits.bytes() {
            let max = self.limits.bytes();
            return self.note(1, None, CsvProblemKind::Bytes { max });
        }
        let table = table.strip_prefix(BYTE_ORDER_MARK).unwrap_or(table);
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(table);
        let mut record = ByteRecord::new();
        let mut columns = None;
        let mut rows = 0;
        // Reading from memory does not fail, and what is no text is found below.
        while let Ok(true) = reader.read_byte_record(&mut record) {
            let line = record.position().map_or(1, |at| line_of(table, at));
            if columns.is_some() {
                rows += 1;
                if rows > self.limits.rows() {
                    let max = self.limits.rows();
                    return self.note(line, None, CsvProblemKind::Rows { max });
                }
            }
            let Some(fields) = self.fields(&record, line) else {
                if columns.is_none() {
                    return;
                }
                continue;
            };
            match &columns {
                None => match self.columns(&fields, line) {
                    Some(known) => columns = Some(known),
                    None => return,
                },
                Some(columns) => self.row(&fields, columns, line),
            }
        }
        if columns.is_none() {
            self.note(1, None, CsvProblemKind::NoHeader);
        }
    }

    /// The fields of a line, if all are texts of a size that is read.
    fn fields<'r>(&mut self, record: &'r ByteRecord, line: u64) -> Option<Vec<&'r str>> {
        let max = self.limits.field_bytes();
        if record.iter().any(|field| field.len() > max) {
            self.note(line, None, CsvProblemKind::TooLong { max });
            return None;
        }
        let fields = record.iter().map(std::str::from_utf8).collect();
        match fields {
            Ok(fields) => Some(fields),
            Err(_) => {
                self.note(line, None, CsvProblemKind::NotUtf8);
                None
            }
        }
    }

    /// What each column is; `None` for a line of names that makes no sense of the table.
    fn columns(&mut self, names: &[&str], line: u64) -> Option<Vec<Option<CsvColumn>>> {
        let mut columns: Vec<Option<CsvColumn>> = Vec::new();
        let used = names.iter().rposition(|name| !name.trim().is_empty());
        let (mut good, mut seen) = (true, BTreeSet::new());
        for name in names.iter().take(used.map_or(0, |last| last + 1)) {
            let narrow = narrowed(restored(name)).trim().to_uppercase();
            let known = CsvColumn::ALL
                .into_iter()
                .find(|known| known.name() == narrow);
            let problem = match known {
                Some(known) if !seen.insert(known) => Some(CsvProblemKind::DuplicateColumn),
                None if self.limits.other_columns() == OtherColumns::Report => {
                    let name = name.chars().take(40).collect();
                    Some(CsvProblemKind::UnknownColumn { name })
                }
                _ => None,
            };
            if let Some(problem) = problem {
                self.note(line, known, problem);
                good = false;
            }
            columns.push(known);
        }
        for needed in [CsvColumn::DeviceName, CsvColumn::UserId] {
            if !seen.contains(&needed) {
                self.note(line, Some(needed), CsvProblemKind::Missing);
                good = false;
            }
        }
        if ![CsvColumn::MacAddress, CsvColumn::Model]
            .iter()
            .any(|column| seen.contains(column))
        {
            self.note(line, None, CsvProblemKind::NoBinding);
            good = false;
        }
        good.then_some(columns)
    }

    fn row(&mut self, fields: &[&str], columns: &[Option<CsvColumn>], line: u64) {
        let (found, expected) = (fields.len(), columns.len());
        let rest = fields.iter().skip(expected);
        if found < expected || rest.clone().any(|field| !field.trim().is_empty()) {
            return self.note(line, None, CsvProblemKind::Fields { found, expected });
        }
        let field = |column| {
            let at = columns.iter().position(|known| *known == Some(column));
            let field = at.and_then(|at| fields.get(at)).copied();
            restored(field.unwrap_or_default()).trim()
        };
        let profile = self.needed(field(CsvColumn::DeviceName), CsvColumn::DeviceName, line);
        let account = self.needed(field(CsvColumn::UserId), CsvColumn::UserId, line);
        let mac = self.mac(field(CsvColumn::MacAddress), line);
        let models = self.models(field(CsvColumn::Model), line);
        let (description, location) = (CsvColumn::Description, CsvColumn::Location);
        let [description, location] = [description, location].map(|column| {
            let text = field(column);
            if text.contains(char::is_control) {
                self.note(line, Some(column), CsvProblemKind::BadValue);
            }
            text.to_owned()
        });
        if let Some(profile) = &profile {
            let first = first_line(&mut self.profiles, profile, line);
            self.note_duplicate(first, CsvColumn::DeviceName, line);
        }
        if let Some(Some(mac)) = &mac {
            let first = first_line(&mut self.macs, mac, line);
            self.note_duplicate(first, CsvColumn::MacAddress, line);
        }
        let binding = match (mac, models) {
            (Some(Some(mac)), Some(_)) => Binding::Mac(mac),
            (Some(None), Some(models)) => match <[DeviceModel; 1]>::try_from(models) {
                Ok([model]) => Binding::Model(model),
                Err(models) if models.is_empty() => {
                    return self.note(line, None, CsvProblemKind::NoBinding);
                }
                Err(models) => Binding::AnyOf(models),
            },
            _ => return,
        };
        if let (Some(profile), Some(account)) = (profile, account) {
            self.phones.push(Phone {
                line,
                profile,
                account,
                binding,
                description,
                location,
            });
        }
    }

    fn needed<T: std::str::FromStr>(
        &mut self,
        field: &str,
        column: CsvColumn,
        line: u64,
    ) -> Option<T> {
        if field.is_empty() {
            self.note(line, Some(column), CsvProblemKind::Missing);
            return None;
        }
        let value = field.parse().ok();
        if value.is_none() {
            self.note(line, Some(column), CsvProblemKind::BadValue);
        }
        value
    }

    /// The address, or none; `None` where it is not good.
    fn mac(&mut self, field: &str, line: u64) -> Option<Option<MacAddress>> {
        if field.is_empty() {
            return Some(None);
        }
        let narrow = narrowed(field);
        let (prefix, rest) = narrow.split_at_checked(3).unwrap_or(("", &narrow));
        let address = if prefix.eq_ignore_ascii_case("SEP") {
            rest
        } else {
            &narrow
        };
        let mac = address.parse().ok();
        if mac.is_none() {
            self.note(line, Some(CsvColumn::MacAddress), CsvProblemKind::BadValue);
        }
        mac.map(Some)
    }

    /// The models, if each is good.
    fn models(&mut self, field: &str, line: u64) -> Option<Vec<DeviceModel>> {
        let models = field.split(';').map(str::trim);
        let models = models
            .filter(|model| !model.is_empty())
            .map(DeviceModel::new);
        let models = models.collect::<Result<Vec<_>, _>>().ok();
        if models.is_none() {
            self.note(line, Some(CsvColumn::Model), CsvProblemKind::BadValue);
        }
        models
    }

    fn note_duplicate(&mut self, first: Option<u64>, column: CsvColumn, line: u64) {
        if let Some(first) = first {
            self.note(line, Some(column), CsvProblemKind::Duplicate { first });
        }
    }

    fn note(&mut self, line: u64, column: Option<CsvColumn>, kind: CsvProblemKind) {
        let problem = CsvProblem::new(line, column, kind);
        self.report.note(problem, self.limits.problems());
    }
}

/// The line in which the row begins that is read from `at` on: the reader's position is before the
/// empty lines that it passes over.
fn line_of(table: &[u8], at: &csv::Position) -> u64 {
    let start = usize::try_from(at.byte()).unwrap_or(usize::MAX);
    let rest = table.get(start..).unwrap_or_default();
    let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    at.line() + ends.filter(|byte| **byte == b'\n').count() as u64
}

/// The earlier line with the same value, if there is one.
fn first_line<T: Clone + Eq + Hash>(
    lines: &mut HashMap<T, u64>,
    value: &T,
    line: u64,
) -> Option<u64> {
    match lines.get(value) {
        Some(first) => Some(*first),
        None => {
            lines.insert(value.clone(), line);
            None
        }
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

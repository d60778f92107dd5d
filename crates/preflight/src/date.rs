//! Days.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::ParseDateError;

/// A day of the calendar, in UTC, from 1970 on.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// That day.
    ///
    /// # Errors
    ///
    /// [`ParseDateError`] when the calendar has no such day, or it is before 1970.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, ParseDateError> {
        let is_leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 if is_leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return Err(ParseDateError),
        };
        if year < 1970 || !(1..=days).contains(&day) {
            return Err(ParseDateError);
        }
        Ok(Self { year, month, day })
    }

    /// Its first moment.
    #[must_use]
    pub fn start(self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.days() * 86_400)
    }

    /// Days since 1970-01-01.
    fn days(self) -> u64 {
        // Years begin in March here, so that the day of a leap year comes last.
        let (month, year) = (u64::from(self.month), u64::from(self.year));
        let (month, year) = if month > 2 {
            (month - 3, year)
        } else {
            (month + 9, year - 1)
        };
        let of_year = (153 * month + 2) / 5 + u64::from(self.day) - 1;
        365 * year + year / 4 - year / 100 + year / 400 + of_year - DAYS_TO_1970
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = toml::value::Datetime::deserialize(deserializer)?;
        match (read.date, read.time, read.offset) {
            (Some(date), None, None) => Self::new(date.year, date.month, date.day),
            _ => Err(ParseDateError),
        }
        .map_err(D::Error::custom)
    }
}

/// From March of the year 0 on.
const DAYS_TO_1970: u64 = 719_468;

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(year: u16, month: u8, day: u8) -> u64 {
        let start = Date::new(year, month, day).unwrap().start();
        start
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs()
    }

    #[test]
    fn days_are_counted_as_the_calendar_counts_them() {
        assert_eq!(seconds(1970, 1, 1), 0);
        assert_eq!(seconds(1972, 3, 1), 790 * 86_400);
        assert_eq!(seconds(2000, 2, 29), 951_782_400);
        assert_eq!(seconds(2026, 1, 1), 1_767_225_600);
    }

    #[test]
    fn a_day_that_does_not_exist_is_refused() {
        for (year, month, day) in [
            (1969, 12, 31),
            (2026, 2, 29),
            (2100, 2, 29),
            (2026, 4, 31),
            (2026, 13, 1),
            (2026, 0, 1),
            (2026, 1, 0),
        ] {
            assert_eq!(
                Date::new(year, month, day),
                Err(ParseDateError),
                "{year}-{month}-{day}"
            );
        }
    }
}

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

    /// The day on which `time` is: the first day where it is before, the last of the year 9999 where
    /// it is after that.
    pub(crate) fn of(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH);
        let days = since.unwrap_or_default().as_secs() / 86_400;
        let days = days.min(LAST_DAY) + DAYS_TO_1970;
        // Eras have 400 years, and years begin in March here, so that the leap day comes last.
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
        let year_of_era = (day_of_era - leap_days) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = (month + 2) % 12 + 1;
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        let small = |number: u64| u8::try_from(number).unwrap_or_default();
        Self {
            year: u16::try_from(year).unwrap_or_default(),
            month: small(month),
            day: small(day),
        }
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
/// 9999-12-31, the last day that a certificate can name.
const LAST_DAY: u64 = 2_932_896;

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
    fn each_day_is_found_again_by_its_moments() {
        for days in (0..60_000).chain(LAST_DAY - 400..=LAST_DAY) {
            let start = SystemTime::UNIX_EPOCH + Duration::from_secs(days * 86_400);
            let date = Date::of(start);
            assert_eq!(date.start(), start, "{date}");
            assert_eq!(Date::new(date.year, date.month, date.day), Ok(date));
            assert_eq!(Date::of(start + Duration::from_secs(86_399)), date);
        }
        assert_eq!(Date::of(SystemTime::UNIX_EPOCH).to_string(), "1970-01-01");
        let last = SystemTime::UNIX_EPOCH + Duration::from_secs(LAST_DAY * 86_400);
        for more in [0, 1, 1 << 40] {
            let time = last + Duration::from_secs(more * 86_400);
            assert_eq!(Date::of(time).to_string(), "9999-12-31");
        }
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(Date::of(before).to_string(), "1970-01-01");
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

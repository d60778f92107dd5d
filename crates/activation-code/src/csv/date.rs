//! Moments for people.

use std::fmt::Write as _;

use crate::Timestamp;

/// The moment in UTC by ISO 8601, whole seconds: `2027-01-15 08:00:00Z`.
pub(crate) fn utc(timestamp: Timestamp) -> String {
    let seconds = timestamp.as_millis() / 1_000;
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    // Years are counted from March on, in eras of 400 years, since the year 0.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let leap_days = year_of_era / 4 - year_of_era / 100;
    let day_of_year = day_of_era - (365 * year_of_era + leap_days);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = (march_month + 2) % 12 + 1;
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _: std::fmt::Result = write!(
        text,
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}Z",
        time / 3_600,
        time / 60 % 60,
        time % 60
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected texts are those of `date -u -d @SECONDS '+%F %TZ'`.
    #[test]
    fn moments_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00Z"),
            (951_782_399, "2000-02-28 23:59:59Z"),
            (951_782_400, "2000-02-29 00:00:00Z"),
            (951_868_800, "2000-03-01 00:00:00Z"),
            (1_800_000_000, "2027-01-15 08:00:00Z"),
            (4_107_542_399, "2100-02-28 23:59:59Z"),
            (4_107_542_400, "2100-03-01 00:00:00Z"),
            (253_402_300_799, "9999-12-31 23:59:59Z"),
        ] {
            assert_eq!(utc(Timestamp::from_millis(seconds * 1_000 + 999)), text);
        }
    }
}

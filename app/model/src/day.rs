//! Calendar days, without a time zone.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

const MS: i64 = 86_400_000;

/// A day of the calendar, as the number of days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(pub i32);

impl Day {
    /// The day of a local time in milliseconds since 1970.
    pub fn of_local(at: i64) -> Self {
        Self(i32::try_from(at.div_euclid(MS)).unwrap_or(i32::MAX))
    }

    /// The local time at which it begins, in milliseconds since 1970.
    pub const fn begins(self) -> i64 {
        self.0 as i64 * MS
    }

    /// Some days later, or earlier if the number is negative.
    #[must_use]
    pub const fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Year, month (1 to 12) and day of the month. (Howard Hinnant, `civil_from_days`.)
    pub const fn civil(self) -> (i64, i64, i64) {
        let z = self.0 as i64 + 719_468;
        let era = z.div_euclid(146_097);
        let of_era = z.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        (year_of_era + era * 400 + if month <= 2 { 1 } else { 0 }, month, day)
    }

    /// The day of a year, month and day of the month. None if there is no such day between the years 1 and 9999.
    pub fn of_civil(year: i64, month: i64, day: i64) -> Option<Self> {
        if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let shifted = if month <= 2 { year - 1 } else { year };
        let (era, year_of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
        let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
        let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
        let found = Self(i32::try_from(era * 146_097 + of_era - 719_468).ok()?);
        (found.civil() == (year, month, day)).then_some(found)
    }
}

/// As in "2026-11-30".
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// The text is no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoDay;

impl FromStr for Day {
    type Err = NoDay;
    fn from_str(text: &str) -> Result<Self, NoDay> {
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts[..] else { return Err(NoDay) };
        let number = |text: &str, digits: usize| match text.len() == digits && text.bytes().all(|c| c.is_ascii_digit())
        {
            true => text.parse::<i64>().map_err(|_| NoDay),
            false => Err(NoDay),
        };
        Self::of_civil(number(year, 4)?, number(month, 2)?, number(day, 2)?).ok_or(NoDay)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_day_is_the_same_after_writing_and_reading_it(days in -719_162i32..2_932_896) {
            let day = Day(days);
            prop_assert_eq!(day.to_string().parse::<Day>(), Ok(day));
            let (year, month, of_month) = day.civil();
            prop_assert_eq!(Day::of_civil(year, month, of_month), Some(day));
            prop_assert_eq!(Day::of_local(day.begins()), day);
            prop_assert_eq!(Day::of_local(day.begins() - 1), day.plus(-1));
        }

        #[test]
        fn nothing_else_is_a_day(text in "\\PC{0,12}") {
            if let Ok(day) = text.parse::<Day>() { prop_assert_eq!(day.to_string(), text); }
        }
    }

    #[test]
    fn known_days() {
        assert_eq!("1970-01-01".parse(), Ok(Day(0)));
        assert_eq!("2024-02-29".parse::<Day>().map(|day| day.plus(1).to_string()), Ok("2024-03-01".to_owned()));
        assert_eq!("2023-02-29".parse::<Day>(), Err(NoDay));
    }
}

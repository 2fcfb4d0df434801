//! The times of the sample, counted back from now: "9m", "2h10m", or "3d 10:42", which is three working days ago.

use jiff::{
    Zoned,
    civil::{Time, Weekday},
    tz::TimeZone,
};
use model::Timestamp;

use crate::plan::{HOUR, MINUTE};

/// A time before now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// This many milliseconds ago, for what is happening now.
    Ago(i64),
    /// A time on an earlier working day, so that nobody writes mails on a Sunday night.
    WorkingDay {
        /// How many working days before today.
        back: u32,
        /// The time of day.
        time: Time,
    },
}

impl When {
    /// Parses the beginning of a line. Returns the rest.
    pub(super) fn read(text: &str) -> Option<(Self, &str)> {
        let (first, rest) = text.trim_start().split_once(char::is_whitespace)?;
        if let Some(days) = first.strip_suffix('d') {
            let (clock, rest) = rest.trim_start().split_once(char::is_whitespace)?;
            let (hour, minute) = clock.split_once(':')?;
            let time = Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()?;
            let back = days.parse().ok().filter(|back| (1..=30).contains(back))?;
            return Some((Self::WorkingDay { back, time }, rest));
        }
        let (hours, minutes) = first.split_once('h').unwrap_or(("0", first));
        let minutes = if minutes.is_empty() { "0" } else { minutes.strip_suffix('m')? };
        let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
        let ms = hours * HOUR + minutes * MINUTE;
        // At most six hours, so that it is not before the evening of the day before.
        (0 < ms && ms <= 6 * HOUR).then_some((Self::Ago(ms), rest))
    }

    /// The point in time.
    pub(super) fn at(self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        match self {
            Self::Ago(ms) => now.plus(-ms),
            Self::WorkingDay { back, time } => {
                let mut day = local(now, zone).date();
                for _ in 0..back {
                    day = day.yesterday().unwrap_or(day);
                    while matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
                        day = day.yesterday().unwrap_or(day);
                    }
                }
                let at = day.to_datetime(time).to_zoned(zone.clone());
                at.map_or(now, |at| Timestamp(at.timestamp().as_millisecond()))
            }
        }
    }
}

/// A time in a time zone.
pub(super) fn local(at: Timestamp, zone: &TimeZone) -> Zoned {
    jiff::Timestamp::from_millisecond(at.0).unwrap_or_default().to_zoned(zone.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, now: &str) -> String {
        let now = Timestamp(now.parse::<jiff::Timestamp>().unwrap().as_millisecond());
        let (when, rest) = When::read(text).unwrap();
        assert_eq!(rest, "them");
        local(when.at(now, &TimeZone::UTC), &TimeZone::UTC).strftime("%a %d %H:%M").to_string()
    }

    #[test]
    fn days_before_today_are_working_days() {
        // A Monday.
        assert_eq!(at("1d 10:42 them", "2026-03-09T09:00:00Z"), "Fri 06 10:42");
        assert_eq!(at("6d 08:00 them", "2026-03-09T09:00:00Z"), "Fri 27 08:00");
        // A Sunday.
        assert_eq!(at("1d 21:14 them", "2026-03-08T00:30:00Z"), "Fri 06 21:14");
        assert_eq!(at("2h10m them", "2026-03-09T09:00:00Z"), "Mon 09 06:50");
        assert_eq!(at("9m them", "2026-03-09T09:00:00Z"), "Mon 09 08:51");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "them", "9m", "0m them", "7h them", "9 them", "0d 10:00 them", "1d them", "1d 25:00 them", "h them"]
        {
            assert_eq!(When::read(text), None, "{text:?}");
        }
    }
}

//! A time in few characters. The caller passes in the current time; this code reads no clock.

use leptos::prelude::*;

use crate::state::use_zone;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// The year, month (1 to 12) and day of a time in UTC milliseconds. (Howard Hinnant, `civil_from_days`.)
fn civil(at: i64) -> (i64, i64, i64) {
    let z = at.div_euclid(DAY) + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

fn month_name(month: i64) -> &'static str {
    usize::try_from(month - 1).ok().and_then(|i| MONTHS.get(i)).copied().unwrap_or("")
}

fn weekday(at: i64) -> &'static str {
    usize::try_from(at.div_euclid(DAY).rem_euclid(7)).ok().and_then(|i| WEEKDAYS.get(i)).copied().unwrap_or("")
}

/// "now", "2 min", "1 h", "Tue", "12 Nov", "12 Nov 2024", and "in 5 min" for a future time. Both times are in milliseconds since 1970. If
/// the reader is not in UTC, both are shifted by the same offset.
pub fn relative(now: i64, at: i64) -> String {
    let ago = now - at;
    let amount = match ago.abs() {
        d if d < MINUTE => return "now".to_owned(),
        d if d < HOUR => format!("{} min", d / MINUTE),
        d if d < DAY => format!("{} h", d / HOUR),
        // At most six full days, because last week's same weekday would look like today.
        d if d < 6 * DAY => return weekday(at).to_owned(),
        _ => return date(now, at),
    };
    if ago < 0 { format!("in {amount}") } else { amount }
}

/// "12 Nov", with the year if it is not the current year.
fn date(now: i64, at: i64) -> String {
    let (year, month, day) = civil(at);
    if civil(now).0 == year {
        format!("{day} {}", month_name(month))
    } else {
        format!("{day} {} {year}", month_name(month))
    }
}

/// The full date and time: "12 Nov 2026, 11:40".
pub fn exact(at: i64) -> String {
    let (year, month, day) = civil(at);
    let (hour, minute) = (at.rem_euclid(DAY) / HOUR, at.rem_euclid(HOUR) / MINUTE);
    format!("{day} {} {year}, {hour:02}:{minute:02}", month_name(month))
}

/// The machine-readable time: "2026-11-12T11:40:05Z".
pub fn iso(at: i64) -> String {
    let (year, month, day) = civil(at);
    let (hour, minute) = (at.rem_euclid(DAY) / HOUR, at.rem_euclid(HOUR) / MINUTE);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}Z", at.rem_euclid(MINUTE) / 1_000)
}

/// A relative time that updates with `now` and shows the exact time on hover.
#[component]
pub fn RelativeTime(
    /// The time to show, in UTC milliseconds.
    at: i64,
    /// The current time, in UTC milliseconds.
    #[prop(into)]
    now: Signal<i64>,
    /// More CSS classes, such as `row-time`.
    #[prop(optional, into)]
    class: Option<String>,
) -> impl IntoView {
    let zone = use_zone();
    view! {
        <time class=class datetime=iso(at) title=move || exact(zone.local(at))>
            {move || relative(zone.local(now.get()), zone.local(at))}
        </time>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thursday, 12 November 2026, 11:40:05 UTC.
    const NOW: i64 = 1_794_483_605_000;

    #[test]
    fn near_times_count_far_times_are_dates() {
        assert_eq!(relative(NOW, NOW), "now");
        assert_eq!(relative(NOW, NOW - 59_000), "now");
        assert_eq!(relative(NOW, NOW - 2 * MINUTE), "2 min");
        assert_eq!(relative(NOW, NOW - 59 * MINUTE), "59 min");
        assert_eq!(relative(NOW, NOW - HOUR), "1 h");
        assert_eq!(relative(NOW, NOW - 23 * HOUR), "23 h");
        assert_eq!(relative(NOW, NOW - 2 * DAY), "Tue");
        assert_eq!(relative(NOW, NOW - 5 * DAY), "Sat");
        assert_eq!(relative(NOW, NOW - 7 * DAY), "5 Nov");
        assert_eq!(relative(NOW, NOW - 400 * DAY), "8 Oct 2025");
        assert_eq!(relative(NOW, NOW + 5 * MINUTE), "in 5 min");
    }

    #[test]
    fn exact_times() {
        assert_eq!(exact(NOW), "12 Nov 2026, 11:40");
        assert_eq!(iso(NOW), "2026-11-12T11:40:05Z");
        assert_eq!(iso(0), "1970-01-01T00:00:00Z");
        assert_eq!(exact(951_782_400_000), "29 Feb 2000, 00:00");
        assert_eq!(exact(-1), "31 Dec 1969, 23:59");
    }
}

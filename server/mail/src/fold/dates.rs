//! Finds a day or a time of day in a line of any language, by its numbers.

/// A text for comparison: digits 0–9, plain spaces, no direction marks.
pub fn normal(text: &str) -> String {
    text.chars()
        .filter(|c| !is_direction(*c))
        .map(|c| match digit(c) {
            Some(digit) => char::from(b'0' + digit),
            None if c.is_whitespace() => ' ',
            None => c,
        })
        .collect()
}

/// Marks of the text direction. Programs put them around addresses and names.
pub const fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The value of a digit in any script.
fn digit(c: char) -> Option<u8> {
    // The zeros of the scripts in which programs write dates.
    const ZEROS: [char; 12] = ['0', '٠', '۰', '०', '০', '૦', '௦', '౦', '೦', '๐', '၀', '０'];
    let zero = ZEROS.into_iter().rev().find(|zero| *zero <= c)?;
    u8::try_from(u32::from(c) - u32::from(zero)).ok().filter(|worth| *worth < 10)
}

/// A number in a line: its value, its digits, and its position.
struct Number {
    value: u32,
    digits: usize,
    begin: usize,
    end: usize,
}

fn numbers(line: &str) -> Vec<Number> {
    let mut numbers = Vec::new();
    let mut begin = None;
    for (at, byte) in line.bytes().chain([b' ']).enumerate() {
        match (byte.is_ascii_digit(), begin) {
            (true, None) => begin = Some(at),
            (false, Some(first)) => {
                // Longer numbers are no part of a date.
                let value = line[first..at].parse().unwrap_or(u32::MAX);
                numbers.push(Number { value, digits: at - first, begin: first, end: at });
                begin = None;
            }
            _ => {}
        }
    }
    numbers
}

/// Which numbers are hours, minutes and seconds: `15:15`, `15.15`, `15h15`, `15:15:02`.
fn clocks(line: &str, numbers: &[Number]) -> Vec<bool> {
    let mut is_clock = vec![false; numbers.len()];
    for n in 1..numbers.len() {
        let (hour, minute) = (&numbers[n - 1], &numbers[n]);
        let between = &line[hour.end..minute.begin];
        let before = &line[..hour.begin];
        let behind = &line[minute.end..];
        let fits = hour.digits <= 2 && hour.value <= 24 && minute.digits == 2 && minute.value <= 59;
        // "27.11." and "27.11.2026" are days.
        let stands_alone = !behind.starts_with('.') && !before.ends_with('.');
        let is_time = match between {
            ":" | "h" | "時" | "时" | "點" | "点" | "시 " | "시" => true,
            "." => stands_alone && !before.ends_with(['/', '-']),
            _ => false,
        };
        if fits && is_time {
            (is_clock[n - 1], is_clock[n]) = (true, true);
        }
        if is_clock[n - 1] && between == ":" && minute.digits == 2 && minute.value <= 60 {
            is_clock[n] = true;
        }
    }
    is_clock
}

/// Whether a line contains a time of day. The line must be [`normal`].
pub fn has_clock(line: &str) -> bool {
    clocks(line, &numbers(line)).contains(&true)
}

/// Whether a line contains a day with its year. The line must be [`normal`].
pub fn has_date(line: &str) -> bool {
    date(line).is_some()
}

/// The position of the first number of a date in a line.
pub fn date(line: &str) -> Option<usize> {
    let numbers = numbers(line);
    let is_clock = clocks(line, &numbers);
    let of_day: Vec<&Number> = numbers.iter().zip(&is_clock).filter(|(_, clock)| !**clock).map(|(n, _)| n).collect();
    // The Gregorian, the Islamic and the Thai calendar.
    let is_year = |n: &&&Number| {
        n.digits == 4
            && matches!(n.value, 1385..=1460 | 1980..=2099 | 2523..=2642)
            && !line[..n.begin].ends_with(['+', '#'])
    };
    let year = of_day.iter().find(is_year);
    let is_day = |n: &&&Number| n.digits <= 2 && (1..=31).contains(&n.value) && !line[..n.begin].ends_with(['+', '#']);
    let day = of_day.iter().find(is_day);
    if let (Some(year), Some(day)) = (year, day) {
        return Some(year.begin.min(day.begin));
    }
    // 27.11.26, 27/11/26, 26-11-27
    let short = of_day.windows(3).find(|three| {
        let between = [&line[three[0].end..three[1].begin], &line[three[1].end..three[2].begin]];
        let is_short = three.iter().all(|n| n.digits <= 2) && three[2].digits == 2;
        is_short && between[0] == between[1] && matches!(between[0], "." | "/" | "-" | ". ")
    });
    short.map(|three| three[0].begin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t3_days_and_times_are_known_by_their_numbers() {
        for (line, day, time) in [
            ("Monday, May 11, 2026 4:42 PM", true, true),
            ("pe 27. marrask. 2026 klo 15.15", true, true),
            ("27.11.26 um 10:00", true, true),
            ("2026年11月27日(金) 15:15", true, true),
            ("٢٧ نوفمبر ٢٠٢٦، ٣:١٥ م", true, true),
            ("๒๗ พ.ย. ๒๕๖๙ เวลา ๑๕:๑๕", true, true),
            ("2026-11-27", true, false),
            ("27/11/26", true, false),
            ("vendredi 27 novembre 2026 à 15h15", true, true),
            ("Fri, 27 Nov 2026 15:15:02 +0100", true, true),
            ("15:15:02", false, true),
            ("27.11.", false, false),
            ("Friday at 10", false, false),
            ("Order 2026", false, false),
            ("version 1.2.3", false, false),
            ("call 040 123 45 67", false, false),
            ("2.50 EUR", false, true),
        ] {
            let line = normal(line);
            assert_eq!((has_date(&line), has_clock(&line)), (day, time), "{line}");
        }
    }
}

//! What a measurement comes to, and the middle of several.

use std::time::Duration;

use crate::machine::millis;

/// One measurement under load.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    /// Answers with a status of 200 to 299.
    pub good: usize,
    /// All others, and broken connections.
    pub bad: usize,
    /// Half of the answers came faster than this many milliseconds.
    pub p50: f64,
    /// All but a twentieth did.
    pub p95: f64,
    /// All but a hundredth did.
    pub p99: f64,
    /// Good answers per second.
    pub per_second: f64,
    /// Processor time of the server per answer, in milliseconds.
    pub cpu: f64,
}

impl Figures {
    /// From the times of the good answers.
    pub fn of(mut times: Vec<Duration>, bad: usize, lasted: Duration, cpu_ms: f64) -> Self {
        let good = times.len();
        Self {
            good,
            bad,
            p50: millis(quantile(&mut times, 0.5)),
            p95: millis(quantile(&mut times, 0.95)),
            p99: millis(quantile(&mut times, 0.99)),
            per_second: good as f64 / lasted.as_secs_f64(),
            cpu: cpu_ms / good.max(1) as f64,
        }
    }

    /// The median of each figure; what went wrong is added up.
    pub fn middle(rounds: &[Self]) -> Self {
        let of = |field: fn(&Self) -> f64| median(rounds.iter().map(field).collect());
        Self {
            good: rounds.iter().map(|round| round.good).sum(),
            bad: rounds.iter().map(|round| round.bad).sum(),
            p50: of(|f| f.p50),
            p95: of(|f| f.p95),
            p99: of(|f| f.p99),
            per_second: of(|f| f.per_second),
            cpu: of(|f| f.cpu),
        }
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { bad, p50, p99, per_second, cpu, .. } = self;
        write!(f, "p50 {p50:8.2} ms  p99 {p99:8.2} ms  {per_second:9.1}/s  CPU {cpu:6.3} ms")?;
        if *bad > 0 { write!(f, "  {bad} FAILED") } else { Ok(()) }
    }
}

/// The value below which this part of all lies; sorts them.
pub fn quantile(times: &mut [Duration], part: f64) -> Duration {
    times.sort_unstable();
    let place = (times.len() as f64 * part) as usize;
    times.get(place.min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// The middle value.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

//! Ours and raw in turn: us, raw, us, raw.

use crate::{Bench, error::Result, figures::Figures, load::Make, process::Process};

/// The middle of the rounds of both sides.
pub struct Duel {
    /// Ours.
    pub ours: Figures,
    /// The raw handlers'.
    pub raw: Figures,
}

impl Duel {
    /// Our throughput in parts of theirs.
    pub fn throughput(&self) -> f64 {
        self.ours.per_second / self.raw.per_second
    }
}

/// One side: who is asked, and what.
pub type Side<'a> = (&'a Process, &'a Make);

/// Lets both sides answer in turn, over so many connections.
///
/// # Errors
/// When a server is gone.
pub async fn duel(bench: &mut Bench, name: &str, connections: usize, ours: Side<'_>, raw: Side<'_>) -> Result<Duel> {
    let (mut our_rounds, mut raw_rounds) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        our_rounds.push(crate::load::run(ours.0, connections, bench.lasting, ours.1).await?);
        raw_rounds.push(crate::load::run(raw.0, connections, bench.lasting, raw.1).await?);
    }
    let duel = Duel { ours: Figures::middle(&our_rounds), raw: Figures::middle(&raw_rounds) };
    bench.report.line(format!("{name:18} c={connections:<3} us   {}", duel.ours));
    bench.report.line(format!("{name:18} c={connections:<3} raw  {}", duel.raw));
    bench.report.failed(duel.ours.bad + duel.raw.bad);
    bench.report.more_is_better(format!("{name} c={connections} part of raw"), duel.throughput());
    bench.report.less_is_better(format!("{name} c={connections} CPU ms"), duel.ours.cpu);
    Ok(duel)
}

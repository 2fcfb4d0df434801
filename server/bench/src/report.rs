//! What is printed, what is kept for the next run, and whether this run is worse than the last.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    machine::{kind, load},
};

/// A figure so much worse than the last recorded one fails the run.
const WORSE: f64 = 1.15;

/// A figure that is watched from run to run.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Watched {
    value: f64,
    more_is_better: bool,
}

/// The last recorded run.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Record {
    machine: String,
    figures: BTreeMap<String, Watched>,
}

/// Collects a run.
#[derive(Default)]
pub struct Report {
    figures: BTreeMap<String, Watched>,
    goals: Vec<String>,
    bad: usize,
}

impl Report {
    /// Prints a line with the machine's load at this moment.
    pub fn line(&self, text: impl std::fmt::Display) {
        println!("{text}  (load {:.1})", load());
    }

    /// What a goal came to.
    pub fn goal(&mut self, number: &str, met: bool, text: impl std::fmt::Display) {
        let line = format!("{} {number}: {text}", if met { "met   " } else { "MISSED" });
        println!("  {line}");
        self.goals.push(line);
    }

    /// Keeps a figure of which less is better.
    pub fn less_is_better(&mut self, name: impl Into<String>, value: f64) {
        self.figures.insert(name.into(), Watched { value, more_is_better: false });
    }

    /// Keeps a figure of which more is better.
    pub fn more_is_better(&mut self, name: impl Into<String>, value: f64) {
        self.figures.insert(name.into(), Watched { value, more_is_better: true });
    }

    /// Counts answers that were no good: a single one fails the run.
    pub fn failed(&mut self, count: usize) {
        self.bad += count;
    }

    /// Prints the summary, compares with the last run and keeps this one; whether all is well. A worse run is kept only when it is
    /// `accepted`: else the next one would be measured against it.
    ///
    /// # Errors
    /// When the record cannot be read or written.
    pub fn finish(self, kept: &Path, accepted: bool) -> Result<bool> {
        println!("\nGoals");
        for goal in &self.goals {
            println!("  {goal}");
        }
        let path: PathBuf = kept.join("last-run.json");
        let machine = kind();
        let mut record: Record = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(_) => Record::default(),
        };
        if record.machine != machine {
            record = Record { machine, figures: BTreeMap::new() };
        }
        let worse = worse(&record.figures, &self.figures);
        for line in &worse {
            println!("  WORSE  {line}");
        }
        if self.bad > 0 {
            println!("  FAILED {} answers were not 2xx", self.bad);
        }
        if worse.is_empty() || accepted {
            record.figures.extend(self.figures);
            fs::write(&path, serde_json::to_vec_pretty(&record)?)?;
        }
        Ok(self.bad == 0 && (worse.is_empty() || accepted))
    }
}

fn worse(before: &BTreeMap<String, Watched>, now: &BTreeMap<String, Watched>) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, Watched { value, more_is_better }) in now {
        let Some(last) = before.get(name).map(|last| last.value) else { continue };
        let (better, poorer) = if *more_is_better { (*value, last) } else { (last, *value) };
        if poorer > better * WORSE {
            lines.push(format!("{name}: {value:.3}, last time {last:.3}"));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_sixth_worse_is_told() {
        let run = |rate: f64, time: f64| {
            let mut report = Report::default();
            report.more_is_better("rate", rate);
            report.less_is_better("time", time);
            report.figures
        };
        assert_eq!(worse(&run(100.0, 10.0), &run(90.0, 11.0)), Vec::<String>::new());
        assert_eq!(worse(&run(100.0, 10.0), &run(200.0, 1.0)), Vec::<String>::new());
        assert_eq!(worse(&run(100.0, 10.0), &run(84.0, 11.7)).len(), 2);
        assert_eq!(worse(&BTreeMap::new(), &run(1.0, 1.0)).len(), 0);
    }
}

//! How many inputs the tests generate.

/// How many inputs a test makes: `usual`, or what `TANDEM_INPUTS` says (`make proof`).
pub fn inputs(usual: usize) -> usize {
    std::env::var("TANDEM_INPUTS").ok().and_then(|many| many.parse().ok()).unwrap_or(usual)
}

//! S41: signing in takes as long with an address that nobody has as with one that somebody has.
//!
//! The limits on attempts stay on: each account takes nine attempts at most, each loopback address eighty.

use std::{
    io::Write,
    net::{IpAddr, Ipv4Addr},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    Bench,
    bed::Bed,
    error::{Result, wrong},
    figures::quantile,
    http::{Connection, post},
    machine::millis,
};

const EACH: usize = 200;
const PER_ACCOUNT: usize = 9;
const PER_ADDRESS: usize = 80;
/// Of the pairs, the tenth whose two times differ most, either way, is left out: there the machine did something else meanwhile.
const LEFT_OUT: usize = EACH / 10;

/// Measures it.
///
/// # Errors
/// When a sign-in is answered as it should not be.
pub async fn measure(bench: &mut Bench, bed: &Bed) -> Result<()> {
    let accounts = EACH.div_ceil(PER_ACCOUNT);
    for account in 0..accounts {
        add_member(bench, bed, &format!("known{account:03}@example.com"))?;
    }
    let server = bench.tandem.start(&bed.folder).await?;
    let (mut pairs, mut answers) = (Vec::new(), Vec::new());
    for number in 0..EACH {
        let account = number % accounts;
        let tries = [format!("known{account:03}%40example.com"), format!("other{account:03}%40example.com")];
        // The order changes, so that neither profits from being second.
        let order = if number % 2 == 0 { [0, 1] } else { [1, 0] };
        let mut took = [Duration::ZERO; 2];
        for which in order {
            let place = u8::try_from(2 + (2 * number + which) / PER_ADDRESS).unwrap_or(u8::MAX);
            let from = IpAddr::V4(Ipv4Addr::new(127, 0, 0, place));
            let mut connection = Connection::open(server.addr, Some(from)).await?;
            let email = tries.get(which).map_or("", String::as_str);
            let form = format!("email={email}&password=not+the+password+{number:03}&next=");
            let kind = "application/x-www-form-urlencoded";
            let request = post(server.addr, "/api/fn/sign_in", "", kind, &form);
            let asked = Instant::now();
            let answer = connection.ask(&request).await?;
            if let Some(time) = took.get_mut(which) {
                *time = asked.elapsed();
            }
            answers.push(answer);
        }
        pairs.push(took);
    }
    answers.dedup();
    if let [_, other, ..] = answers.as_slice() {
        return wrong(format!("not all answers are the same: {} {}", other.0, String::from_utf8_lossy(&other.1)));
    }
    let all = apart(&pairs);
    pairs.sort_by_key(|[known, unknown]| known.abs_diff(*unknown));
    pairs.truncate(EACH - LEFT_OUT);
    let apart = apart(&pairs);
    let (with, without) = means(&pairs);
    let (mut known, mut unknown): (Vec<_>, Vec<_>) = pairs.iter().map(|[known, unknown]| (*known, *unknown)).unzip();
    let middles = (millis(quantile(&mut known, 0.5)), millis(quantile(&mut unknown, 0.5)));
    bench.report.line(format!(
        "sign-in            known: mean {with:.2} ms, median {:.2} ms  unknown: mean {without:.2} ms, median {:.2} ms",
        middles.0, middles.1
    ));
    bench.report.goal(
        "S41 sign-in timing",
        apart <= 5.0,
        format!("{apart:.1} % apart, {EACH} each (aim 5 %); {all:.1} % with nothing left out"),
    );
    Ok(())
}

/// The means of both, in milliseconds.
fn means(pairs: &[[Duration; 2]]) -> (f64, f64) {
    let mean = |which: fn(&[Duration; 2]) -> Duration| millis(pairs.iter().map(which).sum()) / pairs.len() as f64;
    (mean(|[known, _]| *known), mean(|[_, unknown]| *unknown))
}

/// How far the means are apart, in parts of a hundred of the smaller.
fn apart(pairs: &[[Duration; 2]]) -> f64 {
    let (with, without) = means(pairs);
    (with - without).abs() / with.min(without) * 100.0
}

fn add_member(bench: &Bench, bed: &Bed, email: &str) -> Result<()> {
    let mut child = Command::new(&bench.tandem.path)
        .args(["user", "add", email, "--name", "Known", "--data"])
        .arg(&bed.folder)
        .current_dir(&bed.folder)
        .env("TANDEM_LOG", "warn")
        .env_remove("TANDEM_DATABASE_URL")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(b"a password of theirs\n")?;
    }
    let status = child.wait()?;
    if status.success() { Ok(()) } else { wrong(format!("tandem user add ended with {status}")) }
}

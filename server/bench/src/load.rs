//! So many connections that ask again as soon as they are answered.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{error::Result, figures::Figures, http::Connection, machine::cpu_ms, process::Process};

/// Makes the request with this number.
pub type Make = Arc<dyn Fn(u64) -> Vec<u8> + Send + Sync>;

/// Asks before counting, so that caches are as warm as they are in use.
const WARM_UP: Duration = Duration::from_millis(500);

/// Asks for so long over so many connections.
///
/// # Errors
/// When nobody listens.
pub async fn run(server: &Process, connections: usize, lasting: Duration, make: &Make) -> Result<Figures> {
    let began = Instant::now();
    let numbers = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let connection = Connection::open(server.addr, None).await?;
        let (make, numbers, addr) = (Arc::clone(make), Arc::clone(&numbers), server.addr);
        tasks.push(tokio::spawn(async move {
            let mut connection = Some(connection);
            let (mut times, mut bad) = (Vec::new(), 0);
            while began.elapsed() < WARM_UP + lasting {
                let request = make(numbers.fetch_add(1, Ordering::Relaxed));
                let asked = Instant::now();
                let answer = match connection.as_mut() {
                    Some(connection) => connection.ask(&request).await,
                    None => Err(std::io::ErrorKind::NotConnected.into()),
                };
                match answer {
                    Ok((200..=299, _)) if began.elapsed() > WARM_UP => times.push(asked.elapsed()),
                    Ok((200..=299, _)) => {}
                    Ok(_) => bad += 1,
                    Err(_) => {
                        bad += 1;
                        connection = Connection::open(addr, None).await.ok();
                    }
                }
            }
            (times, bad)
        }));
    }
    tokio::time::sleep(WARM_UP.saturating_sub(began.elapsed())).await;
    let cpu_before = cpu_ms(server.pid())?;
    let (mut times, mut bad) = (Vec::new(), 0);
    for task in tasks {
        if let Ok((more, failed)) = task.await {
            times.extend(more);
            bad += failed;
        }
    }
    let cpu = cpu_ms(server.pid())? - cpu_before;
    Ok(Figures::of(times, bad, began.elapsed().saturating_sub(WARM_UP), cpu))
}

//! Gives memory back to the system once a crowd has gone (R12): the C library keeps what it has freed in the middle of its heaps, which
//! after 10,000 streams is hundreds of megabytes, until it is asked.

use std::time::Duration;

use tokio::{sync::watch, time::sleep};

/// How often is looked.
const LOOK: Duration = Duration::from_secs(2);
/// With less than this of its own, in bytes, a process has nothing worth giving back.
const LITTLE: u64 = 24 * 1024 * 1024;

/// Looks after it until told to stop.
pub async fn look_after(mut shutdown: watch::Receiver<bool>) {
    let mut before = 0;
    while !*shutdown.borrow() {
        tokio::select! {
            () = sleep(LOOK) => {}
            _ = shutdown.changed() => return,
        }
        let Some(now) = own_bytes() else { continue };
        // While a crowd is still coming (a sixteenth more than a look ago), what was freed is wanted again at once.
        if now > LITTLE && now <= before + before / 16 {
            // It walks through the heaps: for some milliseconds, and not on a thread that answers.
            let _ = tokio::task::spawn_blocking(give_back).await;
        }
        before = now;
    }
}

/// What this process alone has in memory; none where the system does not say. (proc(5), `statm`: pages, resident and shared.)
fn own_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let mut pages = text.split(' ').skip(1).map(str::parse::<u64>);
    let (resident, shared) = (pages.next()?.ok()?, pages.next()?.ok()?);
    Some(resident.saturating_sub(shared) * u64::try_from(rustix::param::page_size()).ok()?)
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "a call of the C library without arguments that could be wrong")]
fn give_back() {
    // SAFETY: it may be called at any time and from any thread, and touches only what is free. malloc_trim(3)
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back() {}

//! Returns memory to the system after many connections have closed (R12). Until it is asked, the C library keeps freed memory in the middle
//! of its heaps, which is hundreds of megabytes after 10,000 streams.

use std::time::Duration;

use tokio::{sync::watch, time::sleep};

/// How often the memory is measured.
const LOOK: Duration = Duration::from_secs(2);
/// A process with less private memory than this, in bytes, has nothing worth returning.
const LITTLE: u64 = 24 * 1024 * 1024;

/// Runs until the shutdown.
pub async fn look_after(mut shutdown: watch::Receiver<bool>) {
    let mut before = 0;
    while !*shutdown.borrow() {
        tokio::select! {
            () = sleep(LOOK) => {}
            _ = shutdown.changed() => return,
        }
        let Some(now) = own_bytes() else { continue };
        // While memory still grows (by more than a sixteenth since the last measurement), freed memory is needed again at once.
        if now > LITTLE && now <= before + before / 16 {
            // It walks the heaps for some milliseconds, so it must not run on a thread that serves requests.
            let _ = tokio::task::spawn_blocking(give_back).await;
        }
        before = now;
    }
}

/// The private memory of this process. None if the system does not say. (proc(5), `statm`: pages, resident and shared.)
fn own_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let mut pages = text.split(' ').skip(1).map(str::parse::<u64>);
    let (resident, shared) = (pages.next()?.ok()?, pages.next()?.ok()?);
    Some(resident.saturating_sub(shared) * u64::try_from(rustix::param::page_size()).ok()?)
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "a call of the C library without arguments that could be wrong")]
fn give_back() {
    // SAFETY: it may be called at any time and from any thread, and touches only free memory. malloc_trim(3)
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back() {}

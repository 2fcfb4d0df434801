//! Renders pages on separate threads, each page on one thread from start to end.
//!
//! A page consists of many small tasks that read and dispose of the same signals. On the server's threads two of them can run at once, and
//! about one page in a thousand failed with 500 because a signal was gone. On one thread they cannot, and nothing has to move between
//! threads.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use tokio::{
    runtime::Builder,
    sync::{
        Semaphore,
        mpsc::{UnboundedSender, unbounded_channel},
        oneshot,
    },
};

/// How many pages one thread renders at once. More than one, because pages wait for the database at times. Not all, because each uses
/// memory until it is done.
const AT_ONCE: usize = 4;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The rendering threads. They end when the last handle is dropped.
pub struct Renderers {
    threads: Vec<UnboundedSender<Work>>,
    next: AtomicUsize,
}

impl Renderers {
    /// Starts as many threads as there are cores.
    ///
    /// # Errors
    /// When the system starts no more threads.
    pub fn start() -> std::io::Result<Self> {
        let cores = thread::available_parallelism().map_or(2, usize::from);
        let threads = (0..cores).map(|_| start_one()).collect::<Result<_, _>>()?;
        Ok(Self { threads, next: AtomicUsize::new(0) })
    }

    /// Runs a future on one of the threads. None if it panicked.
    pub async fn run<T: Send + 'static>(&self, page: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let (done, rendered) = oneshot::channel();
        let work: Work = Box::pin(async move {
            // If the client is gone, nobody wants the page.
            if !done.is_closed() {
                let _ = done.send(page.await);
            }
        });
        let place = self.next.fetch_add(1, Ordering::Relaxed) % self.threads.len();
        self.threads.get(place)?.send(work).ok()?;
        rendered.await.ok()
    }
}

fn start_one() -> std::io::Result<UnboundedSender<Work>> {
    let (sender, mut waiting) = unbounded_channel::<Work>();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name("render".to_owned()).spawn(move || {
        runtime.block_on(async {
            let places = Arc::new(Semaphore::new(AT_ONCE));
            while let Some(work) = waiting.recv().await {
                let place = Arc::clone(&places).acquire_owned().await;
                tokio::spawn(async move {
                    work.await;
                    drop(place);
                });
            }
        });
    })?;
    Ok(sender)
}

//! Parses JSON in one way everywhere. Server functions return bytes, so everything is parsed from bytes. Parsing a type from text too would
//! compile its parser twice, and every browser would download both.

use leptos::server::Resource;
use leptos::server::codee::{Decoder, Encoder};
use serde::{Serialize, de::DeserializeOwned};

/// Parses a JSON text.
///
/// # Errors
/// When the text is not JSON, or not of this type.
pub fn read<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    serde_json::from_slice(text.as_bytes())
}

/// The encoding of the answers of a [`Fetched`] in the page.
#[derive(Debug)]
pub struct Json;

impl<T: Serialize> Encoder<T> for Json {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(value: &T) -> Result<String, Self::Error> {
        serde_json::to_string(value)
    }
}

impl<T: DeserializeOwned> Decoder<T> for Json {
    type Error = serde_json::Error;
    type Encoded = str;

    fn decode(text: &str) -> Result<T, Self::Error> {
        read(text)
    }
}

/// A resource whose answer the page carries as [`Json`].
pub type Fetched<T> = Resource<T, Json>;

/// Fetches again whenever `source` changes. On the server, the page waits for the first answer and carries it.
pub fn fetched<S, T, Fut>(
    source: impl Fn() -> S + Send + Sync + 'static,
    fetch: impl Fn(S) -> Fut + Send + Sync + 'static,
) -> Fetched<T>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
    Fut: Future<Output = T> + Send + 'static,
{
    Resource::new_with_options(source, fetch, false)
}

/// As [`fetched`], for what members change quickly: an answer that nobody waits for any more holds up none. Its request is dropped, which
/// cancels it, and the newest one is asked at once. `is_same` tells whether two sources ask for the same thing again: then the request goes on,
/// or a busy inbox would never get its answer.
pub fn fetched_newest<S, T, Fut>(
    source: impl Fn() -> S + Clone + Send + Sync + 'static,
    is_same: fn(&S, &S) -> bool,
    fetch: impl Fn(S) -> Fut + Clone + Send + Sync + 'static,
) -> Fetched<T>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
    Fut: Future<Output = T> + Send + 'static,
{
    // On the server a page is read once.
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = is_same;
        fetched(source, fetch)
    }
    #[cfg(feature = "hydrate")]
    {
        let newest = newest::Newest::new();
        let watched = source.clone();
        leptos::prelude::Effect::new(move |_| newest.set(watched()));
        fetched(source, move |asked| newest.answer(asked, is_same, fetch.clone()))
    }
}

#[cfg(feature = "hydrate")]
mod newest {
    use std::{
        future::poll_fn,
        pin::Pin,
        task::{Poll, Waker},
    };

    use leptos::prelude::{GetValue, SetValue, StoredValue, UpdateValue};

    /// What is asked for now, and who waits for an answer. Copies share their state.
    pub struct Newest<S: 'static>(StoredValue<Option<S>>, StoredValue<Option<Waker>>);

    impl<S> Clone for Newest<S> {
        fn clone(&self) -> Self {
            *self
        }
    }

    impl<S> Copy for Newest<S> {}

    impl<S: PartialEq + Clone + Send + Sync + 'static> Newest<S> {
        pub fn new() -> Self {
            Self(StoredValue::new(None), StoredValue::new(None))
        }

        pub fn set(self, asked: S) {
            self.0.set_value(Some(asked));
            if let Some(waker) = self.1.try_update_value(Option::take).flatten() {
                waker.wake();
            }
        }

        /// The answer to what is asked for when it comes.
        pub fn answer<T, Fut>(
            self,
            asked: S,
            is_same: fn(&S, &S) -> bool,
            fetch: impl Fn(S) -> Fut + Send + 'static,
        ) -> Pin<Box<dyn Future<Output = T> + Send>>
        where
            T: 'static,
            Fut: Future<Output = T> + Send + 'static,
        {
            // Asked for now; the effect that says so may come later.
            self.0.try_set_value(Some(asked.clone()));
            Box::pin(async move {
                let mut asked = asked;
                loop {
                    let mut request = Box::pin(fetch(asked.clone()));
                    let answer = poll_fn(|context| {
                        let newest = self.0.try_get_value().flatten();
                        if let Some(newest) = newest.filter(|newest| !is_same(newest, &asked)) {
                            return Poll::Ready(Err(newest));
                        }
                        self.1.try_set_value(Some(context.waker().clone()));
                        request.as_mut().poll(context).map(Ok)
                    });
                    match answer.await {
                        Ok(answer) => return answer,
                        Err(newest) => asked = newest,
                    }
                }
            })
        }
    }
}

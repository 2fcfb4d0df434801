//! The stream of live changes in the browser. One tab holds the stream (Web Locks) and passes events to the other tabs (BroadcastChannel).
//! In a browser without locks, each tab opens its own stream.

use leptos::prelude::*;

use model::Storage;

/// The state of the browser's connection, as the header shows it (N1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Connection {
    /// Connecting, and reading missed events.
    #[default]
    CatchingUp,
    /// Connected. Changes appear as they happen.
    Live,
    /// Not connected. Messages wait in the outbox.
    Offline,
}

impl Connection {
    /// The label on screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::CatchingUp => "Catching up",
            Self::Live => "Live",
            Self::Offline => "Offline",
        }
    }

    /// The attribute value for style sheets.
    pub const fn attr(self) -> &'static str {
        match self {
            Self::CatchingUp => "reconnecting",
            Self::Live => "live",
            Self::Offline => "offline",
        }
    }
}

/// The connection state, for components that show it or wait for it.
#[derive(Clone, Copy)]
pub struct Live {
    /// The current state.
    pub connection: RwSignal<Connection>,
    /// Incremented when everything has to be read again.
    pub resets: RwSignal<u32>,
    /// Whether the server can store data.
    pub storage: RwSignal<Storage>,
}

/// Returns the connection. Works only below the signed-in layout.
pub fn use_live() -> Live {
    expect_context::<Live>()
}

#[cfg(feature = "hydrate")]
pub use stream::start;

#[cfg(feature = "hydrate")]
mod stream {
    use std::{cell::RefCell, collections::VecDeque, rc::Rc, time::Duration};

    use js_sys::{Function, Promise, Reflect};
    use leptos::prelude::*;
    use serde::{Deserialize, Serialize};
    use wasm_bindgen::{JsCast, JsValue, closure::Closure};
    use web_sys::{BroadcastChannel, Event, EventSource, MessageEvent};

    use super::{Connection, Live};
    use crate::{
        json,
        state::{Inbox, new_uuid},
    };
    use model::{LiveEvent, Storage};

    /// How many frames the holder keeps for tabs that join.
    const KEPT: usize = 500;
    /// The server sends something every 15 s. After this long without data, the connection counts as dead.
    const SILENCE: Duration = Duration::from_secs(40);

    /// How long to wait after the stream ends for the answer that explains why.
    const NEW_SECRET: Duration = Duration::from_millis(800);

    /// A message between tabs.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Talk {
        Join { tab: String, cursor: i64 },
        Frames { tab: Option<String>, frames: Vec<String> },
        State { state: Connection },
        Storage { state: Storage },
        Presence { told: String },
        Reset { tab: Option<String> },
        SignedOut,
    }

    struct Tab {
        name: String,
        live: Live,
        inbox: Inbox,
        channel: Option<BroadcastChannel>,
        holds: bool,
        /// The recent frames with their event numbers, kept by the tab that holds the stream.
        kept: VecDeque<(i64, String)>,
        from: i64,
        source: Option<EventSource>,
        listeners: Vec<Closure<dyn FnMut(MessageEvent)>>,
        on_error: Option<Closure<dyn FnMut(Event)>>,
        heard_at: i64,
        failures: u32,
    }

    type Shared = Rc<RefCell<Tab>>;

    /// Starts watching, for as long as the page lives.
    pub fn start(live: Live, inbox: Inbox) {
        let channel = BroadcastChannel::new("tandem-live").ok();
        let tab = Rc::new(RefCell::new(Tab {
            name: new_uuid().to_string(),
            live,
            inbox,
            channel,
            holds: false,
            kept: VecDeque::new(),
            from: 0,
            source: None,
            listeners: Vec::new(),
            on_error: None,
            heard_at: super::super::now_ms(),
            failures: 0,
        }));
        listen_to_tabs(&tab);
        watch_network(&tab);
        watch_silence(&tab);
        let joined = Rc::clone(&tab);
        if request_lock(&tab) {
            let tab = joined.borrow();
            tab.tell(&Talk::Join { tab: tab.name.clone(), cursor: inbox.cursor() });
        } else {
            hold(&joined);
        }
    }

    /// Requests the lock that only one tab can hold. False in a browser without locks.
    fn request_lock(tab: &Shared) -> bool {
        let Some(navigator) = web_sys::window().map(|w| w.navigator()) else { return false };
        let Ok(locks) = Reflect::get(&navigator, &"locks".into()) else { return false };
        if locks.is_undefined() || tab.borrow().channel.is_none() {
            return false;
        }
        let Ok(request) = Reflect::get(&locks, &"request".into()).and_then(|f| f.dyn_into::<Function>()) else {
            return false;
        };
        let tab = Rc::clone(tab);
        let granted = Closure::once_into_js(move |_lock: JsValue| -> Promise {
            hold(&tab);
            // This promise never settles, so the lock is held until the tab closes.
            Promise::new(&mut |_, _| {})
        });
        request.call2(&locks, &"tandem-live".into(), &granted).is_ok()
    }

    /// Makes this tab the holder: it opens the stream at its current event number.
    fn hold(tab: &Shared) {
        {
            let mut it = tab.borrow_mut();
            it.holds = true;
            it.from = it.inbox.cursor();
            it.kept.clear();
        }
        open(tab);
    }

    fn open(tab: &Shared) {
        close(tab);
        let since = tab.borrow().inbox.cursor();
        set_state(tab, Connection::CatchingUp);
        let Ok(source) = EventSource::new(&format!("/api/live?since={since}")) else { return };
        let listen = |name: &str, act: fn(&Shared, MessageEvent)| {
            let shared = Rc::clone(tab);
            let closure = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
                shared.borrow_mut().heard_at = super::super::now_ms();
                act(&shared, event);
            });
            let _ = source.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
            tab.borrow_mut().listeners.push(closure);
        };
        listen("change", |tab, event| {
            if let Some(text) = event.data().as_string() {
                take_frame(tab, text.clone(), true);
            }
        });
        listen("alive", |_, _| {});
        listen("storage", |tab, event| {
            let state = event.data().as_string().and_then(|text| json::read::<Storage>(&text).ok());
            let it = tab.borrow();
            if let Some(state) = state {
                it.tell(&Talk::Storage { state });
                it.live.storage.try_set(state);
            }
        });
        listen("presence", |tab, event| {
            if let Some(told) = event.data().as_string() {
                let it = tab.borrow();
                it.inbox.presence().hear(&told);
                it.tell(&Talk::Presence { told });
            }
        });
        listen("ready", |tab, _| {
            tab.borrow_mut().failures = 0;
            set_state(tab, Connection::Live);
        });
        listen("reset", |tab, _| {
            let it = tab.borrow();
            it.tell(&Talk::Reset { tab: None });
            it.reset();
        });
        // Either the session ended, or its secret is new because the password was changed here. In the second case the answer with the new
        // secret is on its way.
        listen("signed-out", |tab, _| {
            let shared = Rc::clone(tab);
            set_timeout(move || close(&shared), Duration::ZERO);
            let shared = Rc::clone(tab);
            set_timeout(move || ask_again(&shared), NEW_SECRET);
        });
        let shared = Rc::clone(tab);
        let on_error = Closure::<dyn FnMut(Event)>::new(move |_| lost(&shared));
        source.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        let mut it = tab.borrow_mut();
        it.on_error = Some(on_error);
        it.source = Some(source);
        it.heard_at = super::super::now_ms();
    }

    fn close(tab: &Shared) {
        let mut it = tab.borrow_mut();
        if let Some(source) = it.source.take() {
            source.set_onerror(None);
            source.close();
        }
        it.on_error = None;
        it.listeners.clear();
    }

    /// The browser reconnects by itself, unless the server refused. Then this code retries with growing delays.
    fn lost(tab: &Shared) {
        let online = web_sys::window().is_none_or(|w| w.navigator().on_line());
        set_state(tab, if online { Connection::CatchingUp } else { Connection::Offline });
        let refused = tab.borrow().source.as_ref().is_none_or(|s| s.ready_state() == EventSource::CLOSED);
        let failures = {
            let mut it = tab.borrow_mut();
            it.failures += 1;
            it.failures
        };
        if failures > 2 {
            set_state(tab, Connection::Offline);
        }
        if refused {
            let shared = Rc::clone(tab);
            let wait = Duration::from_millis(u64::from(500 * 2u32.pow(failures.min(6))));
            set_timeout(move || ask_again(&shared), wait);
        }
    }

    /// Retries. If the session has ended, only a new sign-in helps.
    fn ask_again(tab: &Shared) {
        let tab = Rc::clone(tab);
        leptos::task::spawn_local(async move {
            match crate::api::inbox::load_bootstrap().await {
                Err(crate::api::Refused(model::ApiError::Unauthenticated)) => {
                    tab.borrow().tell(&Talk::SignedOut);
                    leave();
                }
                _ => open(&tab),
            }
        });
    }

    fn leave() {
        if let Some(location) = web_sys::window().map(|w| w.location()) {
            let _ = location.assign("/sign-in");
        }
    }

    fn take_frame(tab: &Shared, text: String, hand_on: bool) {
        // Skip events that this build does not understand. The next fetch includes their changes.
        let Ok(event) = json::read::<LiveEvent>(&text) else { return };
        let inbox = tab.borrow().inbox;
        if hand_on {
            let mut it = tab.borrow_mut();
            if it.kept.len() >= KEPT
                && let Some((seq, _)) = it.kept.pop_front()
            {
                it.from = seq;
            }
            it.kept.push_back((event.seq, text.clone()));
            it.tell(&Talk::Frames { tab: None, frames: vec![text] });
        }
        inbox.receive(event);
    }

    fn set_state(tab: &Shared, state: Connection) {
        let it = tab.borrow();
        it.tell(&Talk::State { state });
        it.show_state(state);
    }

    impl Tab {
        fn tell(&self, talk: &Talk) {
            if let (Some(channel), Ok(text)) = (&self.channel, serde_json::to_string(talk)) {
                let _ = channel.post_message(&text.into());
            }
        }

        fn show_state(&self, state: Connection) {
            self.live.connection.try_set(state);
            if state == Connection::Offline {
                // Nobody can tell any more who is where.
                self.inbox.presence().hear("=");
            }
        }

        /// Handles missed events: everything is read again.
        fn reset(&self) {
            self.inbox.missed_events();
            self.live.resets.try_update(|n| *n += 1);
        }

        /// The frames that a tab at `cursor` has missed. None if they are no longer kept.
        fn since(&self, cursor: i64) -> Option<Vec<String>> {
            (cursor >= self.from)
                .then(|| self.kept.iter().filter(|(seq, _)| *seq > cursor).map(|(_, text)| text.clone()).collect())
        }
    }

    fn listen_to_tabs(tab: &Shared) {
        let shared = Rc::clone(tab);
        let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let Some(talk) = event.data().as_string().and_then(|text| json::read::<Talk>(&text).ok()) else {
                return;
            };
            hear(&shared, talk);
        });
        if let Some(channel) = &tab.borrow().channel {
            channel.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        }
        heard.forget();
    }

    fn hear(tab: &Shared, talk: Talk) {
        let (holds, name, live) = {
            let it = tab.borrow();
            (it.holds, it.name.clone(), it.live)
        };
        match talk {
            Talk::Join { tab: other, cursor } if holds => {
                let it = tab.borrow();
                match it.since(cursor) {
                    Some(frames) => it.tell(&Talk::Frames { tab: Some(other), frames }),
                    None => it.tell(&Talk::Reset { tab: Some(other) }),
                }
                it.tell(&Talk::State { state: it.live.connection.get_untracked() });
                it.tell(&Talk::Storage { state: it.live.storage.get_untracked() });
                it.tell(&Talk::Presence { told: it.inbox.presence().told_again() });
            }
            Talk::Frames { tab: to, frames } if !holds && to.as_ref().is_none_or(|to| *to == name) => {
                for frame in frames {
                    take_frame(tab, frame, false);
                }
            }
            Talk::State { state } if !holds => tab.borrow().show_state(state),
            Talk::Presence { told } if !holds => tab.borrow().inbox.presence().hear(&told),
            Talk::Storage { state } if !holds => {
                live.storage.try_set(state);
            }
            Talk::Reset { tab: to } if !holds && to.as_ref().is_none_or(|to| *to == name) => {
                tab.borrow().reset();
            }
            Talk::SignedOut => leave(),
            _ => {}
        }
    }

    fn watch_network(tab: &Shared) {
        let Some(window) = web_sys::window() else { return };
        for name in ["online", "offline"] {
            let shared = Rc::clone(tab);
            let changed = Closure::<dyn FnMut(Event)>::new(move |_| {
                if name == "offline" {
                    set_state(&shared, Connection::Offline);
                } else if shared.borrow().holds {
                    shared.borrow_mut().failures = 0;
                    open(&shared);
                }
            });
            let _ = window.add_event_listener_with_callback(name, changed.as_ref().unchecked_ref());
            changed.forget();
        }
    }

    fn watch_silence(tab: &Shared) {
        let shared = Rc::clone(tab);
        let _ = set_interval_with_handle(
            move || {
                let silent = super::super::now_ms() - shared.borrow().heard_at > SILENCE.as_millis() as i64;
                if silent && shared.borrow().holds && shared.borrow().source.is_some() {
                    open(&shared);
                }
            },
            Duration::from_secs(5),
        );
    }
}

//! Asks until when a conversation is hidden (T13).

use leptos::prelude::*;

use super::keys::Target;
use crate::{
    components::ui::{Button, Dialog, FormError, Variant, exact},
    state::{Zone, use_acting, use_now, use_zone},
};
use model::{Act, Day, Timestamp};

const HOUR_MS: i64 = 3_600_000;
/// When a day's work begins.
const MORNING_MS: i64 = 9 * HOUR_MS;

/// The times that are offered: their words, and when they are.
fn offers(now: i64, zone: Zone) -> Vec<(&'static str, i64)> {
    let today = Day::of_local(zone.local(now));
    let morning = |days: i32| zone.at(today.plus(days), MORNING_MS).0;
    // 1970 began on a Thursday.
    let to_monday = 7 - (today.0 + 3).rem_euclid(7);
    vec![
        ("In 2 hours", now + 2 * HOUR_MS),
        ("In 4 hours", now + 4 * HOUR_MS),
        ("Tomorrow morning", morning(1)),
        ("Next Monday", morning(to_monday)),
    ]
}

/// Reads what a `datetime-local` field has: "2026-11-30T09:15".
fn chosen(text: &str, zone: Zone) -> Option<i64> {
    let (day, time) = text.split_once('T')?;
    let (hours, minutes) = time.split_once(':')?;
    let minutes = minutes.get(..2)?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    Some(zone.at(day.parse().ok()?, hours * HOUR_MS + minutes * 60_000).0)
}

/// The dialog. It acts on what was meant when it was opened.
#[component]
pub(super) fn Snooze(target: Target) -> impl IntoView {
    let (acting, now, zone) = (use_acting(), use_now(), use_zone());
    let asked = Memo::new(move |before: Option<&bool>| before == Some(&true) || acting.snoozes.get());
    let (text, error) = (RwSignal::new(String::new()), RwSignal::new(None::<String>));
    let snooze = Callback::new(move |until: i64| {
        acting.snoozes.set(false);
        target.act(&|_| Act::Snooze(Timestamp(until)));
    });
    // What was meant for one dialog is not meant for the next act. The effect runs after `snooze`.
    Effect::new(move |_| {
        if !acting.snoozes.get() {
            target.forget();
        }
    });
    let offer = move |(word, until): (&'static str, i64)| {
        view! {
            <li>
                <Button variant=Variant::Plain on_press=Callback::new(move |()| snooze.run(until))>
                    {word}
                    <span class="snooze-time">{exact(zone.local(until))}</span>
                </Button>
            </li>
        }
    };
    let offers =
        move || acting.snoozes.get().then(|| offers(now.get_untracked(), zone).into_iter().map(offer).collect_view());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        match chosen(&text.get_untracked(), zone) {
            Some(until) if until > now.get_untracked() => {
                error.set(None);
                snooze.run(until);
            }
            Some(_) => error.set(Some("This time is over. Choose a later one.".to_owned())),
            None => error.set(Some("Choose a day and a time.".to_owned())),
        }
    };
    view! {
        <Show when=move || asked.get()>
            <Dialog title="Snooze until" open=acting.snoozes>
                <ul class="snooze-list">{offers}</ul>
                <form class="form" on:submit=submit>
                    <FormError error=Signal::from(error) />
                    <label class="field">
                        <span class="field-label">"Or a time of your own"</span>
                        <input type="datetime-local" class="input" on:input=move |event| text.set(event_target_value(&event)) />
                    </label>
                    <p class="field-hint">"It comes back then, or earlier if they write."</p>
                    <div class="form-foot">
                        <Button variant=Variant::Primary submit=true>
                            "Snooze"
                        </Button>
                    </div>
                </form>
            </Dialog>
        </Show>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t13_next_monday_is_after_today() {
        // 30 November 2026 is a Monday.
        let monday = 20_787;
        for ahead in 0..7 {
            let today = Day(monday + ahead);
            let next = today.0 + 7 - (today.0 + 3).rem_euclid(7);
            assert_eq!(next, monday + 7, "{ahead}");
        }
    }
}

//! The warning about the server's storage, above the list.

use crate::components::{ui::Tone, words::size};
use model::Storage;

/// The problem with the server's storage and what to do (R21). Only admins see that space is low, because only they can act on it.
pub(super) fn what_is_stored(storage: Storage, admin: bool) -> Option<(String, String, Tone)> {
    const KEPT: &str = "Your messages are saved here and sent automatically once this is fixed.";
    match (storage, admin) {
        (Storage::Failing(fault), true) => {
            Some((fault.sentence().to_owned(), format!("{KEPT} See Settings → Health and jobs."), Tone::Bad))
        }
        (Storage::Failing(fault), false) => Some((fault.sentence().to_owned(), KEPT.to_owned(), Tone::Bad)),
        (Storage::Low { free }, true) => {
            let title =
                format!("The server has only {} left on its disk.", size(i64::try_from(free).unwrap_or(i64::MAX)));
            Some((title, "When it is full, nothing can be sent or received. Free up space.".to_owned(), Tone::Wait))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Storage, Tone, what_is_stored};
    use model::StorageFault;

    #[test]
    fn r21_little_room_is_told_to_admins_before_all_are_told_that_nothing_can_be_stored() {
        let told =
            |storage, admin| what_is_stored(storage, admin).map(|(title, text, tone)| (title + " " + &text, tone));
        for admin in [true, false] {
            let (text, tone) = told(Storage::Failing(StorageFault::Full), admin).unwrap();
            assert!(text.starts_with("The server's disk is full. Your messages are saved here") && tone == Tone::Bad);
            assert_eq!(told(Storage::Fine, admin), None);
        }
        let low = Storage::Low { free: 3 * 1_048_576 };
        let (text, tone) = told(low, true).unwrap();
        assert!(text.starts_with("The server has only 3.0 MB left") && tone == Tone::Wait, "{text}");
        assert_eq!(told(low, false), None, "they cannot make room");
    }
}

//! The widths of the panels, and whether wide windows show the details. A cookie stores both, and `<html>` carries them, so that the first
//! paint is right. The script beside this file moves the edges.

use leptos::prelude::*;

/// The script that moves the edges. Every page with panels includes it.
#[cfg(feature = "ssr")]
pub const SCRIPT: &str = include_str!("panels.js");

/// A panel beside the thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The list, before the thread.
    List,
    /// The details, after the thread.
    Details,
}

impl Side {
    /// The minimum, default and maximum width in pixels. The style sheet limits them further in small windows.
    const fn widths(self) -> (u16, u16, u16) {
        match self {
            Self::List => (280, 340, 560),
            Self::Details => (260, 324, 520),
        }
    }
}

/// The widths of the panels, and whether the details are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Panels {
    list: u16,
    details: u16,
    details_shown: bool,
}

impl Default for Panels {
    fn default() -> Self {
        Self { list: Side::List.widths().1, details: Side::Details.widths().1, details_shown: true }
    }
}

impl Panels {
    /// Parses the cookie `panels`. An invalid value counts as absent.
    pub fn of(word: &str) -> Self {
        let within = |side: Side, width: u16| width.clamp(side.widths().0, side.widths().2);
        let parts: Vec<u16> = word.split('.').map_while(|part| part.parse().ok()).collect();
        match parts[..] {
            [list, details, shown] if word.split('.').count() == 3 => Self {
                list: within(Side::List, list),
                details: within(Side::Details, details),
                details_shown: shown != 0,
            },
            _ => Self::default(),
        }
    }

    /// The value of the cookie `panels` and of `data-panels`.
    pub fn word(self) -> String {
        format!("{}.{}.{}", self.list, self.details, u8::from(self.details_shown))
    }

    /// The `style` attribute of `<html>`.
    pub fn style(self) -> String {
        format!("--list-w:{}px;--details-w:{}px", self.list, self.details)
    }
}

/// The draggable edge of a panel.
#[component]
pub fn Resizer(
    /// The panel to resize.
    side: Side,
) -> impl IntoView {
    let (least, usual, most) = side.widths();
    let (place, label) = match side {
        Side::List => ("0", "Width of the list"),
        Side::Details => ("1", "Width of the details"),
    };
    view! {
        <div
            class="resizer"
            role="separator"
            tabindex="0"
            aria-orientation="vertical"
            aria-label=label
            aria-valuemin=least.to_string()
            aria-valuenow=usual.to_string()
            aria-valuemax=most.to_string()
            data-place=place
            data-usual=usual.to_string()
        ></div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_tells_how_the_room_is_divided() {
        let panels = Panels { list: 400, details: 300, details_shown: false };
        assert_eq!(Panels::of(&panels.word()), panels);
        assert_eq!(Panels::of(&Panels::default().word()), Panels::default());
    }

    #[test]
    fn a_cookie_that_somebody_wrote_by_hand_does_no_harm() {
        for word in ["", "1", "400.400", "400.400.1.1", "a.b.c", "-1.2.3", "99999.1.1", "400;}*{}.400.1"] {
            assert_eq!(Panels::of(word), Panels::default(), "{word}");
        }
        assert_eq!(Panels::of("1.9000.1"), Panels { list: 280, details: 520, details_shown: true });
    }
}

//! The colour theme. A cookie stores it, so that the server's first page already has it.

use leptos::prelude::*;

use crate::components::ui::Segmented;

/// The colour theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Always light.
    Light,
    /// Always dark.
    Dark,
    /// Follows the device.
    System,
}

impl Theme {
    /// Every theme, in display order.
    pub const ALL: [Self; 3] = [Self::Light, Self::Dark, Self::System];

    /// The label on screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Light => "Light",
            Self::Dark => "Dark",
            Self::System => "System",
        }
    }

    /// The value of the cookie `theme` and of `data-theme`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
            Self::System => "auto",
        }
    }

    /// Parses the cookie. An unknown value means the device's theme.
    pub fn of(word: &str) -> Self {
        Self::ALL.into_iter().find(|theme| theme.word() == word).unwrap_or(Self::System)
    }
}

/// The current theme and a callback that changes it. None until hydration, so that server and browser first render the same.
pub fn use_theme() -> (Signal<Option<Theme>>, Callback<(Theme,)>) {
    let chosen = RwSignal::new(None);
    Effect::new(move |_| {
        let root = document().document_element();
        let word = root.and_then(|root| root.get_attribute("data-theme")).unwrap_or_default();
        chosen.set(Some(Theme::of(&word)));
    });
    let choose = move |theme: Theme| {
        chosen.set(Some(theme));
        keep(theme);
    };
    (chosen.into(), Callback::from(choose))
}

fn keep(theme: Theme) {
    #[cfg(feature = "hydrate")]
    {
        let document = document();
        if let Some(root) = document.document_element() {
            let _ = root.set_attribute("data-theme", theme.word());
        }
        let secure = window().location().protocol().is_ok_and(|protocol| protocol == "https:");
        let cookie = format!(
            "theme={}; Path=/; Max-Age=31536000; SameSite=Lax{}",
            theme.word(),
            if secure { "; Secure" } else { "" }
        );
        // Fails only if cookies are blocked. The choice then lasts until the page is left.
        let _ = js_sys::Reflect::set(&document, &"cookie".into(), &cookie.into());
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = theme;
}

/// The three themes beside each other, as a choice.
#[component]
pub fn ThemeChoice() -> impl IntoView {
    let (chosen, choose) = use_theme();
    let index = Signal::derive(move || {
        let chosen = chosen.get().unwrap_or(Theme::System);
        Theme::ALL.iter().position(|theme| *theme == chosen).unwrap_or_default()
    });
    let options = Theme::ALL.iter().map(|theme| theme.label().to_owned()).collect();
    let on_choose = move |index: usize| {
        if let Some(theme) = Theme::ALL.get(index) {
            choose.run((*theme,));
        }
    };
    view! { <Segmented label="Theme" options=options chosen=index on_choose=on_choose /> }
}

#[cfg(test)]
mod tests {
    use super::Theme;

    #[test]
    fn a_cookie_names_a_theme() {
        for theme in Theme::ALL {
            assert_eq!(Theme::of(theme.word()), theme);
        }
        assert_eq!(Theme::of("<script>"), Theme::System);
    }
}

//! Light or dark: as the system says, or as the person chose. `style/theme.js` applies the choice before the first
//! paint; this keeps it.

use leptos::prelude::*;

/// Where the choice is kept in the browser.
const KEY: &str = "theme";

/// The looks of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system says.
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// All of them, in the order of the menu.
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// As it is kept.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// As the menu says it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    /// The one that is kept under this name.
    pub(crate) fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|theme| theme.name() == name).unwrap_or(Self::System)
    }
}

/// The theme in force.
#[derive(Clone, Copy)]
pub(crate) struct ThemeChoice(RwSignal<Theme>);

impl ThemeChoice {
    /// The choice of the last visit.
    pub(crate) fn restore() -> Self {
        let kept = storage().and_then(|storage| storage.get_item(KEY).ok().flatten());
        Self(RwSignal::new(kept.map_or(Theme::System, |name| Theme::named(&name))))
    }

    /// What is chosen.
    pub(crate) fn get(self) -> Theme {
        self.0.get()
    }

    /// Applies a choice and keeps it.
    pub(crate) fn choose(self, theme: Theme) {
        self.0.set(theme);
        // Where the browser keeps nothing (private windows), the choice lasts until the page is left.
        if let Some(storage) = storage() {
            let _ = storage.set_item(KEY, theme.name());
        }
        if let Some(root) = document().document_element() {
            let _ = match theme {
                Theme::System => root.remove_attribute("data-theme"),
                Theme::Light | Theme::Dark => root.set_attribute("data-theme", theme.name()),
            };
        }
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

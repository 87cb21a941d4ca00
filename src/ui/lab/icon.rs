//! Signs for buttons. Fonts do not have them everywhere.

use leptos::prelude::*;

/// A sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Icon {
    Play,
    Pause,
    Start,
    Back,
    Ahead,
    Next,
}

impl Icon {
    /// Its outline in a square of 16.
    const fn path(self) -> &'static str {
        match self {
            Self::Play => "M4 2.5 L13 8 L4 13.5 Z",
            Self::Pause => "M3.5 2.5 H6.5 V13.5 H3.5 Z M9.5 2.5 H12.5 V13.5 H9.5 Z",
            Self::Start => "M2.5 3 H4.5 V13 H2.5 Z M13.5 3 V13 L5.5 8 Z",
            Self::Back => "M11 3 V13 L4 8 Z",
            Self::Ahead => "M5 3 V13 L12 8 Z",
            Self::Next => "M2.5 3 V13 L9 8 Z M10.5 2.5 H12.5 V13.5 H10.5 Z",
        }
    }

    /// The sign, as large as the text around it.
    pub(super) fn draw(self) -> impl IntoView {
        view! {
            <svg class="lab-icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                <path d=self.path() fill="currentColor" />
            </svg>
        }
    }
}

//! Long tables: only the rows that show are in the document, with empty rows of the right height around.

use leptos::html::Div;
use leptos::prelude::*;

use crate::view::table::Window;

/// The height that the style sheet gives a row.
pub(super) const ROW_HEIGHT: f64 = 41.0;

/// A scrolled box and the rows that show in it.
#[derive(Clone, Copy)]
pub(super) struct Windowed {
    /// The box; give it to the element.
    pub(super) node: NodeRef<Div>,
    /// The rows to make.
    pub(super) window: Memo<Window>,
    position: RwSignal<(f64, f64)>,
}

impl Windowed {
    /// A window onto `total` rows.
    pub(super) fn new(total: Memo<usize>) -> Self {
        let position = RwSignal::new((0.0, 480.0));
        let window = Memo::new(move |_| {
            let (top, height) = position.get();
            Window::at(total.get(), top, height, ROW_HEIGHT)
        });
        Self { node: NodeRef::new(), window, position }
    }

    /// To be called when the box has been scrolled.
    pub(super) fn scrolled(self) {
        if let Some(node) = self.node.get_untracked() {
            self.position.set((f64::from(node.scroll_top()), f64::from(node.client_height())));
        }
    }

    /// Scrolls as little as it takes to show a row.
    pub(super) fn reveal(self, row: usize) {
        let Some(node) = self.node.get_untracked() else { return };
        let (top, height) = (f64::from(node.scroll_top()), f64::from(node.client_height()));
        // The heading stays in place and covers the first row's height.
        let (from, to) = (row as f64 * ROW_HEIGHT, (row + 2) as f64 * ROW_HEIGHT);
        if from < top {
            node.set_scroll_top(from as i32);
        } else if to > top + height {
            node.set_scroll_top((to - height) as i32);
        }
        self.scrolled();
    }
}

/// The height of `rows` rows that are not made.
pub(super) fn spacer(rows: usize) -> Option<impl IntoView> {
    (rows > 0).then(|| {
        let height = format!("{}px", rows as f64 * ROW_HEIGHT);
        view! { <tr aria-hidden="true" class="spacer"><td style:height=height></td></tr> }
    })
}

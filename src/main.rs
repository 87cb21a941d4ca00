//! The page: puts the application into the document.

fn main() {
    console_error_panic_hook::set_once();
    ringside::ui::start();
}

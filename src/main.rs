//! The page: puts the application into the document. In a worker the same program reads logs.

fn main() {
    console_error_panic_hook::set_once();
    ringside::ui::start();
}

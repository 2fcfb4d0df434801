//! The inbox in the browser.

fn main() {
    frontend::wake(app::app::InboxApp);
}

//! The settings in the browser.

fn main() {
    frontend::wake(app::app::SettingsApp);
}

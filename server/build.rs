//! Builds the binary anew when the site it carries has changed.

fn main() {
    // scripts/site fills it; without it the binary still builds, and says at start that its pages are bare.
    let site = std::path::Path::new("../target/site");
    if let Err(error) = std::fs::create_dir_all(site) {
        println!("cargo::warning=cannot make {}: {error}", site.display());
    }
    println!("cargo::rerun-if-changed=../target/site/manifest.json");
}

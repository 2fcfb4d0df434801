//! Rebuilds an optimised binary when the site that it embeds has changed. A debug build reads the site from the disk.

fn main() {
    // scripts/site fills it. Without it the binary still builds, and says at start that its pages are unstyled.
    let site = std::path::Path::new("../target/site");
    if let Err(error) = std::fs::create_dir_all(site) {
        println!("cargo::warning=cannot make {}: {error}", site.display());
    }
    let embeds = std::env::var("PROFILE").is_ok_and(|profile| profile != "debug");
    println!("cargo::rerun-if-changed={}", if embeds { "../target/site/manifest.json" } else { "build.rs" });
}

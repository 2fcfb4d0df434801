//! The program is cut into pieces after linking (`scripts/site.mjs`): for that the linker keeps what it did. Said here and not by the
//! variable `RUSTFLAGS`, which would take the place of the flags in `.cargo/config.toml`.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32") {
        println!("cargo::rustc-link-arg-bins=--emit-relocs");
    }
    println!("cargo::rerun-if-changed=build.rs");
}

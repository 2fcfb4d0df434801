//! Tandem's interface and everything both sides share. Compiles natively (`ssr`) and to WebAssembly (`hydrate`); knows no SQL and no sockets.

#![recursion_limit = "512"]

pub mod api;
pub mod app;
pub mod components;
pub mod document;
pub mod json;
pub mod pages;
pub mod piece;
pub mod state;

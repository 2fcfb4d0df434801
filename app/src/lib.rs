//! Tandem's interface, and the code that browser and server share. Compiles natively (`ssr`) and to WebAssembly (`hydrate`). Contains no
//! SQL and no sockets.

#![recursion_limit = "512"]

pub mod api;
pub mod app;
pub mod components;
pub mod document;
pub mod json;
pub mod pages;
pub mod piece;
pub mod state;

//! HTTP: layers, pages, server functions, the live stream, files, web chat, assets, operations.

mod assets;
mod client;
mod connections;
mod error;
mod files;
mod layers;
mod live;
mod mail;
mod mailbox;
mod ops;
mod pages;
mod ports;
mod rate;
mod reads;
mod render;
mod routes;
mod session;
mod state;
mod typed;
mod webchat;

pub use assets::INSTALLED;
pub use client::{Client, Proxies};
pub use connections::{Connections, Limits};
pub use routes::{Gate, Route, router, routes};
pub use state::{Http, Services};

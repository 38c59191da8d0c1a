//! The console in a real browser: Debian's Chromium, driven by its own driver, on the built program with the data of
//! its demo. What only a browser knows: accessibility, layout, scripts, cookies.

mod demo;
mod driver;
mod hostile;
mod journeys;
mod oidc;
#[path = "../it/support/op.rs"]
mod op;
mod screens;

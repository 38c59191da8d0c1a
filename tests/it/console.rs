//! The console, asked as a browser does: through the real router, with cookies and forms.

mod around;
mod audit;
mod connections;
mod decisions;
mod facilities;
mod lists;
mod oidc;
mod overview;
mod people;
mod queue;
mod records;
mod refusals;
mod reports;
mod screens;
mod settings;
mod sign_in;

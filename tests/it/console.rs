//! The console, asked as a browser does: through the real router, with cookies and forms.

mod sign_in;

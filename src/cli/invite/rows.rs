//! A CSV file of people to invite, as it lies on the disk.

use std::path::Path;

use crate::cli::failure::Failure;
use crate::directory::invitations::{ImportRow, rows};

/// The rows of a file, each with its line.
pub(super) fn read(path: &Path) -> Result<Vec<ImportRow>, Failure> {
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|error| {
        Failure::failed(format!("cannot read {shown}: {error}; check the path and who may read it"))
    })?;
    rows(&bytes).map_err(|error| Failure::usage(format!("{shown} cannot be imported: {error}")))
}

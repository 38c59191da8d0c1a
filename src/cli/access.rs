//! What somebody is given by hand, in Secaro's words: *Can edit* and *Admin for*. Decides nothing.

use super::failure::Failure;
use crate::directory::permissions::Permission;

/// *Can edit* and *Admin for* as options; neither is View only.
#[derive(Debug, clap::Args)]
pub(super) struct Access {
    /// What they can edit: Organization, facilities; separated by commas. Without this and --admin-for: View only
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(super) can_edit: Vec<String>,
    /// What they are admin for: Organization admin, Billing admin; separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(super) admin_for: Vec<String>,
}

impl Access {
    pub(super) fn permissions(&self) -> Result<Vec<Permission>, Failure> {
        let can_edit =
            self.can_edit.iter().filter(|text| !text.trim().is_empty()).map(|text| Permission::can_edit(text));
        let mut permissions: Vec<Permission> = can_edit.collect();
        for text in self.admin_for.iter().filter(|text| !text.trim().is_empty()) {
            permissions.push(admin_for(text).map_err(Failure::usage)?);
        }
        Ok(permissions)
    }
}

/// The admin role of this name, or why it is none.
pub(super) fn admin_for(text: &str) -> Result<Permission, String> {
    let unknown = || format!("«{}» is no admin role; choose of Organization admin and Billing admin", text.trim());
    Permission::admin_for(text).ok_or_else(unknown)
}

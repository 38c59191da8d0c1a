//! Rules as people write them: on the command line, in a file, in a plan. Reading one checks everything that can be
//! wrong with it, once, whatever way it came.

use serde::{Deserialize, Serialize};

use super::{NewRule, RuleKind, RuleRow, Subject, equals};
use crate::directory::Error;
use crate::directory::permissions::{Permission, Right};
use crate::ids::{ConnectionId, ResourceId, RuleId};
use crate::provisioning::pattern::Pattern;
use crate::store::Tx;
use crate::store::resources::ResourceKind;

/// All rules of one connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesFile {
    /// The connection's key.
    pub connection: String,
    /// The rules.
    #[serde(default)]
    pub rule: Vec<WrittenRule>,
}

/// A rule as it is written. Exactly one of `group`, `group_pattern` and `attribute` is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenRule {
    /// Which rule it is, if it is there already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RuleId>,
    /// One group, by its SCIM id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Groups whose name fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_pattern: Option<String>,
    /// Users with this attribute…
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// …that equals this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The permissions.
    pub gives: Vec<String>,
    /// Whether it is in force.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub enabled: bool,
    /// Why it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
const fn is_yes(enabled: &bool) -> bool {
    *enabled
}

impl RulesFile {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] says where it cannot be read.
    pub fn parse(text: &str) -> Result<Self, Error> {
        toml::from_str(text).map_err(|error| {
            Error::Invalid(format!("the rules cannot be read: {}", error.to_string().trim_end().replace('\n', " ")))
        })
    }

    /// As text. The same rules always make the same text.
    #[must_use]
    pub fn text(&self) -> String {
        // What these types hold can always be written as TOML.
        toml::to_string(self).unwrap_or_default()
    }
}

impl From<&NewRule> for WrittenRule {
    fn from(new: &NewRule) -> Self {
        let (mut group, mut group_pattern, mut attribute, mut value) = (None, None, None, None);
        match &new.subject {
            Subject::Group(id) => group = Some(id.clone()),
            Subject::Pattern(text) => group_pattern = Some(text.clone()),
            Subject::Attribute { path, value: equals } => {
                attribute = Some(path.clone());
                value = Some(equals.clone());
            }
        }
        let (gives, note) = (new.gives.clone(), new.note.clone());
        Self { id: None, group, group_pattern, attribute, value, gives, enabled: true, note }
    }
}

impl WrittenRule {
    /// A stored rule, written down.
    #[must_use]
    pub fn of(row: &RuleRow) -> Self {
        let subject = |kind| (row.kind == kind).then(|| row.subject.clone());
        Self {
            id: Some(row.id),
            group: subject(RuleKind::Group),
            group_pattern: subject(RuleKind::Pattern),
            attribute: subject(RuleKind::Attribute),
            value: row.value.clone(),
            gives: row.gives.split(',').map(ToOwned::to_owned).collect(),
            enabled: row.enabled,
            note: row.note.clone(),
        }
    }

    /// As a row of a connection, if nothing is wrong with it.
    pub(in crate::provisioning) async fn row(
        &self,
        tx: &mut Tx,
        connection: ConnectionId,
    ) -> Result<RuleRow, crate::provisioning::Error> {
        let gives = permissions(&self.gives)?;
        let (kind, subject, value) = match (&self.group, &self.group_pattern, &self.attribute, &self.value) {
            (Some(id), None, None, None) => (RuleKind::Group, group(tx, connection, id).await?.to_string(), None),
            (None, Some(text), None, None) => {
                check_pattern(text, &gives)?;
                (RuleKind::Pattern, text.clone(), None)
            }
            (None, None, Some(path), Some(value)) => {
                edit_only(&gives, "an attribute")?;
                equals(path, value)
                    .map_err(|error| Error::Invalid(format!("«{path}» cannot be compared: {}", error.detail)))?;
                (RuleKind::Attribute, path.clone(), Some(value.clone()))
            }
            _ => {
                let words = "a rule looks at one thing: a group, a group_pattern, or an attribute with its value";
                return Err(Error::Invalid(words.to_owned()).into());
            }
        };
        if kind != RuleKind::Pattern {
            no_captures(&gives)?;
        }
        Ok(RuleRow {
            id: self.id.unwrap_or_else(|| tx.id()),
            connection_id: connection,
            kind,
            subject,
            value,
            gives: gives.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
            enabled: self.enabled,
            note: self.note.clone(),
            created_at: tx.now(),
        })
    }
}

fn permissions(texts: &[String]) -> Result<Vec<Permission>, Error> {
    let parse =
        |text: &str| text.trim().parse::<Permission>().map_err(|error| Error::Invalid(format!("«{text}» is {error}")));
    let all: Vec<Permission> = texts.iter().flat_map(|text| text.split(',')).map(parse).collect::<Result<_, _>>()?;
    if all.is_empty() {
        return Err(Error::Invalid("a rule has to give at least one permission".to_owned()));
    }
    Ok(all)
}

fn check_pattern(text: &str, gives: &[Permission]) -> Result<(), Error> {
    let pattern =
        Pattern::parse(text).map_err(|error| Error::Invalid(format!("«{text}» is no name pattern: {error}")))?;
    edit_only(gives, "a name pattern")?;
    for permission in gives {
        if let Permission::EditFacility(template) = permission
            && let Some(capture) = template.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'))
            && !pattern.has_capture(capture)
        {
            let words = format!("the pattern has no capture {{{capture}}}; write it where the facility's name stands");
            return Err(Error::Invalid(words));
        }
    }
    Ok(())
}

/// Whoever may name a group, or set an attribute, in the IdP must not be able to make an admin (T20).
fn edit_only(gives: &[Permission], what: &str) -> Result<(), Error> {
    if gives.iter().all(|permission| permission.right() == Right::Edit) {
        return Ok(());
    }
    let words = format!("a rule about {what} can give edit permissions only; bind admin roles to a group by its id");
    Err(Error::Invalid(words))
}

fn no_captures(gives: &[Permission]) -> Result<(), Error> {
    let captures =
        gives.iter().any(|permission| matches!(permission, Permission::EditFacility(text) if text.contains('{')));
    if captures {
        let words = "only a rule with a name pattern has captures; write the facility's key instead".to_owned();
        return Err(Error::Invalid(words));
    }
    Ok(())
}

async fn group(tx: &mut Tx, connection: ConnectionId, id: &str) -> Result<ResourceId, Error> {
    let organization = tx.organization();
    let found = match id.parse::<ResourceId>() {
        Ok(id) => tx.resource(organization, connection, id).await?,
        Err(_) => None,
    };
    match found {
        Some(row) if row.kind == ResourceKind::Group => Ok(row.id),
        _ => Err(Error::NotFound {
            kind: "group",
            name: id.to_owned(),
            advice: "give the SCIM id of a group that the connection has pushed",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_it_is_written() {
        let text = "connection = \"okta\"\n\n[[rule]]\nid = \"019a0000-0000-7000-8000-000000000000\"\n\
            group_pattern = \"secaro-{facility}-editors\"\ngives = [\"edit_facility:{facility}\"]\n\n[[rule]]\n\
            attribute = \"title\"\nvalue = \"Auditor\"\ngives = [\"edit_organization\"]\nenabled = false\nnote = \"until May\"\n";
        let file = RulesFile::parse(text).expect("rules");
        assert_eq!(file.text(), text);
        assert!(file.rule[0].enabled && !file.rule[1].enabled);
        assert!(RulesFile::parse("connection = \"okta\"\n[[rule]]\ngive = []\n").is_err());
    }
}

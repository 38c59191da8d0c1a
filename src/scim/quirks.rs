//! What IdPs send that the RFC does not allow, and what it is taken to mean. Every normalisation has a name, a
//! source and the dialects it is on for; nothing deviates anywhere else. Holds the names only: the code that
//! normalises asks [`Normaliser::takes`] where it would otherwise refuse.

use super::schema::ResourceType;

#[cfg(test)]
mod tests;

/// Which IdP a connection speaks with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Okta.
    Okta,
    /// Microsoft Entra ID.
    Entra,
    /// Any other SCIM 2.0 client: authentik, Keycloak, OneLogin, Ping, JumpCloud.
    Generic,
}

impl Dialect {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Okta, Self::Entra, Self::Generic];

    /// The name in configuration, on the command line and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Okta => "okta",
            Self::Entra => "entra",
            Self::Generic => "generic",
        }
    }

    /// The dialect of this name.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|dialect| dialect.as_str() == text)
    }

    /// Whether a successful PATCH is answered 200 with the resource, or 204; RFC 7644 §3.5.2 leaves it open.
    #[must_use]
    pub const fn patch_answers_body(self, resource_type: ResourceType) -> bool {
        match (self, resource_type) {
            (Self::Okta, ResourceType::User) | (Self::Generic, _) => true,
            (Self::Okta, ResourceType::Group) | (Self::Entra, _) => false,
        }
    }
}

/// Declares the deviations and the one table of what each is.
macro_rules! quirks {
    ($($(#[doc = $meaning:literal])+ $variant:ident $name:literal, $dialects:ident, $source:literal;)+) => {
        /// One named deviation. The doc of a variant says what is sent and what it is taken to mean.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Quirk { $($(#[doc = $meaning])+ $variant),+ }

        impl Quirk {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// What the request log, the documentation and the tests know of it.
            #[must_use]
            pub const fn facts(self) -> Facts {
                match self {
                    $(Self::$variant => Facts {
                        name: $name,
                        meaning: concat!($($meaning),+).trim_ascii(),
                        dialects: $dialects,
                        source: $source,
                    }),+
                }
            }
        }
    };
}

/// What is known of a [`Quirk`].
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// The name in the request log.
    pub name: &'static str,
    /// What is sent and what it is taken to mean.
    pub meaning: &'static str,
    /// The dialects it is on for.
    pub dialects: &'static [Dialect],
    /// Who sends it and where that is written: documentation, client source, or recorded traffic.
    pub source: &'static str,
}

// Harmless readings are on for everybody: refusing them would help nobody.
const EVERY: &[Dialect] = Dialect::ALL;
const ENTRA: &[Dialect] = &[Dialect::Entra, Dialect::Generic];
const ENTRA_ALONE: &[Dialect] = &[Dialect::Entra];
const OTHERS: &[Dialect] = &[Dialect::Generic];

quirks! {
    /// `"op": "Add"`: the operation's name in another case means the same operation.
    CapitalOperation "capital-operation", EVERY,
        "Entra without aadOptscim062020 (learn.microsoft.com: application-provisioning-config-problem-scim-compatibility)";
    /// `"False"` or `"true"` as text: the boolean, in bodies, PATCH values and filters.
    StringBoolean "string-boolean", EVERY,
        "Entra (the same page; github.com/scimmyjs/scimmy/issues/86), SCIM Validator roles[].primary, mitodl/keycloak-scim";
    /// `remove` of a multi-valued attribute with a list as `value`: removes those only, never all.
    RemoveByValueList "remove-by-value-list", EVERY,
        "Entra (learn.microsoft.com: use-scim-to-provision-users-and-groups), authentik clients/groups.py, JumpCloud";
    /// `"name.givenName"` as a key of a path-less value: the sub-attribute.
    DottedKey "dotted-key", EVERY,
        "Entra with aadOptscim062020 (application-provisioning-config-problem-scim-compatibility), SCIM Validator";
    /// `"urn:…:User:employeeNumber"` as a key: the extension's attribute.
    UrnColonKey "urn-colon-key", EVERY,
        "Entra with aadOptscim062020 (application-provisioning-config-problem-scim-compatibility), SCIM Validator";
    /// `id`, `meta`, `schemas` or `groups` inside a path-less PATCH value: ignored.
    ReadOnlyInValue "read-only-in-value", EVERY,
        "Okta group rename (developer.okta.com: scim-20), authentik groups.py, github.com/jelhub/scimgateway/issues/113";
    /// `id`, `meta` or another read-only attribute in POST or PUT: ignored, as RFC 7644 §3.5.1 says anyway.
    ReadOnlyInBody "read-only-in-body", EVERY,
        "Okta PUT is a read-modify-write of the whole resource (developer.okta.com: scim-20)";
    /// `groups` with values in a User's body: ignored, membership is the Group's.
    GroupsInBody "groups-in-body", EVERY,
        "Okta custom apps (github.com/ory/polis/issues/3136)";
    /// `password` in POST, PUT or PATCH: dropped unread.
    PasswordDropped "password-dropped", EVERY,
        "Okta POST even when password sync is off (developer.okta.com: scim-20)";
    /// `add` or `replace` on `emails[type eq "work"].value` where no element matches: creates the element.
    CreateByFilter "create-by-filter", EVERY,
        "Entra (learn.microsoft.com/answers/questions/1684621), SCIM Validator verbose add";
    /// `"manager": "id"` or `"members": ["id"]`: text for an object with a `value`.
    TextForObject "text-for-object", EVERY,
        "Entra gallery validation (Microsoft.SCIM.LogicAppValidationTemplate), SCIMReferenceCode PostmanCollection.json";
    /// `"manager": [{…}]` or `[{"value": …}]` for a single-valued attribute: its one value.
    ListForSingle "list-for-single", EVERY,
        "Entra example 5 (learn.microsoft.com: use-scim-to-provision-users-and-groups)";
    /// `"emails": {…}`: one element without its list.
    ElementWithoutList "element-without-list", EVERY,
        "RFC 7644 §3.5.2.1 may be read so for add";
    /// `manager` or `department` without the extension's URN: the enterprise attribute.
    ShortEnterpriseName "short-enterprise-name", EVERY,
        "Entra examples 2 and 5 (learn.microsoft.com: use-scim-to-provision-users-and-groups), OneLogin template";
    /// `managerId` inside `manager`: its `value`.
    ManagerId "manager-id", OTHERS,
        "OneLogin JSON template (doc.keepnetlabs.com: onelogin-scim-integration)";
    /// Text that is no URL, language tag or time zone in `profileUrl`, `locale`, `preferredLanguage` or `timezone`: kept.
    FreeText "free-text", EVERY,
        "SCIM Validator bodies, scim2-tester, Entra gallery validation";
    /// `""` as a value: the attribute is cleared.
    EmptyClears "empty-clears", EVERY,
        "Entra gallery validation SCIM_Null_Update, SCIM Validator remove manager";
    /// Clearing a required attribute: ignored.
    RequiredNotCleared "required-not-cleared", ENTRA,
        "SCIM Validator (learn.microsoft.com: scim-validator-tutorial)";
    /// A schema URI nobody here knows: ignored, with what stands under it.
    UnknownSchema "unknown-schema", EVERY,
        "Entra POST Group (ADSCIM/2.0/Group) and the misspelt enterprise URN of its example 2; OneLogin urn:scim:schemas:core:2.0";
    /// `schemas` without the core schema: the resource is what its endpoint says.
    CoreSchemaMissing "core-schema-missing", EVERY,
        "OneLogin PUT (github.com/goauthentik/authentik/issues/11249)";
    /// No `schemas` at all.
    SchemasMissing "schemas-missing", EVERY,
        "Okta group PATCH (github.com/jelhub/scimgateway/issues/113)";
    /// An attribute nobody here knows: ignored.
    UnknownAttribute "unknown-attribute", EVERY,
        "SCIMReferenceCode PostmanCollection.json (`adreses`), Entra example 2, OneLogin template";
    /// `displayName` in an element of `roles` or `members`: its `display`.
    DisplayNameForDisplay "display-name-for-display", ENTRA,
        "Entra AppRoleAssignmentsComplex (learn.microsoft.com: customize-application-attributes), PostmanCollection.json";
    /// A role whose `value` is a JSON object as text: the `value` and `displayName` inside it.
    JsonForRole "json-for-role", ENTRA,
        "Entra SingleAppRoleAssignment (learn.microsoft.com: customize-application-attributes)";
    /// Several elements with `primary: true`: the first keeps it.
    SeveralPrimaries "several-primaries", EVERY,
        "Okta and Entra mappings of one source to several elements; RFC 7643 §2.4 allows one";
    /// `externalId eq jyoung`: a filter's value without its quotes.
    UnquotedFilterValue "unquoted-filter-value", ENTRA,
        "Entra documentation's queries, SCIMReferenceCode PostmanCollection.json";
    /// A member that is no resource of the connection is left out: repeating the request for ever would not mend it.
    UnknownMember "unknown-member", ENTRA_ALONE,
        "SCIMReferenceCode PostmanCollection.json: members of the value \"string id 1\", 204 expected";
    /// An attribute nobody here knows in a filter: it has no value, so it matches nothing (RFC 7644 §3.4.2.2).
    UnknownFilterAttribute "unknown-filter-attribute", EVERY,
        "Entra matching attributes are the customer's choice (learn.microsoft.com: customize-application-attributes)";
}

impl Quirk {
    /// The name in the request log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.facts().name
    }
}

/// Decides whether a deviation is taken, and remembers which were.
#[derive(Debug, Clone, Copy)]
pub struct Normaliser {
    dialect: Dialect,
    strict: bool,
    applied: u64,
}

// One bit each.
const _: () = assert!(Quirk::ALL.len() <= 64);

impl Normaliser {
    /// For one request of a connection; `strict` takes nothing.
    #[must_use]
    pub const fn new(dialect: Dialect, strict: bool) -> Self {
        Self { dialect, strict, applied: 0 }
    }

    /// Whether this connection only takes what the RFC says.
    #[must_use]
    pub const fn is_strict(&self) -> bool {
        self.strict
    }

    /// Whether the deviation is taken here; if so it is remembered.
    pub fn takes(&mut self, quirk: Quirk) -> bool {
        let taken = !self.strict && quirk.facts().dialects.contains(&self.dialect);
        if taken {
            self.applied |= 1 << quirk as u8;
        }
        taken
    }

    /// What was taken, in the table's order, each once.
    #[must_use]
    pub fn applied(&self) -> Vec<Quirk> {
        Quirk::ALL.iter().copied().filter(|quirk| self.applied & (1 << *quirk as u8) != 0).collect()
    }
}

//! The core User (RFC 7643 §4.1, §8.7.1), without `password`: it is accepted and dropped, so it is not offered.

use super::build::{binary, boolean, complex, reference, text};
use super::{Attribute, Schema};

const DISPLAY: Attribute = text("display", "A name for the value, for people.");
const PRIMARY: Attribute = boolean("primary", "Whether this is the preferred value; at most one is.");
const TYPE: Attribute = text("type", "What the value is used for.");

const NAME: &[Attribute] = &[
    text("formatted", "The full name, as it is shown."),
    text("familyName", "The family name."),
    text("givenName", "The given name."),
    text("middleName", "The middle name or names."),
    text("honorificPrefix", "What stands before the name, such as a title."),
    text("honorificSuffix", "What stands after the name."),
];

// The canonical types of e-mails, phone numbers and addresses, and their absence on roles, decide which paths
// Entra's gallery validation makes of these attributes.
const EMAIL: &[Attribute] =
    &[text("value", "The e-mail address."), DISPLAY, TYPE.suggesting(&["work", "home", "other"]), PRIMARY];

const PHONE_NUMBER: &[Attribute] = &[
    text("value", "The phone number."),
    DISPLAY,
    TYPE.suggesting(&["work", "home", "mobile", "fax", "pager", "other"]),
    PRIMARY,
];

const IM: &[Attribute] = &[
    text("value", "The instant messaging address."),
    DISPLAY,
    TYPE.suggesting(&["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"]),
    PRIMARY,
];

const PHOTO: &[Attribute] = &[
    reference("value", &["external"], "The URL of the photo."),
    DISPLAY,
    TYPE.suggesting(&["photo", "thumbnail"]),
    PRIMARY,
];

/// With `primary`, which RFC 7643 §8.7.1 leaves out although its own §8.2 sends it.
const ADDRESS: &[Attribute] = &[
    text("formatted", "The whole address, as it stands on a letter."),
    text("streetAddress", "The street, the house and what belongs to them."),
    text("locality", "The city or locality."),
    text("region", "The state or region."),
    text("postalCode", "The postal code."),
    text("country", "The country, as ISO 3166-1 alpha-2 code."),
    TYPE.suggesting(&["work", "home", "other"]),
    PRIMARY,
];

const GROUP: &[Attribute] = &[
    text("value", "The id of the Group.").case_exact().read_only(),
    reference("$ref", &["Group"], "The URI of the Group.").read_only(),
    text("display", "The name of the Group.").read_only(),
    text("type", "Whether the User itself or a Group of it is the member.")
        .read_only()
        .suggesting(&["direct", "indirect"]),
];

const ENTITLEMENT: &[Attribute] = &[text("value", "The entitlement."), DISPLAY, TYPE, PRIMARY];
const ROLE: &[Attribute] = &[text("value", "The role."), DISPLAY, TYPE, PRIMARY];
const CERTIFICATE: &[Attribute] = &[binary("value", "The certificate, DER in Base64."), DISPLAY, TYPE, PRIMARY];

/// `urn:ietf:params:scim:schemas:core:2.0:User`
pub static USER: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:User",
    name: "User",
    description: "User Account",
    attributes: &[
        text("userName", "What the User signs in with; no other User of the connection has it.").required().unique(),
        complex("name", NAME, "The parts of the User's name."),
        text("displayName", "The name of the User, as it is shown."),
        text("nickName", "How the User is called casually."),
        reference("profileUrl", &["external"], "The URL of a page about the User."),
        text("title", "The User's title, such as Vice President."),
        text("userType", "How the User belongs to the organization, such as Employee."),
        text("preferredLanguage", "The language the User prefers, as in Accept-Language."),
        text("locale", "Where the User is, for currency, dates and numbers."),
        text("timezone", "The User's time zone by its IANA name."),
        // Every User has it: a POST without it means true, and no PUT or PATCH takes it away.
        boolean("active", "Whether the User may use Secaro.").required(),
        complex("emails", EMAIL, "The User's e-mail addresses.").multi_valued(),
        complex("phoneNumbers", PHONE_NUMBER, "The User's phone numbers.").multi_valued(),
        complex("ims", IM, "The User's instant messaging addresses.").multi_valued(),
        complex("photos", PHOTO, "URLs of photos of the User.").multi_valued(),
        complex("addresses", ADDRESS, "The User's postal addresses.").multi_valued(),
        complex("groups", GROUP, "The Groups the User is in; changed through the Group.").multi_valued().read_only(),
        complex("entitlements", ENTITLEMENT, "What the User may edit in Secaro.").multi_valued(),
        complex("roles", ROLE, "What the User is an admin for in Secaro.").multi_valued(),
        complex("x509Certificates", CERTIFICATE, "The User's certificates.").multi_valued(),
    ],
};

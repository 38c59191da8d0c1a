//! What an answer shows of a resource: `attributes`, `excludedAttributes` and each attribute's `returned`
//! (RFC 7644 §3.9, RFC 7643 §7).

use serde_json::{Map, Value};

use super::path::AttributePath;
use super::schema::{self, Attribute, ResourceType, Returned, Schema};
use super::{Error, ScimType};

pub use super::render::{Access, Reference, Rendered};

/// A choice of attributes.
#[derive(Debug, Clone)]
pub struct Projection {
    resource_type: ResourceType,
    choice: Choice,
}

#[derive(Debug, Clone)]
enum Choice {
    /// What is returned by default.
    Default,
    /// These, and what is always returned.
    Only(Vec<Chosen>),
    /// The default without these.
    Without(Vec<Chosen>),
}

/// An attribute, one of its sub-attributes, or a whole extension, as named in the request.
#[derive(Debug, Clone, Copy)]
struct Chosen {
    extension: Option<&'static Schema>,
    attribute: Option<&'static Attribute>,
    sub: Option<&'static Attribute>,
}

impl Projection {
    /// What is returned when nothing is asked for.
    #[must_use]
    pub const fn default_of(resource_type: ResourceType) -> Self {
        Self { resource_type, choice: Choice::Default }
    }

    /// Reads the two query parameters. Names that are no attributes choose nothing.
    ///
    /// # Errors
    ///
    /// 400 `invalidValue` if both are given: RFC 7644 §3.9 lets a request name one or the other.
    pub fn parse(resource_type: ResourceType, attributes: Option<&str>, excluded: Option<&str>) -> Result<Self, Error> {
        let given = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(ToOwned::to_owned);
        let choice = match (given(attributes), given(excluded)) {
            (Some(_), Some(_)) => {
                return Err(Error::bad(
                    ScimType::InvalidValue,
                    "Both attributes and excludedAttributes were given. Send one of them.",
                ));
            }
            (Some(names), None) => Choice::Only(chosen(resource_type, &names)),
            (None, Some(names)) => Choice::Without(chosen(resource_type, &names)),
            (None, None) => Choice::Default,
        };
        Ok(Self { resource_type, choice })
    }

    /// Whether an attribute, or an extension by its URN, has to be there to be shown; what is not wanted need not be
    /// loaded.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        let is_it = |chosen: &Chosen| match (chosen.extension, chosen.attribute) {
            (Some(extension), _) => extension.urn == name,
            (None, Some(attribute)) => attribute.name == name,
            (None, None) => false,
        };
        match &self.choice {
            Choice::Default => !self.only_on_request(name),
            Choice::Only(chosen) => chosen.iter().any(is_it),
            Choice::Without(_) if self.only_on_request(name) => false,
            Choice::Without(chosen) => !chosen.iter().any(|chosen| {
                let whole = chosen.sub.is_none() && (chosen.extension.is_none() || chosen.attribute.is_none());
                whole && is_it(chosen)
            }),
        }
    }

    /// Whether this is an extension of which nothing is shown unless it is named.
    fn only_on_request(&self, name: &str) -> bool {
        let extension = self.resource_type.extensions().iter().find(|extension| extension.urn == name);
        extension.is_some_and(|schema| schema.attributes.iter().all(|each| each.returned == Returned::Request))
    }

    /// The part of a whole resource that is to be shown, in the order of the schema.
    #[must_use]
    pub fn apply(&self, mut whole: Map<String, Value>) -> Map<String, Value> {
        let mut shown = Map::with_capacity(whole.len());
        let meta = whole.shift_remove("meta");
        let common = schema::COMMON.attributes.iter().filter(|attribute| attribute.name != "meta");
        for attribute in common.chain(self.resource_type.core().attributes) {
            if let Some(value) = whole.get_mut(attribute.name).map(Value::take) {
                self.show(&mut shown, None, attribute, value);
            }
        }
        for extension in self.resource_type.extensions() {
            let Some(Value::Object(mut inner)) = whole.get_mut(extension.urn).map(Value::take) else { continue };
            let mut part = Map::with_capacity(inner.len());
            for attribute in extension.attributes {
                if let Some(value) = inner.get_mut(attribute.name).map(Value::take) {
                    self.show(&mut part, Some(extension), attribute, value);
                }
            }
            if !part.is_empty() {
                shown.insert(extension.urn.to_owned(), Value::Object(part));
            }
        }
        if let (Some(meta), Some(attribute)) = (meta, schema::COMMON.attribute("meta")) {
            self.show(&mut shown, None, attribute, meta);
        }
        shown
    }

    fn show(
        &self,
        into: &mut Map<String, Value>,
        extension: Option<&'static Schema>,
        attribute: &'static Attribute,
        value: Value,
    ) {
        let shown = match self.part_of(extension, attribute) {
            Part::None => return,
            Part::AllBut(drop) if drop.is_empty() => value,
            Part::Subs(keep) => sub_attributes(value, &|name| keep.iter().any(|sub| sub.name == name)),
            Part::AllBut(drop) => sub_attributes(value, &|name| !drop.iter().any(|sub| sub.name == name)),
        };
        let empty = match &shown {
            Value::Array(elements) => elements.is_empty(),
            Value::Object(entries) => entries.is_empty(),
            _ => false,
        };
        if !empty {
            into.insert(attribute.name.to_owned(), shown);
        }
    }

    /// How much of an attribute is shown.
    fn part_of(&self, extension: Option<&'static Schema>, attribute: &'static Attribute) -> Part {
        let about = |chosen: &&Chosen| {
            chosen.extension.map(|schema| schema.urn) == extension.map(|schema| schema.urn)
                && chosen.attribute.is_none_or(|other| std::ptr::eq(other, attribute))
        };
        match (attribute.returned, &self.choice) {
            (Returned::Never, _) | (Returned::Request, Choice::Default | Choice::Without(_)) => Part::None,
            (Returned::Always, _) | (_, Choice::Default) => Part::AllBut(on_request(attribute).collect()),
            (_, Choice::Only(all)) => {
                let chosen: Vec<_> = all.iter().filter(about).collect();
                if chosen.is_empty() {
                    Part::None
                } else if chosen.iter().any(|chosen| chosen.sub.is_none()) {
                    let named =
                        |sub: &&Attribute| chosen.iter().any(|chosen| chosen.sub.is_some_and(|it| it.name == sub.name));
                    Part::AllBut(on_request(attribute).filter(|sub| !named(sub)).collect())
                } else {
                    let always = attribute.sub_attributes.iter().filter(|sub| sub.returned == Returned::Always);
                    Part::Subs(chosen.iter().filter_map(|chosen| chosen.sub).chain(always).collect())
                }
            }
            (_, Choice::Without(all)) => {
                let chosen: Vec<_> = all.iter().filter(about).collect();
                if chosen.iter().any(|chosen| chosen.sub.is_none()) {
                    Part::None
                } else {
                    let droppable = chosen.iter().filter_map(|chosen| chosen.sub);
                    let dropped = droppable.filter(|sub| sub.returned != Returned::Always);
                    Part::AllBut(dropped.chain(on_request(attribute)).collect())
                }
            }
        }
    }
}

/// The sub-attributes that are shown only when they are named.
fn on_request(attribute: &'static Attribute) -> impl Iterator<Item = &'static Attribute> {
    attribute.sub_attributes.iter().filter(|sub| sub.returned == Returned::Request)
}

enum Part {
    None,
    Subs(Vec<&'static Attribute>),
    AllBut(Vec<&'static Attribute>),
}

fn sub_attributes(value: Value, keep: &dyn Fn(&str) -> bool) -> Value {
    match value {
        Value::Array(elements) => elements
            .into_iter()
            .map(|element| sub_attributes(element, keep))
            .filter(|element| element.as_object().is_none_or(|entries| !entries.is_empty()))
            .collect(),
        Value::Object(entries) => entries.into_iter().filter(|(name, _)| keep(name)).collect(),
        simple => simple,
    }
}

/// The attributes named in a list. A value filter (`emails[type eq "work"]`, Microsoft's Postman collection) is read
/// as the attribute it stands on: a list of names has no filters.
fn chosen(resource_type: ResourceType, names: &str) -> Vec<Chosen> {
    names
        .split(',')
        .filter_map(|name| {
            let name = name.trim();
            let name = name.split_once('[').map_or(name, |(attribute, _)| attribute);
            let path = AttributePath::parse(name).ok()?;
            if path.name.is_empty() {
                let urn = path.urn?;
                let extensions = resource_type.extensions();
                let extension = extensions.iter().find(|extension| extension.urn.eq_ignore_ascii_case(&urn))?;
                return Some(Chosen { extension: Some(extension), attribute: None, sub: None });
            }
            let resolved = schema::resolve(resource_type, &path)?;
            Some(Chosen { extension: resolved.extension, attribute: Some(resolved.attribute), sub: resolved.sub })
        })
        .collect()
}

#[cfg(test)]
mod tests;

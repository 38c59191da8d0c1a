//! What each operation means for a resource of its type: its path looked up, its value made canonical. Everything
//! that can be refused without knowing the resource is refused here.

use serde_json::{Map, Value};

use super::{MemberChange, Op};
use crate::scim::error::{Error, ScimType};
use crate::scim::filter::{CompareOp, Filter, Limits, Literal};
use crate::scim::path::AttributePath;
use crate::scim::quirks::Quirk;
use crate::scim::resource::keys::{self, Key, Whole};
use crate::scim::resource::values::{self, Parts, Reading, read_only, wrong};
use crate::scim::resource::{elements, limits, members};
use crate::scim::schema::{self, Attribute, Kind, Mutability, Resolved, ResourceType, Schema};

/// One change to a document, or to the members.
#[derive(Debug)]
pub(super) enum Step {
    /// Gives an attribute its value, or with `None` takes it.
    Set { place: Resolved, value: Option<Value> },
    /// Gives and takes parts of a single complex value; the others stay (RFC 7644 §3.5.2.3).
    Merge { place: Resolved, parts: Parts },
    /// Adds elements.
    Add { place: Resolved, elements: Vec<Value> },
    /// Removes the elements meant by any of these.
    RemoveMeant { place: Resolved, selectors: Vec<Map<String, Value>> },
    /// Removes the elements that pass.
    RemoveWhere { place: Resolved, filter: Filter },
    /// Gives and takes parts of the elements that pass, or of all.
    MergeWhere { place: Resolved, filter: Option<Filter>, parts: Parts, op: Op },
    /// Takes all attributes of an extension.
    Clear(&'static Schema),
    /// Changes the members.
    Members(MemberChange),
}

/// Collects the steps of a request.
pub(super) struct Planner<'a> {
    pub(super) resource_type: ResourceType,
    pub(super) reading: Reading<'a>,
    pub(super) steps: Vec<Step>,
}

impl Planner<'_> {
    pub(super) fn operation(&mut self, op: Op, path: Option<&str>, value: Option<Value>) -> Result<(), Error> {
        if op != Op::Remove && value.is_none() {
            return Err(Error::bad(ScimType::InvalidValue, "The operation has no `value`. Send one."));
        }
        let Some(path) = path else {
            return match (op, value) {
                (Op::Remove, _) | (_, None) => Err(no_target()),
                (_, Some(Value::Object(object))) => self.object(op, None, object),
                (_, Some(_)) => Err(wrong("value", "an object of attributes, or a `path`")),
            };
        };
        self.path(op, path, value)
    }

    fn path(&mut self, op: Op, path: &str, value: Option<Value>) -> Result<(), Error> {
        if path.len() > Limits::default().bytes {
            return Err(invalid_path());
        }
        if path.contains('[') {
            return self.selection(op, path, value);
        }
        let path = AttributePath::parse(path)?;
        if keys::is_password(self.resource_type, &path) {
            return keys::password(self.reading.normaliser);
        }
        if let Some(schema) = keys::whole_schema(self.resource_type, &path) {
            return self.whole(op, schema, value);
        }
        let place = self.place(&path)?;
        writable(&place)?;
        self.attribute(op, place, value)
    }

    /// `attribute[filter]` and `attribute[filter].sub`.
    fn selection(&mut self, op: Op, path: &str, value: Option<Value>) -> Result<(), Error> {
        let (head, rest) = path.split_once('[').ok_or_else(invalid_path)?;
        // The filter may hold a bracket in a text; what follows its end holds none.
        let (inner, tail) = rest.rsplit_once(']').ok_or_else(invalid_path)?;
        let place = self.place(&AttributePath::parse(head)?)?;
        let attribute = place.attribute;
        if place.sub.is_some() || !attribute.multi_valued {
            return Err(invalid_path());
        }
        writable(&place)?;
        let filter = Filter::parse_element(inner, attribute, &Limits::default(), self.reading.normaliser)?;
        let tail = match tail {
            "" => None,
            tail => Some(tail.strip_prefix('.').filter(|name| !name.is_empty()).ok_or_else(invalid_path)?),
        };
        if attribute.name == "members" {
            return self.selected_members(op, filter, tail);
        }
        let sub = match tail {
            None => None,
            Some(name) => Some(attribute.sub(name).ok_or_else(invalid_path)?),
        };
        match (op, sub, value) {
            (Op::Remove, None, _) => self.steps.push(Step::RemoveWhere { place, filter }),
            (_, Some(sub), value) => self.sub_of_elements(op, place, Some(filter), sub, value)?,
            (_, None, value) => match values::parts(attribute, unwrapped(value), &mut self.reading)? {
                None => self.steps.push(Step::RemoveWhere { place, filter }),
                Some(parts) => self.steps.push(Step::MergeWhere { place, filter: Some(filter), parts, op }),
            },
        }
        Ok(())
    }

    fn sub_of_elements(
        &mut self,
        op: Op,
        place: Resolved,
        filter: Option<Filter>,
        sub: &'static Attribute,
        value: Option<Value>,
    ) -> Result<(), Error> {
        let value = match (op, value) {
            (Op::Remove, _) | (_, None) => None,
            (_, Some(value)) => values::scalar(sub, Some(place.attribute), value, &mut self.reading)?,
        };
        let place = Resolved { sub: None, ..place };
        self.steps.push(Step::MergeWhere { place, filter, parts: vec![(sub, value)], op });
        Ok(())
    }

    /// The attribute a path names; in PATCH an unknown one is always an error, since nothing would be done.
    fn place(&mut self, path: &AttributePath) -> Result<Resolved, Error> {
        if let Some(place) = schema::resolve(self.resource_type, path) {
            return Ok(place);
        }
        let short = keys::short(self.resource_type, path);
        short.filter(|_| self.reading.normaliser.takes(Quirk::ShortEnterpriseName)).ok_or_else(invalid_path)
    }

    /// A path that is nothing but a schema's URN.
    fn whole(&mut self, op: Op, schema: Whole, value: Option<Value>) -> Result<(), Error> {
        match (op, schema.extension(), value) {
            (Op::Remove, None, _) => Err(no_target()),
            (Op::Remove, Some(schema), _) | (_, Some(schema), Some(Value::Null)) => self.clear(schema),
            (_, schema, Some(Value::Object(object))) => self.object(op, schema, object),
            (_, Some(schema), Some(Value::String(text))) if text.is_empty() => {
                self.reading.cleared("value")?;
                self.clear(schema)
            }
            _ => Err(wrong("value", "an object of attributes")),
        }
    }

    fn clear(&mut self, schema: &'static Schema) -> Result<(), Error> {
        if schema.attributes.iter().all(|attribute| attribute.mutability == Mutability::ReadOnly) {
            return Err(read_only(schema.name));
        }
        self.steps.push(Step::Clear(schema));
        Ok(())
    }

    /// The value of an operation without a path, or of one whose path is a schema.
    fn object(&mut self, op: Op, within: Option<&'static Schema>, object: Map<String, Value>) -> Result<(), Error> {
        for (key, value) in object {
            match keys::locate(self.resource_type, within, &key, self.reading.normaliser) {
                Key::Attribute(place) | Key::Short(place) => {
                    let harmless = place.extension.is_none()
                        && matches!(place.attribute.name, "id" | "meta" | "groups" | "schemas");
                    if harmless {
                        self.reading.read_only(place.attribute.name)?;
                        continue;
                    }
                    writable(&place)?;
                    self.attribute(op, place, Some(value))?;
                }
                Key::Schema(schema) => self.whole(op, schema, Some(value))?,
                Key::Password => keys::password(self.reading.normaliser)?,
                Key::Unknown if key.contains('[') && self.reading.normaliser.takes(Quirk::DottedKey) => {
                    self.path(op, &key, Some(value))?;
                }
                Key::Unknown => keys::unknown(&key, self.reading.normaliser)?,
            }
        }
        Ok(())
    }

    fn attribute(&mut self, op: Op, place: Resolved, value: Option<Value>) -> Result<(), Error> {
        let attribute = place.attribute;
        if attribute.name == "members" {
            return if place.sub.is_some() { Err(immutable()) } else { self.members(op, value) };
        }
        let step = match (place.sub, op, value) {
            (Some(sub), _, value) if attribute.multi_valued => {
                return self.sub_of_elements(op, place, None, sub, value);
            }
            (Some(sub), Op::Remove, _) | (Some(sub), _, None) => Step::Merge { place, parts: vec![(sub, None)] },
            (Some(sub), _, Some(value)) => {
                let value = values::scalar(sub, Some(attribute), value, &mut self.reading)?;
                Step::Merge { place, parts: vec![(sub, value)] }
            }
            (None, Op::Remove, Some(value)) if attribute.multi_valued && !value.is_null() => {
                Step::RemoveMeant { place, selectors: self.selectors(attribute, value)? }
            }
            (None, Op::Remove, _) | (None, _, None) => Step::Set { place, value: None },
            (None, Op::Add, Some(value)) if attribute.multi_valued => {
                Step::Add { place, elements: values::list(attribute, value, &mut self.reading)? }
            }
            (None, _, Some(value)) if !attribute.multi_valued && attribute.kind == Kind::Complex => {
                match values::parts(attribute, value, &mut self.reading)? {
                    None => Step::Set { place, value: None },
                    Some(parts) => Step::Merge { place, parts },
                }
            }
            (None, _, Some(value)) => {
                Step::Set { place, value: values::canonical(attribute, value, &mut self.reading)? }
            }
        };
        if attribute.required && matches!(step, Step::Set { value: None, .. }) {
            return self.required(op, attribute);
        }
        self.steps.push(step);
        Ok(())
    }

    /// RFC 7644 §3.5.2.2: a required attribute cannot be removed.
    fn required(&mut self, op: Op, attribute: &Attribute) -> Result<(), Error> {
        if self.reading.normaliser.takes(Quirk::RequiredNotCleared) {
            return Ok(());
        }
        let kind = if op == Op::Remove { ScimType::Mutability } else { ScimType::InvalidValue };
        Err(Error::bad(kind, format!("`{}` is required and cannot be cleared. Replace it.", attribute.name)))
    }

    /// The list under `value` of a `remove`, which the RFC does not know.
    fn selectors(&mut self, attribute: &'static Attribute, value: Value) -> Result<Vec<Map<String, Value>>, Error> {
        self.by_value_list()?;
        let given = match value {
            Value::Array(given) => given,
            value => vec![value],
        };
        if given.len() > limits::ELEMENTS {
            return Err(values::too_many(attribute));
        }
        let mut selectors = Vec::with_capacity(given.len());
        for value in given {
            let parts = values::parts(attribute, value, &mut self.reading)?.unwrap_or_default();
            let selector: Map<String, Value> =
                parts.into_iter().filter_map(|(sub, value)| Some((sub.name.to_owned(), value?))).collect();
            // It would mean every element.
            if selector.is_empty() {
                return Err(wrong(attribute.name, "a list of the values to remove"));
            }
            selectors.push(selector);
        }
        Ok(selectors)
    }

    fn by_value_list(&mut self) -> Result<(), Error> {
        if self.reading.normaliser.takes(Quirk::RemoveByValueList) {
            return Ok(());
        }
        Err(Error::bad(
            ScimType::InvalidValue,
            "A remove operation takes no `value`. Select the values with a filter in the path.",
        ))
    }

    fn members(&mut self, op: Op, value: Option<Value>) -> Result<(), Error> {
        let change = match (op, value) {
            (Op::Remove, None | Some(Value::Null)) => MemberChange::RemoveAll,
            (Op::Remove, Some(value)) => {
                self.by_value_list()?;
                let named = members::list(value, &mut self.reading)?.unwrap_or_default();
                MemberChange::Remove(named.into_iter().map(|member| member.value).collect())
            }
            (Op::Add, value) => {
                MemberChange::Add(members::list(unwrapped(value), &mut self.reading)?.unwrap_or_default())
            }
            (Op::Replace, value) => match members::list(unwrapped(value), &mut self.reading)? {
                None => MemberChange::RemoveAll,
                Some(members) => MemberChange::Replace(members),
            },
        };
        let nothing = match &change {
            MemberChange::Add(members) => members.is_empty(),
            MemberChange::Remove(ids) => ids.is_empty(),
            _ => false,
        };
        if !nothing {
            self.steps.push(Step::Members(change));
        }
        Ok(())
    }

    /// `members[filter]`: removes; what a member is called is not the client's, so it stays as it is.
    fn selected_members(&mut self, op: Op, filter: Filter, tail: Option<&str>) -> Result<(), Error> {
        match (op, tail) {
            (Op::Remove, None) => {
                let change = match ids(&filter) {
                    Some(ids) => MemberChange::Remove(ids),
                    None => MemberChange::RemoveWhere(filter),
                };
                self.steps.push(Step::Members(change));
                Ok(())
            }
            // RFC 7644 §3.5.2, figure 8 has `.displayName`.
            (Op::Add | Op::Replace, Some(name))
                if ["display", "displayName", "type", "$ref"].iter().any(|known| known.eq_ignore_ascii_case(name)) =>
            {
                Ok(())
            }
            (_, Some(name)) if !name.eq_ignore_ascii_case("value") => Err(invalid_path()),
            _ => Err(immutable()),
        }
    }
}

/// The ids in `value eq "a" or value eq "b"`, if the filter is nothing else.
fn ids(filter: &Filter) -> Option<Vec<String>> {
    let mut ids = Vec::new();
    let mut rest = Some(filter);
    while let Some(filter) = rest {
        let last = match filter {
            Filter::Or(left, right) => {
                rest = Some(left);
                right
            }
            last => {
                rest = None;
                last
            }
        };
        match equality(last)? {
            (sub, Value::String(id)) if sub.name == "value" => ids.push(id),
            _ => return None,
        }
    }
    ids.reverse();
    Some(ids)
}

/// The sub-attribute and the value in `type eq "work"`.
pub(super) fn equality(filter: &Filter) -> Option<(&'static Attribute, Value)> {
    match filter {
        Filter::Compare { resolved, op: CompareOp::Eq, value, .. } if resolved.sub.is_none() => {
            let value = match value {
                Literal::String(text) => Value::String(text.clone()),
                Literal::Bool(value) => Value::Bool(*value),
                Literal::Number(number) => Value::Number(number.clone()),
                Literal::Null => return None,
            };
            Some((resolved.attribute, value))
        }
        _ => None,
    }
}

/// `mutability` for what is the server's (RFC 7644 §3.5.2).
fn writable(place: &Resolved) -> Result<(), Error> {
    for attribute in [Some(place.attribute), place.sub].into_iter().flatten() {
        if attribute.mutability == Mutability::ReadOnly {
            return Err(read_only(attribute.name));
        }
    }
    Ok(())
}

fn unwrapped(value: Option<Value>) -> Value {
    value.unwrap_or(Value::Null)
}

fn immutable() -> Error {
    Error::bad(ScimType::Mutability, "A member cannot be changed. Remove it, and add another.")
}

fn no_target() -> Error {
    Error::bad(ScimType::NoTarget, "The operation selects nothing that could be changed. Send a `path` that does.")
}

/// `invalidPath`, for whatever is wrong with it.
pub(super) fn invalid_path() -> Error {
    Error::bad(ScimType::InvalidPath, "The path names no attribute of this resource. See /Schemas for their names.")
}

/// `noTarget`: no element passes the filter.
pub(super) fn nothing_selected(attribute: &Attribute) -> Error {
    Error::bad(
        ScimType::NoTarget,
        format!("The filter selects no value of `{}`. Add the value, or change the filter.", attribute.name),
    )
}

/// Whether an element is one of those to remove.
pub(super) fn is_meant(element: &Value, selectors: &[Map<String, Value>]) -> bool {
    element.as_object().is_some_and(|element| selectors.iter().any(|selector| elements::is_meant(element, selector)))
}

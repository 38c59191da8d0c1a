//! Tokens to a filter: `or` binds weakest, then `and`, then `not`. Recurses once for a parenthesis or bracket and
//! never otherwise; the lexer has bounded those.

use super::lexer::{self, Kind, Token};
use super::{CompareOp, Filter, Limits, Literal};
use crate::clock::Timestamp;
use crate::scim::error::Error;
use crate::scim::path::AttributePath;
use crate::scim::quirks::{Normaliser, Quirk};
use crate::scim::schema::{self, Attribute, ENTERPRISE_USER, Resolved, ResourceType};

/// Where names are looked up.
#[derive(Clone, Copy)]
pub(super) enum Scope {
    /// In a resource.
    Resource(ResourceType),
    /// In an element of this attribute.
    Element(&'static Attribute),
    /// In an element of an attribute that does not exist.
    Nowhere,
}

pub(super) fn parse(text: &str, scope: Scope, limits: &Limits, normaliser: &mut Normaliser) -> Result<Filter, Error> {
    let tokens = lexer::tokens(text, limits)?;
    let mut parser = Parser { text, tokens: &tokens, next: 0, scope, normaliser };
    let filter = parser.any_of()?;
    match parser.peek() {
        None => Ok(filter),
        Some(_) => Err(parser.error("\"and\", \"or\" or the end is expected")),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Token<'a>],
    next: usize,
    scope: Scope,
    normaliser: &'a mut Normaliser,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<Kind<'a>> {
        self.tokens.get(self.next).map(|token| token.kind)
    }

    fn take(&mut self, wanted: Kind<'_>) -> bool {
        let found = self.peek() == Some(wanted);
        self.next += usize::from(found);
        found
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Kind::Word(word)) if word.eq_ignore_ascii_case(wanted));
        self.next += usize::from(found);
        found
    }

    /// An error at the next token, or at the end.
    fn error(&self, what: &str) -> Error {
        lexer::error(self.text, self.tokens.get(self.next).map_or(self.text.len(), |token| token.at), what)
    }

    /// An error at the token before the next one.
    fn error_before(&self, what: &str) -> Error {
        let token = self.next.checked_sub(1).and_then(|before| self.tokens.get(before));
        lexer::error(self.text, token.map_or(0, |token| token.at), what)
    }

    fn any_of(&mut self) -> Result<Filter, Error> {
        let mut filter = self.all_of()?;
        while self.take_word("or") {
            filter = Filter::Or(Box::new(filter), Box::new(self.all_of()?));
        }
        Ok(filter)
    }

    fn all_of(&mut self) -> Result<Filter, Error> {
        let mut filter = self.term()?;
        while self.take_word("and") {
            filter = Filter::And(Box::new(filter), Box::new(self.term()?));
        }
        Ok(filter)
    }

    fn term(&mut self) -> Result<Filter, Error> {
        if self.take(Kind::Open) {
            return self.group();
        }
        if self.take_word("not") {
            if !self.take(Kind::Open) {
                return Err(self.error("\"not\" needs a parenthesis after it"));
            }
            return Ok(Filter::Not(Box::new(self.group()?)));
        }
        let Some(Kind::Word(word)) = self.peek() else {
            return Err(self.error("an attribute name, \"not\" or \"(\" is expected"));
        };
        let path = AttributePath::read(word)
            .filter(|path| !path.name.is_empty())
            .ok_or_else(|| self.error("an attribute name is expected"))?;
        let resolved = self.resolve(&path)?;
        self.next += 1;
        if self.take(Kind::OpenBracket) { self.value_path(path, resolved) } else { self.test(path, resolved) }
    }

    fn group(&mut self) -> Result<Filter, Error> {
        let filter = self.any_of()?;
        if self.take(Kind::Close) { Ok(filter) } else { Err(self.error("\")\", \"and\" or \"or\" is expected")) }
    }

    /// `None` if there is no such attribute and that is taken to mean that it has no value.
    fn resolve(&mut self, path: &AttributePath) -> Result<Option<Resolved>, Error> {
        let found = match self.scope {
            Scope::Resource(resource_type) => schema::resolve(resource_type, path).or_else(|| {
                let resolved = enterprise(resource_type, path)?;
                self.normaliser.takes(Quirk::ShortEnterpriseName).then_some(resolved)
            }),
            Scope::Element(attribute) if path.urn.is_none() && path.sub.is_none() => {
                attribute.sub(&path.name).map(|attribute| Resolved { extension: None, attribute, sub: None })
            }
            Scope::Element(_) | Scope::Nowhere => None,
        };
        if found.is_none() && !self.normaliser.takes(Quirk::UnknownFilterAttribute) {
            return Err(self.error("there is no such attribute; /Schemas lists those there are"));
        }
        Ok(found)
    }

    /// After `path[`.
    fn value_path(&mut self, path: AttributePath, resolved: Option<Resolved>) -> Result<Filter, Error> {
        if !matches!(self.scope, Scope::Resource(_)) {
            return Err(self.error_before("brackets stand within brackets"));
        }
        let inside = match resolved {
            None => Scope::Nowhere,
            Some(Resolved { attribute, sub: None, .. }) if attribute.kind == schema::Kind::Complex => {
                Scope::Element(attribute)
            }
            Some(_) => return Err(self.error_before("the attribute has no sub-attributes to filter by")),
        };
        let outside = std::mem::replace(&mut self.scope, inside);
        let filter = self.any_of()?;
        if !self.take(Kind::CloseBracket) {
            return Err(self.error("\"]\", \"and\" or \"or\" is expected"));
        }
        let filter = self.suffix(filter)?;
        self.scope = outside;
        Ok(match resolved {
            Some(resolved) => Filter::ValuePath { path, resolved, filter: Box::new(filter) },
            None => Filter::Unknown { path, op: CompareOp::Ne, value: Literal::Null },
        })
    }

    /// `.value eq "x"` after a closing bracket. RFC 7644's grammar has it for PATCH paths only; Entra filters so,
    /// and it can mean but one thing.
    fn suffix(&mut self, filter: Filter) -> Result<Filter, Error> {
        let Some(Kind::Word(word)) = self.peek() else { return Ok(filter) };
        let Some(name) = word.strip_prefix('.') else { return Ok(filter) };
        let path = AttributePath::read(name).ok_or_else(|| self.error("a sub-attribute's name is expected"))?;
        let resolved = self.resolve(&path)?;
        self.next += 1;
        Ok(Filter::And(Box::new(filter), Box::new(self.test(path, resolved)?)))
    }

    /// After the path: `pr`, or an operator and a value.
    fn test(&mut self, path: AttributePath, resolved: Option<Resolved>) -> Result<Filter, Error> {
        if self.take_word("pr") {
            return Ok(match resolved {
                Some(resolved) => Filter::Present { path, resolved },
                None => Filter::Unknown { path, op: CompareOp::Ne, value: Literal::Null },
            });
        }
        let op = match self.peek() {
            Some(Kind::Word(word)) => CompareOp::from_name(word),
            _ => None,
        };
        let op =
            op.ok_or_else(|| self.error("one of the operators eq, ne, co, sw, ew, gt, ge, lt, le and pr is expected"))?;
        self.next += 1;
        let Some(resolved) = resolved else {
            let value = self.literal(None)?;
            return Ok(Filter::Unknown { path, op, value });
        };
        let value = self.literal(Some(resolved.target().kind))?;
        let resolved = self.comparable(resolved, op, &value)?;
        let value = self.fit(resolved.target().kind, op, value)?;
        Ok(Filter::Compare { path, resolved, op, value })
    }

    /// A complex attribute is compared by its `value` (RFC 7643 §2.4), unless with null.
    fn comparable(&self, resolved: Resolved, op: CompareOp, value: &Literal) -> Result<Resolved, Error> {
        if *value == Literal::Null {
            return match op {
                CompareOp::Eq | CompareOp::Ne => Ok(resolved),
                _ => Err(self.error_before("null can be compared with eq and ne only")),
            };
        }
        if resolved.target().kind != schema::Kind::Complex {
            return Ok(resolved);
        }
        match resolved.attribute.sub("value") {
            Some(sub) => Ok(Resolved { sub: Some(sub), ..resolved }),
            None => Err(self.error_before("the attribute is complex; compare one of its sub-attributes")),
        }
    }

    /// The next token as a value. A word that is none of JSON's is a text that lacks its quotes, and so is a
    /// number or boolean compared with an attribute that holds texts.
    fn literal(&mut self, kind: Option<schema::Kind>) -> Result<Literal, Error> {
        let literal = match self.peek() {
            Some(Kind::Text(quoted)) => serde_json::from_str(quoted)
                .ok()
                .map(Literal::String)
                .ok_or_else(|| self.error("the text has an escape or a control character that JSON does not allow"))?,
            Some(Kind::Word(word)) => match json(word) {
                Some(Literal::Null) => Literal::Null,
                Some(literal) if kind.is_none_or(|kind| !holds_text(kind)) => literal,
                _ if self.normaliser.takes(Quirk::UnquotedFilterValue) => Literal::String(word.to_owned()),
                _ => return Err(self.error("a value in double quotes is expected")),
            },
            _ => return Err(self.error("a value is expected")),
        };
        self.next += 1;
        Ok(literal)
    }

    /// The value as one of the attribute's kind, if the operator means anything for that kind.
    fn fit(&mut self, kind: schema::Kind, op: CompareOp, value: Literal) -> Result<Literal, Error> {
        use schema::Kind as Type;
        match (kind, value) {
            (_, Literal::Null) => Ok(Literal::Null),
            // The order matters: an operator that means nothing is reported before a value that does not fit.
            (Type::Boolean, _) if op.orders() || op.looks_inside() => {
                Err(self.error_before("a boolean can be compared with eq and ne only"))
            }
            (Type::Boolean, Literal::String(text)) => [("true", true), ("false", false)]
                .into_iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(&text) && self.normaliser.takes(Quirk::StringBoolean))
                .map(|(_, value)| Literal::Bool(value))
                .ok_or_else(|| self.error_before("true or false is expected")),
            (Type::Boolean, Literal::Number(_)) => Err(self.error_before("true or false is expected")),
            (Type::Binary, _) if op.orders() => {
                Err(self.error_before("a binary attribute has no order; use eq, ne, co, sw or ew"))
            }
            (Type::DateTime, Literal::String(text)) if !op.looks_inside() && text.parse::<Timestamp>().is_err() => {
                Err(self.error_before("a date and time such as \"2026-01-31T09:05:00Z\" is expected"))
            }
            (Type::Integer | Type::Decimal, _) if op.looks_inside() => {
                Err(self.error_before("a number cannot be compared with co, sw or ew"))
            }
            (Type::Boolean, value @ Literal::Bool(_)) | (Type::Integer | Type::Decimal, value @ Literal::Number(_)) => {
                Ok(value)
            }
            (Type::Integer | Type::Decimal, _) => Err(self.error_before("a number is expected")),
            (_, value @ Literal::String(_)) => Ok(value),
            (_, Literal::Bool(_) | Literal::Number(_)) => Err(self.error_before("a text is expected")),
        }
    }
}

/// `department` for the Enterprise User's, which some clients leave the URN off.
fn enterprise(resource_type: ResourceType, path: &AttributePath) -> Option<Resolved> {
    if path.urn.is_some() {
        return None;
    }
    let extension = schema::extension(resource_type, ENTERPRISE_USER.urn)?;
    let path = AttributePath { urn: Some(extension.urn.to_owned()), ..path.clone() };
    schema::resolve(resource_type, &path)
}

fn holds_text(kind: schema::Kind) -> bool {
    use schema::Kind as Type;
    // A complex attribute is compared by its `value`, which is a text everywhere in the table.
    matches!(kind, Type::String | Type::DateTime | Type::Binary | Type::Reference | Type::Complex)
}

fn json(word: &str) -> Option<Literal> {
    match word {
        "true" => Some(Literal::Bool(true)),
        "false" => Some(Literal::Bool(false)),
        "null" => Some(Literal::Null),
        _ => serde_json::from_str(word).ok().map(Literal::Number),
    }
}

//! Body patterns: JSON that an answer has to look like. Objects match as subsets, arrays in full, and an object
//! with a `$operator` says something a literal cannot. Sees only JSON; variables are put in before.

use serde_json::{Map, Value};

/// One place where an answer is not as expected.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Mismatch {
    /// JSON pointer into the body, or `status`, `header NAME`, `answer`.
    pub at: String,
    /// What was expected, shortened.
    pub expected: String,
    /// What came, shortened.
    pub actual: String,
}

impl Mismatch {
    /// Makes both sides fit for a report, whatever a server sends: shortened, and without characters that could
    /// drive a terminal.
    #[must_use]
    pub fn new(at: impl Into<String>, expected: &str, actual: &str) -> Self {
        Self { at: at.into(), expected: fit(expected), actual: fit(actual) }
    }
}

fn fit(text: &str) -> String {
    const LONGEST: usize = 400;
    let drives = |c: char| c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}');
    let mut fit: String = text.chars().take(LONGEST).map(|c| if drives(c) { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        fit.push('…');
    }
    fit
}

/// The operators; any other member that begins with `$` is an attribute's name, such as `$ref`.
const OPERATORS: [&str; 14] = [
    "$type",
    "$prefix",
    "$suffix",
    "$same",
    "$not",
    "$oneOf",
    "$all",
    "$contains",
    "$unordered",
    "$each",
    "$everywhere",
    "$length",
    "$min",
    "$max",
];

/// What `$type` may name.
const TYPES: [&str; 9] = ["string", "text", "number", "integer", "boolean", "object", "array", "null", "dateTime"];

/// Everything in which `actual` differs from `pattern`; nothing if it matches. `at` is where `actual` stands.
#[must_use]
pub fn mismatches(pattern: &Value, actual: &Value, at: &str) -> Vec<Mismatch> {
    match pattern {
        Value::String(any) if any == "$any" => Vec::new(),
        Value::Object(operators) if is_operators(operators) => {
            operators.iter().flat_map(|(operator, argument)| operation(operator, argument, actual, at)).collect()
        }
        Value::Object(members) => object(members, actual, at),
        Value::Array(items) => array(items, actual, at),
        literal if literal == actual => Vec::new(),
        literal => vec![Mismatch::new(at, &literal.to_string(), &actual.to_string())],
    }
}

fn object(members: &Map<String, Value>, actual: &Value, at: &str) -> Vec<Mismatch> {
    let Value::Object(found) = actual else {
        return vec![Mismatch::new(at, "an object", &actual.to_string())];
    };
    let mut all = Vec::new();
    for (name, pattern) in members {
        let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        match found.get(name) {
            Some(value) => all.extend(mismatches(pattern, value, &at)),
            None => all.push(Mismatch::new(at, &pattern.to_string(), "nothing")),
        }
    }
    all
}

fn array(items: &[Value], actual: &Value, at: &str) -> Vec<Mismatch> {
    let Value::Array(found) = actual else {
        return vec![Mismatch::new(at, "an array", &actual.to_string())];
    };
    if items.len() != found.len() {
        let expected = format!("{} elements: {}", items.len(), Value::from(items));
        return vec![Mismatch::new(at, &expected, &format!("{} elements: {actual}", found.len()))];
    }
    let pairs = items.iter().zip(found).enumerate();
    pairs.flat_map(|(index, (pattern, value))| mismatches(pattern, value, &format!("{at}/{index}"))).collect()
}

fn operation(operator: &str, argument: &Value, actual: &Value, at: &str) -> Vec<Mismatch> {
    let text = |test: fn(&str, &str) -> bool| match (argument.as_str(), actual.as_str()) {
        (Some(argument), Some(actual)) => test(actual, argument),
        _ => false,
    };
    let any = |pattern: &Value| array_of(actual).iter().any(|value| mismatches(pattern, value, at).is_empty());
    let holds = match operator {
        "$type" => has_type(actual, argument.as_str().unwrap_or_default()),
        "$prefix" => text(|actual, prefix| actual.starts_with(prefix)),
        "$suffix" => text(|actual, suffix| actual.ends_with(suffix)),
        "$same" => text(|actual, other| actual.to_lowercase() == other.to_lowercase()),
        "$not" => !mismatches(argument, actual, at).is_empty(),
        "$oneOf" => array_of(argument).iter().any(|pattern| mismatches(pattern, actual, at).is_empty()),
        "$contains" => match (argument, actual) {
            (Value::String(part), Value::String(actual)) => actual.contains(part.as_str()),
            (Value::Array(patterns), _) => patterns.iter().all(any),
            (pattern, _) => any(pattern),
        },
        "$unordered" => {
            array_of(argument).len() == array_of(actual).len()
                && actual.is_array()
                && array_of(argument).iter().all(any)
        }
        "$min" => argument.as_f64().zip(actual.as_f64()).is_some_and(|(least, actual)| actual >= least),
        "$max" => argument.as_f64().zip(actual.as_f64()).is_some_and(|(most, actual)| actual <= most),
        "$all" => return array_of(argument).iter().flat_map(|pattern| mismatches(pattern, actual, at)).collect(),
        "$each" if actual.is_array() => {
            let values = array_of(actual).iter().enumerate();
            return values.flat_map(|(index, value)| mismatches(argument, value, &format!("{at}/{index}"))).collect();
        }
        "$everywhere" => return everywhere(argument, actual, at),
        "$length" => {
            let length = actual.as_array().map(Vec::len).or_else(|| actual.as_str().map(|text| text.chars().count()));
            length.is_some_and(|length| mismatches(argument, &length.into(), at).is_empty())
        }
        _ => false,
    };
    if holds {
        return Vec::new();
    }
    vec![Mismatch::new(at, &format!("{operator} {argument}"), &actual.to_string())]
}

/// `pattern` against a value and everything inside it.
fn everywhere(pattern: &Value, actual: &Value, at: &str) -> Vec<Mismatch> {
    let mut all = mismatches(pattern, actual, at);
    match actual {
        Value::Object(members) => {
            all.extend(members.iter().flat_map(|(name, value)| everywhere(pattern, value, &format!("{at}/{name}"))));
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            all.extend(items.flat_map(|(index, value)| everywhere(pattern, value, &format!("{at}/{index}"))));
        }
        _ => {}
    }
    all
}

fn has_type(actual: &Value, name: &str) -> bool {
    match name {
        "string" => actual.is_string(),
        "text" => actual.as_str().is_some_and(|text| !text.is_empty()),
        "number" => actual.is_number(),
        "integer" => actual.is_i64() || actual.is_u64(),
        "boolean" => actual.is_boolean(),
        "object" => actual.is_object(),
        "array" => actual.is_array(),
        "null" => actual.is_null(),
        "dateTime" => actual.as_str().is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok()),
        _ => false,
    }
}

fn array_of(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn is_operators(members: &Map<String, Value>) -> bool {
    members.keys().any(|name| OPERATORS.contains(&name.as_str()))
}

/// Refuses what would never match or always match by mistake: an operator beside an attribute, an unknown type,
/// an argument of the wrong kind, a `$word` that is no operator.
///
/// # Errors
/// One sentence saying which.
pub fn check(pattern: &Value) -> Result<(), String> {
    match pattern {
        Value::String(text) if text.starts_with('$') && !text.starts_with("${") && text != "$any" && text != "$ref" => {
            Err(format!("{text:?} is no pattern; only \"$any\" is"))
        }
        Value::Array(items) => items.iter().try_for_each(check),
        Value::Object(members) if is_operators(members) => {
            members.iter().try_for_each(|(operator, argument)| check_operation(operator, argument))
        }
        Value::Object(members) => {
            if let Some(unknown) = members.keys().find(|name| name.starts_with('$') && *name != "$ref") {
                return Err(format!("unknown operator {unknown:?}"));
            }
            members.values().try_for_each(check)
        }
        _ => Ok(()),
    }
}

fn check_operation(operator: &str, argument: &Value) -> Result<(), String> {
    let fits = match operator {
        "$type" => argument.as_str().is_some_and(|name| TYPES.contains(&name)),
        "$prefix" | "$suffix" | "$same" => argument.is_string(),
        "$oneOf" | "$all" | "$unordered" => argument.is_array(),
        "$min" | "$max" => argument.is_number(),
        "$not" | "$contains" | "$each" | "$everywhere" | "$length" => true,
        _ => return Err(format!("{operator:?} stands beside an operator")),
    };
    if !fits {
        return Err(format!("{operator} cannot take {argument}"));
    }
    check(argument)
}

/// Every text in a JSON value, keys included: where variables may stand.
pub(super) fn texts(value: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match value {
        Value::String(text) => Box::new(std::iter::once(text.as_str())),
        Value::Array(items) => Box::new(items.iter().flat_map(texts)),
        Value::Object(members) => {
            Box::new(members.iter().flat_map(|(key, value)| std::iter::once(key.as_str()).chain(texts(value))))
        }
        _ => Box::new(std::iter::empty()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn assert_matches(pattern: &Value, actual: &Value) {
        assert_eq!(check(pattern), Ok(()));
        assert_eq!(mismatches(pattern, actual, ""), [], "{pattern} should match {actual}");
    }

    fn assert_differs(pattern: &Value, actual: &Value, at: &str) {
        assert_eq!(check(pattern), Ok(()));
        let found = mismatches(pattern, actual, "");
        assert_eq!(found.iter().map(|one| one.at.as_str()).collect::<Vec<_>>(), [at], "{pattern} against {actual}");
    }

    #[test]
    fn objects_match_as_subsets_and_report_where_they_do_not() {
        let actual = json!({"name": {"givenName": "Ada", "familyName": "King"}, "active": true, "$ref": "x"});
        assert_matches(&json!({"name": {"givenName": "Ada"}, "$ref": "x"}), &actual);
        assert_differs(&json!({"name": {"givenName": "Eve"}, "active": true}), &actual, "/name/givenName");
        assert_differs(&json!({"name": {"middle/Name": "$any"}}), &actual, "/name/middle~1Name");
        assert_differs(&json!({"active": "true"}), &actual, "/active");
        assert_differs(&json!({"active": {"a": 1}}), &actual, "/active");
    }

    #[test]
    fn arrays_match_in_full_length_and_order() {
        let actual = json!([{"value": "a"}, {"value": "b", "primary": true}]);
        assert_matches(&json!([{"value": "a"}, {"value": "b"}]), &actual);
        assert_differs(&json!([{"value": "b"}, {"value": "b"}]), &actual, "/0/value");
        assert_differs(&json!([{"value": "a"}]), &actual, "");
        assert_differs(&json!([]), &json!({}), "");
    }

    #[test]
    fn array_operators_look_at_elements() {
        let actual = json!([{"value": "a"}, {"value": "b"}]);
        assert_matches(&json!({"$contains": {"value": "b"}, "$length": 2}), &actual);
        assert_matches(&json!({"$contains": [{"value": "b"}, {"value": "a"}]}), &actual);
        assert_differs(&json!({"$contains": [{"value": "b"}, {"value": "c"}]}), &actual, "");
        assert_matches(&json!({"$unordered": [{"value": "b"}, {"value": "a"}]}), &actual);
        assert_differs(&json!({"$unordered": [{"value": "b"}]}), &actual, "");
        assert_differs(&json!({"$unordered": []}), &json!("no array"), "");
        assert_matches(&json!({"$each": {"value": {"$type": "text"}}}), &actual);
        assert_differs(&json!({"$each": {"value": "a"}}), &actual, "/1/value");
        assert_differs(&json!({"$each": "$any"}), &json!({}), "");
        assert_matches(&json!({"$everywhere": {"$not": null}}), &actual);
        assert_differs(&json!({"$everywhere": {"$not": null}}), &json!({"a": [1, {"b": null}]}), "/a/1/b");
        assert_matches(&json!({"$length": {"$min": 1, "$max": 2}}), &actual);
        assert_matches(&json!({"$not": {"$contains": {"value": "c"}}}), &actual);
    }

    #[test]
    fn text_number_and_type_operators() {
        assert_matches(&json!({"$prefix": "W/\"", "$suffix": "\""}), &json!("W/\"1\""));
        assert_differs(&json!({"$prefix": "W/"}), &json!("\"1\""), "");
        assert_matches(&json!({"$same": "ADA@Example.org"}), &json!("ada@example.ORG"));
        assert_matches(&json!({"$contains": "mutab"}), &json!("a mutability"));
        assert_matches(&json!({"$oneOf": [1, "1"]}), &json!("1"));
        assert_differs(&json!({"$oneOf": [1, 2]}), &json!("1"), "");
        assert_matches(&json!({"$min": 2}), &json!(2));
        assert_differs(&json!({"$min": 2}), &json!("3"), "");
        assert_matches(&json!({"$all": [{"$type": "text"}, {"$not": "x"}]}), &json!("y"));
        assert_matches(&json!({"$type": "dateTime"}), &json!("2026-01-31T09:05:00.000Z"));
        assert_differs(&json!({"$type": "dateTime"}), &json!("yesterday"), "");
        assert_differs(&json!({"$type": "integer"}), &json!(1.5), "");
        assert_differs(&json!({"$type": "text"}), &json!(""), "");
    }

    #[test]
    fn a_pattern_that_cannot_mean_anything_is_refused() {
        for wrong in [
            json!({"$contians": 1}),
            json!({"$type": "date"}),
            json!({"$prefix": 1}),
            json!({"$min": "1"}),
            json!({"$length": 1, "value": "x"}),
            json!({"a": ["$anything"]}),
        ] {
            assert!(check(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn t83_what_a_server_sends_neither_floods_nor_drives_the_terminal() {
        let found = mismatches(&json!("é"), &json!("é".repeat(5000)), "/displayName");
        assert_eq!(found[0].actual.chars().count(), 401);
        assert_eq!(Mismatch::new("", "a", "\u{1b}[31m\r\n\u{202e}").actual, "\u{fffd}[31m\u{fffd}\u{fffd}\u{fffd}");
    }
}

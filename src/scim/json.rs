//! Reading a JSON body so that there is one way to understand it: a repeated key, a lone surrogate, a number out of
//! range or bytes after the end are refused, not resolved. Never recurses deeper than it was told to.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::{Error, ScimType};

/// Reads one JSON value, nested at most `max_depth` deep (a plain value counts as one).
///
/// # Errors
///
/// 400 `invalidSyntax`, saying where and nothing of what was sent.
pub fn parse(bytes: &[u8], max_depth: usize) -> Result<Value, Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Nested { left: max_depth }.deserialize(&mut deserializer).map_err(|error| refusal(&error))?;
    deserializer.end().map_err(|error| refusal(&error))?;
    Ok(value)
}

/// serde_json's messages quote keys and values, so only our own words and the place go out.
fn refusal(error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let what = if text.starts_with(DUPLICATE) {
        "The body has the same key twice in one object"
    } else if text.starts_with(TOO_DEEP) {
        "The body is nested too deeply"
    } else {
        "The body is not well-formed JSON"
    };
    Error::bad(
        ScimType::InvalidSyntax,
        format!("{what} (line {}, column {}). Correct it and send it again.", error.line(), error.column()),
    )
}

const DUPLICATE: &str = "duplicate key";
const TOO_DEEP: &str = "nested too deeply";

/// A value that may be nested `left` deep.
#[derive(Clone, Copy)]
struct Nested {
    left: usize,
}

impl Nested {
    /// For what stands inside this value.
    const fn inner(self) -> Self {
        Self { left: self.left.saturating_sub(1) }
    }
}

impl<'de> DeserializeSeed<'de> for Nested {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        // Before the value is looked at, so that the stack never grows with the input.
        if self.left == 0 {
            return Err(D::Error::custom(TOO_DEEP));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nested {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = sequence.next_element_seed(self.inner())? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(self.inner())?;
            if object.insert(key, value).is_some() {
                return Err(A::Error::custom(DUPLICATE));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_is_read_as_it_is_written() {
        let body = br#" {"b":[1,-2,3.5,"x",true,null,{}],"a":{"c":[]}} "#;
        let value = json!({"b": [1, -2, 3.5, "x", true, null, {}], "a": {"c": []}});
        assert_eq!(parse(body, 4), Ok(value.clone()));
        assert_eq!(parse(body, 4).expect("a value").to_string(), value.to_string(), "the order is kept");
    }

    #[test]
    fn t51_what_could_be_understood_in_two_ways_is_refused() {
        let bodies: [&[u8]; 12] = [
            br#"{"a":1,"a":2}"#,
            br#"{"a":{"b":1,"b":1}}"#,
            br#"{"a":1} {"b":2}"#,
            br#"{"a":1}x"#,
            b"\xef\xbb\xbf{}",
            br#"{"a":NaN}"#,
            br#"{"a":1e400}"#,
            br#"{"a":"\ud800"}"#,
            b"{\"a\":\"\xff\"}",
            b"",
            br#"{"a":"secret-value""#,
            b"{'a':1}",
        ];
        for body in bodies {
            let error = parse(body, 16).expect_err("refused");
            assert_eq!((error.status, error.scim_type), (400, Some(ScimType::InvalidSyntax)));
            assert!(!error.detail.contains("secret"), "{}", error.detail);
        }
    }

    #[test]
    fn t51_depth_is_bounded_however_deep_the_body() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
            assert!(parse(nested(15).as_bytes(), 16).is_ok());
            assert!(parse(nested(16).as_bytes(), 16).is_err());
            let bomb = open.repeat(1_000_000);
            let small_stack = std::thread::Builder::new().stack_size(256 * 1024);
            let refused = small_stack.spawn(move || parse(bomb.as_bytes(), 16).is_err()).expect("a thread");
            assert!(refused.join().expect("no overflow"));
        }
    }
}

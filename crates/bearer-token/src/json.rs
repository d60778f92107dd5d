//! A small JSON tree that refuses what an attacker likes: members given twice, deep nesting,
//! objects without end.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A JSON value that borrows from its text wherever no escape stands in the way.
#[derive(Debug)]
pub(crate) enum Json<'a> {
    Array(Vec<Self>),
    /// `true`, `false` or `null`: no claim we read may be one of them.
    Literal,
    Number(f64),
    Object(Object<'a>),
    Text(Cow<'a, str>),
    Whole(u64),
}

/// The members of an object, each name once.
#[derive(Debug, Default)]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

/// Why a text is not JSON that we read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum JsonFault {
    DuplicateMember,
    Malformed,
    TooDeep,
}

impl<'a> Object<'a> {
    /// Reads an object that fills the whole of `bytes`.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, JsonFault> {
        let fault = Cell::new(JsonFault::Malformed);
        let seed = Seed {
            fault: &fault,
            depth: 1,
        };
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let value = seed.deserialize(&mut reader).map_err(|_| fault.get())?;
        reader.end().map_err(|_| JsonFault::Malformed)?;
        match value {
            Json::Object(object) => Ok(object),
            _ => Err(JsonFault::Malformed),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.0
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value)
    }

    /// The text of a member; `Err` when it is there and no text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, NotText> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Text(text)) => Ok(Some(text)),
            Some(_) => Err(NotText),
        }
    }
}

/// A member is there and is no text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotText;

#[derive(Clone, Copy)]
struct Seed<'f> {
    fault: &'f Cell<JsonFault>,
    depth: usize,
}

impl Seed<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(self.fail(JsonFault::TooDeep));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }

    fn fail<E: Error>(self, fault: JsonFault) -> E {
        self.fault.set(fault);
        E::custom("refused")
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json<'de>, E> {
        Ok(Json::Literal)
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Literal)
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Whole(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json<'de>, E> {
        // serde_json comes here for negative numbers only, and no member we read may be one.
        Ok(Json::Number(-1.0))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json<'de>, A::Error> {
        let seed = self.deeper()?;
        let mut found = Vec::new();
        while let Some(item) = items.next_element_seed(seed)? {
            found.push(item);
        }
        Ok(Json::Array(found))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json<'de>, A::Error> {
        let seed = self.deeper()?;
        let mut object = Object(Vec::with_capacity(USUAL_MEMBERS));
        while let Some(name) = members.next_key_seed(Name)? {
            if object.get(&name).is_some() {
                return Err(self.fail(JsonFault::DuplicateMember));
            }
            if object.0.len() == MAX_MEMBERS {
                return Err(self.fail(JsonFault::Malformed));
            }
            let value = members.next_value_seed(seed)?;
            object.0.push((name, value));
        }
        Ok(Json::Object(object))
    }
}

struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// Objects and arrays within one another, the outermost counted.
const MAX_DEPTH: usize = 17;
/// Members of one object: keeps the search for duplicates from growing with its square.
const MAX_MEMBERS: usize = 64;
const USUAL_MEMBERS: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Option<JsonFault> {
        Object::parse(text.as_bytes()).err()
    }

    #[test]
    fn a_member_given_twice_is_refused_at_any_level_and_under_any_spelling() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"b":{"a":1,"a":2}}"#,
            r#"{"b":[{"a":1,"a":2}]}"#,
        ] {
            assert_eq!(fault(text), Some(JsonFault::DuplicateMember), "{text}");
        }
        assert_eq!(fault(r#"{"a":{"a":1},"A":1}"#), None);
    }

    #[test]
    fn sixteen_levels_are_read_and_seventeen_are_not() {
        let nested = |levels: usize| {
            format!(
                "{{\"a\":{}{}}}",
                "[".repeat(levels - 1),
                "]".repeat(levels - 1)
            )
        };
        assert_eq!(fault(&nested(16)), None);
        assert_eq!(fault(&nested(17)), Some(JsonFault::TooDeep));
        assert_eq!(fault(&nested(4_000)), Some(JsonFault::TooDeep));
    }

    #[test]
    fn what_is_not_one_whole_object_is_malformed() {
        for text in [
            "",
            "{",
            "[]",
            "\"a\"",
            "{} {}",
            "{}x",
            "{\"a\":}",
            "{\"a\":1e999}",
            "{'a':1}",
            "\u{feff}{}",
            "{\"a\":01}",
            "{\"a\":\"\u{1}\"}",
        ] {
            assert_eq!(fault(text), Some(JsonFault::Malformed), "{text:?}");
        }
        assert_eq!(
            Object::parse(b"{\"a\":\"\xff\"}").err(),
            Some(JsonFault::Malformed)
        );
    }

    #[test]
    fn an_object_may_have_sixty_four_members() {
        let of = |count: usize| {
            let members: Vec<String> = (0..count).map(|n| format!("\"{n}\":0")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert_eq!(fault(&of(64)), None);
        assert_eq!(fault(&of(65)), Some(JsonFault::Malformed));
    }
}

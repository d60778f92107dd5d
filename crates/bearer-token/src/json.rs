//! JSON read where it lies, without a tree and without the heap, that refuses what an attacker
//! likes: members given twice, deep nesting, objects without end.

#[cfg(feature = "client")]
use std::borrow::Cow;

mod reader;
mod text;
mod writer;

pub(crate) use reader::JsonFault;
use reader::{Members, Reader};
pub(crate) use text::{Spot, Text};
pub(crate) use writer::Writer;

/// The members of an object, each name once, and everything below them well formed.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    json: &'a str,
    members: Members,
}

/// The value of a member, as it stands in the text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Json<'a> {
    Array(Items<'a>),
    /// `true`, `false` or `null`.
    #[cfg_attr(
        not(any(feature = "client", test)),
        expect(dead_code, reason = "no token has one that we read")
    )]
    Literal(&'a str),
    Number(&'a str),
    /// An object, with its braces.
    Object(&'a str),
    Text(Text<'a>),
}

/// The items of an array whose form was found good.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Items<'a>(Reader<'a>);

/// A member is there and is no text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotText;

impl<'a> Object<'a> {
    /// An object without members, to [`read`](Self::read) into where it lies.
    pub(crate) fn new() -> Self {
        Self {
            json: "",
            members: Members::new(),
        }
    }

    /// Reads an object that fills the whole of `bytes`, white space around it aside.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, JsonFault> {
        let mut object = Self::new();
        object.read(bytes)?;
        Ok(object)
    }

    /// Reads as [`parse`](Self::parse) does, into a new object: two kilobytes are moved nowhere.
    pub(crate) fn read(&mut self, bytes: &'a [u8]) -> Result<(), JsonFault> {
        let json = std::str::from_utf8(bytes).map_err(|_| JsonFault::Malformed)?;
        if json.len() > MAX_BYTES {
            return Err(JsonFault::Malformed);
        }
        self.json = json;
        let mut reader = Reader { json, at: 0 };
        reader.skip_space();
        if reader.peek() != Some(b'{') {
            return Err(JsonFault::Malformed);
        }
        reader.object(0, &mut self.members)?;
        reader.skip_space();
        match reader.peek() {
            None => Ok(()),
            Some(_) => Err(JsonFault::Malformed),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<Json<'a>> {
        let member = self.members.get(self.json, name)?;
        Some(member.kind.of(self.json, member.value))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.get(self.json, name).is_some()
    }

    /// Each member: its name, its value, and where that lies for [`Json::read`].
    pub(crate) fn members(&self) -> impl Iterator<Item = (Text<'a>, Json<'a>, Spot)> {
        let json = self.json;
        self.members.known().iter().map(move |member| {
            let value = member.kind.of(json, member.value);
            (member.name.text(json), value, member.whole())
        })
    }

    /// The text of a member; `Err` when it is there and no text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<Text<'a>>, NotText> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Text(text)) => Ok(Some(text)),
            Some(_) => Err(NotText),
        }
    }
}

/// The items of the array `name` in an object, as they were written: each ends where its brackets
/// close, and what stands between them is not read, so that one bad item spoils no other.
///
/// # Errors
///
/// [`JsonFault`] when it is not an object with one such array.
pub(crate) fn unread_items<'a>(bytes: &'a [u8], name: &str) -> Result<Vec<&'a str>, JsonFault> {
    let json = std::str::from_utf8(bytes).map_err(|_| JsonFault::Malformed)?;
    if json.len() > MAX_BYTES {
        return Err(JsonFault::Malformed);
    }
    Reader { json, at: 0 }.unread_items(name)
}

impl<'a> Json<'a> {
    /// The value as it was written.
    #[cfg(feature = "client")]
    pub(crate) fn written(self) -> Cow<'a, str> {
        match self {
            Self::Array(items) => Cow::Borrowed(items.0.json),
            Self::Literal(json) | Self::Number(json) | Self::Object(json) => Cow::Borrowed(json),
            Self::Text(text) => Cow::Owned(format!("\"{}\"", text.raw())),
        }
    }

    /// Reads a value whose form was found good.
    pub(crate) fn read(json: &'a str) -> Option<Self> {
        let (kind, spot) = Reader { json, at: 0 }.value(0).ok()?;
        Some(kind.of(json, spot))
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Json<'a>;

    fn next(&mut self) -> Option<Json<'a>> {
        // The form is known to be good: what stands before an item is a bracket or a comma.
        let reader = &mut self.0;
        reader.skip_space();
        match reader.peek() {
            Some(b'[' | b',') => reader.at += 1,
            _ => return None,
        }
        reader.skip_space();
        let (kind, spot) = reader.value(0).ok()?;
        Some(kind.of(reader.json, spot))
    }
}

/// The longest text: what we read is bounded by it anyway, and a position in it fits in sixteen bits,
/// for the last byte of an object is no part of a member.
const MAX_BYTES: usize = 65_536;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::text::plain_length;
    use super::*;

    fn fault(text: &str) -> Option<JsonFault> {
        Object::parse(text.as_bytes()).err()
    }

    #[test]
    fn a_member_given_twice_is_refused_at_any_level_and_under_any_spelling() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"\u0061":1,"a":2}"#,
            r#"{"\u0061":1,"\u0061":2}"#,
            r#"{"/":1,"\/":2}"#,
            r#"{"\ud83d\ude00":1,"😀":2}"#,
            r#"{"":1,"":2}"#,
            r#"{"b":{"a":1,"a":2}}"#,
            r#"{"b":[{"a":1,"a":2}]}"#,
        ] {
            assert_eq!(fault(text), Some(JsonFault::DuplicateMember), "{text}");
        }
        assert_eq!(fault(r#"{"a":{"a":1},"A":1,"\\u0061":2}"#), None);
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
            "{}\0",
            "{\"a\":}",
            "{\"a\"}",
            "{\"a\":1,}",
            "{,\"a\":1}",
            "{\"a\":[1,]}",
            "{\"a\":[,1]}",
            "{\"a\":[1 2]}",
            "{\"a\":1 \"b\":2}",
            "{'a':1}",
            "{a:1}",
            "\u{feff}{}",
            "{\"a\":01}",
            "{\"a\":+1}",
            "{\"a\":.5}",
            "{\"a\":1.}",
            "{\"a\":1e}",
            "{\"a\":-}",
            "{\"a\":0x1}",
            "{\"a\":NaN}",
            "{\"a\":Infinity}",
            "{\"a\":True}",
            "{\"a\":nul}",
            "{\"a\":\"\u{1}\"}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\x41\"}",
            "{\"a\":\"\\u00g0\"}",
            "{\"a\":\"\\ud83d\"}",
            "{\"a\":\"\\ude00\"}",
            "{\"a\":\"\\ud83d\\u0041\"}",
            "{\"a\":\"x",
            "{\"a\":\"x\\",
            "{/**/}",
        ] {
            assert_eq!(fault(text), Some(JsonFault::Malformed), "{text:?}");
        }
        assert_eq!(
            Object::parse(b"{\"a\":\"\xff\"}").err(),
            Some(JsonFault::Malformed)
        );
    }

    #[test]
    fn an_object_of_65536_bytes_is_read_to_its_end_and_one_byte_more_is_not() {
        let of = |length: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(length - 8));
        let longest = of(65_536);
        let object = Object::parse(longest.as_bytes()).unwrap();
        let text = object.text("a").unwrap().unwrap();
        assert_eq!(text.plain().map(str::len), Some(65_528));
        assert_eq!(fault(&of(65_537)), Some(JsonFault::Malformed));
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

    #[test]
    fn a_special_byte_is_found_wherever_it_stands() {
        for special in [b'"', b'\\', 0, 0x1f] {
            for before in 0..24 {
                let mut bytes = vec![b' '; before];
                bytes.extend([special, b'"', 0xff, 0x80, special, b'a', 1, 0x23]);
                assert_eq!(plain_length(&bytes), before);
            }
        }
        let plain = [0x20, 0x21, 0x23, 0x5b, 0x5d, 0x7f, 0x80, 0xa2, 0xdc, 0xff];
        for length in 0..24 {
            let bytes: Vec<u8> = plain.iter().copied().cycle().take(length).collect();
            assert_eq!(plain_length(&bytes), length);
        }
    }

    #[test]
    fn escapes_are_resolved_in_place() {
        let mut json = br#" {"a" : "\u00e9\/\ud83d\ude00\n|", "b":"x"} "#.to_vec();
        let object = Object::parse(&json).unwrap();
        let text = object.text("a").unwrap().unwrap();
        assert!(text.is("é/😀\n|") && !text.is("é/😀\n"));
        assert_eq!(text.plain(), None);
        let mut spot = text.spot();
        spot.unescape(&mut json);
        let json = std::str::from_utf8(&json).unwrap();
        assert_eq!(spot.of(json), "é/😀\n|");
        assert!(json.contains("\"b\":\"x\""));
    }

    fn value_is(word: &str, theirs: &Value) -> bool {
        serde_json::from_str::<Value>(word).is_ok_and(|word| word == *theirs)
    }

    /// What `serde_json` makes of the same value.
    fn is_same(ours: Json<'_>, theirs: &Value) -> bool {
        match (ours, theirs) {
            (Json::Array(items), Value::Array(values)) => {
                let pairs = items.zip(values);
                items.count() == values.len() && pairs.into_iter().all(|(a, b)| is_same(a, b))
            }
            (Json::Literal(word), Value::Bool(_) | Value::Null) => value_is(word, theirs),
            (Json::Number(_), Value::Number(_)) => true,
            (Json::Object(text), Value::Object(map)) => {
                let object = Object::parse(text.as_bytes()).unwrap();
                object.members.count == map.len()
                    && map.iter().all(|(name, value)| {
                        object.get(name).is_some_and(|ours| is_same(ours, value))
                    })
            }
            (Json::Text(text), Value::String(value)) => text.is(value),
            _ => false,
        }
    }

    #[test]
    fn items_are_found_whatever_stands_in_them() {
        let items = |text: &'static str| unread_items(text.as_bytes(), "keys");
        assert_eq!(items(r#"{"keys":[]}"#), Ok(vec![]));
        assert_eq!(
            items(r#" {"a":{"keys":[1]},"\u006beys" : [ ] } "#),
            Ok(vec![])
        );
        assert_eq!(
            items(r#"{"keys":[{"a":1,"a":"]}\"["}, [[}], "x" ,nul,1e]}"#),
            Ok(vec![r#"{"a":1,"a":"]}\"["}"#, "[[}]", "\"x\"", "nul", "1e"])
        );
        let deep = format!(
            "{{\"keys\":[{}{},1]}}",
            "[".repeat(9_999),
            "]".repeat(9_999)
        );
        assert_eq!(
            unread_items(deep.as_bytes(), "keys").map(|items| items.len()),
            Ok(2)
        );
        for text in [
            "",
            "[]",
            "{}",
            r#"{"keys":{}}"#,
            r#"{"keys":[1,]}"#,
            r#"{"keys":[,1]}"#,
            r#"{"keys":[1 2]}"#,
            r#"{"keys":["#,
            r#"{"keys":[1]"#,
            r#"{"keys":[1]}x"#,
            r#"{"keys":["x]}"#,
            r#"{"keys":[{]}"#,
            r#"{"keys":[],}"#,
            r#"{"keys":[]"a":1}"#,
            r#"{"keys" []}"#,
            r#"{"Keys":[]}"#,
        ] {
            assert_eq!(items(text), Err(JsonFault::Malformed), "{text}");
        }
        let twice = r#"{"keys":[],"\u006beys":[]}"#;
        assert_eq!(items(twice), Err(JsonFault::DuplicateMember));
    }

    #[test]
    fn what_is_written_is_read_by_others_alike() {
        let mut writer = Writer::new();
        writer.text("a\"\\", "\u{0}\u{1f}é\u{7f}\n\"\\/😀\u{2028}");
        writer.number("n", u64::MAX);
        writer.raw("r", "[1,{}]");
        let json = writer.finish();
        let theirs: Value = serde_json::from_str(&json).unwrap();
        let expected = serde_json::json!({
            "a\"\\": "\u{0}\u{1f}é\u{7f}\n\"\\/😀\u{2028}",
            "n": u64::MAX,
            "r": [1, {}],
        });
        assert_eq!(theirs, expected);
        assert_eq!(Writer::new().finish(), "{}");
    }

    proptest! {
        #[test]
        fn what_serde_json_writes_is_read_alike(
            members in prop::collection::hash_map("\\PC{0,4}|[\"\\\\/\u{1}-\u{20}]{1,3}", any_json(), 0..8),
        ) {
            let value = Value::Object(members.into_iter().collect());
            let text = value.to_string();
            let whole = format!("{{\"x\":{text}}}");
            let object = Object::parse(whole.as_bytes()).unwrap();
            prop_assert!(is_same(object.get("x").unwrap(), &value), "{}", whole);
        }

        #[test]
        fn what_serde_json_refuses_is_refused(text in "[{}\\[\\]\",:0-9a-cetrufalsn\\\\ .eE+-]{0,24}") {
            let theirs = serde_json::from_str::<Value>(&text);
            match fault(&text) {
                None => prop_assert!(theirs.is_ok_and(|value| value.is_object()) || text.contains(['e', 'E'])),
                Some(JsonFault::Malformed) => prop_assert!(!theirs.is_ok_and(|value| value.is_object())),
                Some(_) => {}
            }
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,6}|[\"\\\\/\u{1}-\u{20}]{1,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("[a-c\"\\\\]{0,3}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }
}

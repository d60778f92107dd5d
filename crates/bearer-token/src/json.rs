//! JSON read where it lies, without a tree and without the heap, that refuses what an attacker
//! likes: members given twice, deep nesting, objects without end.

use std::str::Chars;

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
    /// `true`, `false` or `null`: no member we read may be one of them.
    Literal,
    Number(&'a str),
    /// An object, with its braces.
    Object(&'a str),
    Text(Text<'a>),
}

/// A text between its quotation marks, with its escapes as they were written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    raw: &'a str,
    spot: Spot,
}

/// The items of an array whose form was found good.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Items<'a>(Reader<'a>);

/// Where a text lies, in bytes from the beginning of the whole, and whether it has escapes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spot {
    start: u32,
    end: u32,
    is_escaped: bool,
}

/// Why a text is not JSON that we read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum JsonFault {
    DuplicateMember,
    Malformed,
    TooDeep,
}

/// A member is there and is no text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotText;

impl<'a> Object<'a> {
    /// Reads an object that fills the whole of `bytes`, white space around it aside.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, JsonFault> {
        let json = std::str::from_utf8(bytes).map_err(|_| JsonFault::Malformed)?;
        if u32::try_from(json.len()).is_err() {
            return Err(JsonFault::Malformed);
        }
        let mut reader = Reader { json, at: 0 };
        reader.skip_space();
        if reader.peek() != Some(b'{') {
            return Err(JsonFault::Malformed);
        }
        let mut object = Self {
            json,
            members: Members::new(),
        };
        reader.object(0, &mut object.members)?;
        reader.skip_space();
        match reader.peek() {
            None => Ok(object),
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

impl<'a> Json<'a> {
    /// Reads a value whose form was found good.
    pub(crate) fn read(json: &'a str) -> Option<Self> {
        let (kind, spot) = Reader { json, at: 0 }.value(0).ok()?;
        Some(kind.of(json, spot))
    }
}

impl<'a> Text<'a> {
    /// Its characters, escapes resolved.
    pub(crate) fn chars(self) -> Unescaped<'a> {
        Unescaped(self.raw.chars())
    }

    pub(crate) fn spot(self) -> Spot {
        self.spot
    }

    /// The text itself, where it has no escapes.
    pub(crate) fn plain(self) -> Option<&'a str> {
        (!self.spot.is_escaped).then_some(self.raw)
    }

    fn equals(self, other: Text<'_>) -> bool {
        match (self.plain(), other.plain()) {
            (Some(plain), Some(other)) => plain == other,
            _ => self.chars().eq(other.chars()),
        }
    }

    /// The text, in `room` where it has escapes; `None` when it has more bytes than that.
    pub(crate) fn resolve<'r>(self, room: &'r mut [u8]) -> Option<&'r str>
    where
        'a: 'r,
    {
        if let Some(plain) = self.plain() {
            return Some(plain);
        }
        let mut length = 0;
        for resolved in self.chars() {
            let end = length + resolved.len_utf8();
            resolved.encode_utf8(room.get_mut(length..end)?);
            length = end;
        }
        std::str::from_utf8(room.get(..length)?).ok()
    }

    pub(crate) fn is(self, other: &str) -> bool {
        match self.plain() {
            Some(plain) => plain == other,
            None => self.chars().eq(other.chars()),
        }
    }
}

impl From<Text<'_>> for String {
    fn from(text: Text<'_>) -> Self {
        text.chars().collect()
    }
}

impl Spot {
    const NONE: Self = Self {
        start: 0,
        end: 0,
        is_escaped: false,
    };

    pub(crate) fn is_empty(self) -> bool {
        self.start == self.end
    }

    fn text(self, json: &str) -> Text<'_> {
        Text {
            raw: self.of(json),
            spot: self,
        }
    }

    /// What lies there in `text`.
    pub(crate) fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }

    /// Resolves the escapes in place; spaces fill what becomes free.
    pub(crate) fn unescape(&mut self, json: &mut [u8]) {
        let Some(part) = json.get_mut(self.start as usize..self.end as usize) else {
            return;
        };
        if !self.is_escaped {
            return;
        }
        let (mut read, mut written) = (0, 0);
        while let Some(&byte) = part.get(read) {
            let mut utf8 = [byte, 0, 0, 0];
            let (from, to) = match part.get(read..).and_then(escape) {
                Some((resolved, length)) => (length, resolved.encode_utf8(&mut utf8).len()),
                None => (1, 1),
            };
            // No escape is shorter than what it stands for.
            if let (Some(target), Some(bytes)) =
                (part.get_mut(written..written + to), utf8.get(..to))
            {
                target.copy_from_slice(bytes);
            }
            read += from;
            written += to;
        }
        if let Some(rest) = part.get_mut(written..) {
            rest.fill(b' ');
        }
        self.end = self.start + u32::try_from(written).unwrap_or(0);
        self.is_escaped = false;
    }
}

/// What a value is, apart from where it lies.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Array,
    Literal,
    Number,
    Object,
    Text,
}

impl Kind {
    fn of(self, json: &str, spot: Spot) -> Json<'_> {
        let raw = spot.of(json);
        match self {
            Self::Array => Json::Array(Items(Reader { json: raw, at: 0 })),
            Self::Literal => Json::Literal,
            Self::Number => Json::Number(raw),
            Self::Object => Json::Object(raw),
            Self::Text => Json::Text(spot.text(json)),
        }
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

#[derive(Clone, Copy, Debug)]
struct Reader<'a> {
    json: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.json.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, byte: u8) -> Result<(), JsonFault> {
        if self.peek() != Some(byte) {
            return Err(JsonFault::Malformed);
        }
        self.at += 1;
        Ok(())
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Reads a value that stands within `depth` others.
    fn value(&mut self, depth: usize) -> Result<(Kind, Spot), JsonFault> {
        let start = self.at;
        let kind = match self.peek() {
            Some(b'"') => return self.text().map(|spot| (Kind::Text, spot)),
            Some(b'{') => {
                self.inner_object(depth)?;
                Kind::Object
            }
            Some(b'[') => {
                self.array(depth)?;
                Kind::Array
            }
            Some(b'-' | b'0'..=b'9') => {
                self.number()?;
                Kind::Number
            }
            _ => {
                self.literal()?;
                Kind::Literal
            }
        };
        let spot = Spot {
            start: position(start),
            end: position(self.at),
            is_escaped: false,
        };
        Ok((kind, spot))
    }

    /// Reads an object; it begins here.
    fn object(&mut self, depth: usize, members: &mut Members) -> Result<(), JsonFault> {
        let depth = deeper(depth)?;
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.skip_space();
            let name = self.text()?;
            self.skip_space();
            self.take(b':')?;
            self.skip_space();
            members.add(self.json, name)?;
            let (kind, value) = self.value(depth)?;
            members.complete(kind, value);
            self.skip_space();
            if self.take(b',').is_err() {
                return self.take(b'}');
            }
        }
    }

    /// Reads an object whose members nobody asks for; apart, so that its room is seldom needed.
    #[inline(never)]
    fn inner_object(&mut self, depth: usize) -> Result<(), JsonFault> {
        self.object(depth, &mut Members::new())
    }

    /// Reads an array; it begins here.
    fn array(&mut self, depth: usize) -> Result<(), JsonFault> {
        let depth = deeper(depth)?;
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.skip_space();
            self.value(depth)?;
            self.skip_space();
            if self.take(b',').is_err() {
                return self.take(b']');
            }
        }
    }

    /// Reads a text and tells where it lies.
    fn text(&mut self) -> Result<Spot, JsonFault> {
        self.take(b'"')?;
        let start = self.at;
        let mut is_escaped = false;
        loop {
            self.at += plain_length(self.rest());
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    let (_, length) = escape(self.rest()).ok_or(JsonFault::Malformed)?;
                    self.at += length;
                    is_escaped = true;
                }
                _ => return Err(JsonFault::Malformed),
            }
        }
        let end = self.at;
        self.at += 1;
        Ok(Spot {
            start: position(start),
            end: position(end),
            is_escaped,
        })
    }

    fn number(&mut self) -> Result<(), JsonFault> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonFault> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start {
            return Err(JsonFault::Malformed);
        }
        Ok(())
    }

    fn literal(&mut self) -> Result<(), JsonFault> {
        let rest = self.rest();
        let word = ["true", "false", "null"]
            .into_iter()
            .find(|word| rest.starts_with(word.as_bytes()))
            .ok_or(JsonFault::Malformed)?;
        self.at += word.len();
        Ok(())
    }
}

/// Where names and values lie.
#[derive(Debug)]
struct Members {
    /// Of the names, to find the few that must be looked at.
    digests: [u32; MAX_MEMBERS],
    found: [Member; MAX_MEMBERS],
    count: usize,
    has_escaped: bool,
}

#[derive(Clone, Copy, Debug)]
struct Member {
    name: Spot,
    value: Spot,
    kind: Kind,
}

impl Members {
    fn new() -> Self {
        Self {
            digests: [0; MAX_MEMBERS],
            found: [Member::NONE; MAX_MEMBERS],
            count: 0,
            has_escaped: false,
        }
    }

    /// Adds a name whose value is still to come.
    fn add(&mut self, json: &str, name: Spot) -> Result<(), JsonFault> {
        let text = name.text(json);
        let digest = digest(text.raw);
        self.has_escaped |= name.is_escaped;
        let may_be_known = self.has_escaped || self.digests().contains(&digest);
        if may_be_known
            && self
                .known()
                .iter()
                .any(|known| known.name.text(json).equals(text))
        {
            return Err(JsonFault::DuplicateMember);
        }
        let place = self.found.get_mut(self.count);
        let place = place.ok_or(JsonFault::Malformed)?;
        *place = Member {
            name,
            ..Member::NONE
        };
        if let Some(place) = self.digests.get_mut(self.count) {
            *place = digest;
        }
        self.count += 1;
        Ok(())
    }

    /// Adds the value of the last name.
    fn complete(&mut self, kind: Kind, value: Spot) {
        if let Some(member) = self.found.get_mut(self.count.wrapping_sub(1)) {
            member.kind = kind;
            member.value = value;
        }
    }

    fn get(&self, json: &str, name: &str) -> Option<Member> {
        let mut known = self.known().iter();
        known
            .find(|member| member.name.text(json).is(name))
            .copied()
    }

    fn known(&self) -> &[Member] {
        self.found.get(..self.count).unwrap_or_default()
    }

    fn digests(&self) -> &[u32] {
        self.digests.get(..self.count).unwrap_or_default()
    }
}

impl Member {
    const NONE: Self = Self {
        name: Spot::NONE,
        value: Spot::NONE,
        kind: Kind::Array,
    };

    /// Where the value lies, for [`Json::read`].
    fn whole(self) -> Spot {
        let mut spot = self.value;
        if let Kind::Text = self.kind {
            // With its quotation marks.
            spot.start -= 1;
            spot.end += 1;
        }
        spot.is_escaped = false;
        spot
    }
}

/// The characters of a text whose escapes were found good.
#[derive(Clone)]
pub(crate) struct Unescaped<'a>(Chars<'a>);

impl Iterator for Unescaped<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let rest = self.0.as_str();
        let Some((resolved, length)) = escape(rest.as_bytes()) else {
            return self.0.next();
        };
        self.0 = rest.get(length..).unwrap_or_default().chars();
        Some(resolved)
    }
}

/// The character that the escape at the beginning of `bytes` stands for, and the escape's length.
fn escape(bytes: &[u8]) -> Option<(char, usize)> {
    let [b'\\', kind, rest @ ..] = bytes else {
        return None;
    };
    let plain = match kind {
        b'"' | b'\\' | b'/' => char::from(*kind),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode_escape(rest),
        _ => return None,
    };
    Some((plain, 2))
}

fn unicode_escape(digits: &[u8]) -> Option<(char, usize)> {
    let unit = hex(digits)?;
    if let Some(plain) = char::from_u32(unit) {
        return Some((plain, 6));
    }
    // Half of a pair: the other half must follow.
    let [b'\\', b'u', rest @ ..] = digits.get(4..)? else {
        return None;
    };
    let (high, low) = (unit.checked_sub(0xd800)?, hex(rest)?.checked_sub(0xdc00)?);
    if high >= 0x400 || low >= 0x400 {
        return None;
    }
    char::from_u32(0x1_0000 + (high << 10) + low).map(|pair| (pair, 12))
}

fn hex(digits: &[u8]) -> Option<u32> {
    let digits = digits.get(..4)?.iter();
    digits.copied().try_fold(0, |value, digit| {
        Some(value << 4 | char::from(digit).to_digit(16)?)
    })
}

/// How many bytes come before a quotation mark, a backslash or a control character.
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 0xff;
    // The lowest byte of the word that is below `limit` has its highest bit set, and none below it.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & (ONES << 7);
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quotation = below(word ^ (ONES * 0x22), 1);
        let backslash = below(word ^ (ONES * 0x5c), 1);
        let special = below(word, 0x20) | quotation | backslash;
        if special != 0 {
            return index * 8 + (special.trailing_zeros() / 8) as usize;
        }
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    let length = rest.iter().position(is_special).unwrap_or(rest.len());
    words.len() * 8 + length
}

/// Tells most names apart without a look at all of them.
fn digest(name: &str) -> u32 {
    let bytes = name.as_bytes();
    let at = |index: usize| bytes.get(index).copied().unwrap_or_default();
    let length = bytes.len();
    u32::from_le_bytes([
        at(0),
        at(length / 2),
        at(length.wrapping_sub(1)),
        length.to_le_bytes()[0],
    ])
}

fn deeper(depth: usize) -> Result<usize, JsonFault> {
    if depth == MAX_DEPTH {
        return Err(JsonFault::TooDeep);
    }
    Ok(depth + 1)
}

/// A position in a text whose length was found to fit.
fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Objects and arrays within one another, the outermost counted.
const MAX_DEPTH: usize = 16;
/// Members of one object: keeps the search for duplicates from growing with its square.
const MAX_MEMBERS: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

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

    /// What `serde_json` makes of the same value.
    fn is_same(ours: Json<'_>, theirs: &Value) -> bool {
        match (ours, theirs) {
            (Json::Array(items), Value::Array(values)) => {
                let pairs = items.zip(values);
                items.count() == values.len() && pairs.into_iter().all(|(a, b)| is_same(a, b))
            }
            (Json::Literal, Value::Bool(_) | Value::Null) | (Json::Number(_), Value::Number(_)) => {
                true
            }
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

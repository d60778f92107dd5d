//! The grammar.

use super::text::{Spot, escape, plain_length};
use super::{Items, Json};

/// Why a text is not JSON that we read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum JsonFault {
    DuplicateMember,
    Malformed,
    TooDeep,
}

/// What a value is, apart from where it lies.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Array,
    Literal,
    Number,
    Object,
    Text,
}

impl Kind {
    pub(super) fn of(self, json: &str, spot: Spot) -> Json<'_> {
        match self {
            Self::Array => Json::Array(Items(Reader {
                json: spot.of(json),
                at: 0,
            })),
            Self::Literal => Json::Literal(spot.of(json)),
            Self::Number => Json::Number(spot.of(json)),
            Self::Object => Json::Object(spot.of(json)),
            Self::Text => Json::Text(spot.text(json)),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    pub(super) json: &'a str,
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn peek(&self) -> Option<u8> {
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

    pub(super) fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Reads a value that stands within `depth` others.
    pub(super) fn value(&mut self, depth: usize) -> Result<(Kind, Spot), JsonFault> {
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
        Ok((kind, Spot::new(start, self.at, false)))
    }

    /// Reads an object; it begins here.
    pub(super) fn object(&mut self, depth: usize, members: &mut Members) -> Result<(), JsonFault> {
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

    /// The items of the array `name` of an object that fills the whole; nothing below is read.
    pub(super) fn unread_items(mut self, name: &str) -> Result<Vec<&'a str>, JsonFault> {
        let mut items = None;
        self.skip_space();
        self.take(b'{')?;
        loop {
            self.skip_space();
            let is_wanted = self.text()?.text(self.json).is(name);
            self.skip_space();
            self.take(b':')?;
            self.skip_space();
            if is_wanted && items.is_some() {
                return Err(JsonFault::DuplicateMember);
            }
            if is_wanted {
                items = Some(self.unread_array()?);
            } else {
                self.unread()?;
            }
            self.skip_space();
            if self.take(b',').is_err() {
                break;
            }
        }
        self.take(b'}')?;
        self.skip_space();
        match self.peek() {
            None => items.ok_or(JsonFault::Malformed),
            Some(_) => Err(JsonFault::Malformed),
        }
    }

    fn unread_array(&mut self) -> Result<Vec<&'a str>, JsonFault> {
        let mut items = Vec::new();
        self.take(b'[')?;
        self.skip_space();
        if self.take(b']').is_ok() {
            return Ok(items);
        }
        loop {
            self.skip_space();
            items.push(self.unread()?);
            self.skip_space();
            if self.take(b',').is_err() {
                return self.take(b']').map(|()| items);
            }
        }
    }

    /// A value up to where its brackets close, or up to what separates it from the next.
    fn unread(&mut self) -> Result<&'a str, JsonFault> {
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            match self.peek().ok_or(JsonFault::Malformed)? {
                b'"' => {
                    self.text()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' if depth > 0 => {
                    depth -= 1;
                    self.at += 1;
                }
                b'}' | b']' | b',' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => break,
                _ => self.at += 1,
            }
        }
        match self.json.get(start..self.at) {
            None | Some("") => Err(JsonFault::Malformed),
            Some(value) => Ok(value),
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
        Ok(Spot::new(start, end, is_escaped))
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
pub(super) struct Members {
    /// Of the names, to find the few that must be looked at.
    digests: [u32; MAX_MEMBERS],
    found: [Member; MAX_MEMBERS],
    pub(super) count: usize,
    has_escaped: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) name: Spot,
    pub(super) value: Spot,
    pub(super) kind: Kind,
}

impl Members {
    pub(super) fn new() -> Self {
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
        let digest = digest(name.bytes(json));
        self.has_escaped |= name.is_escaped();
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

    pub(super) fn get(&self, json: &str, name: &str) -> Option<Member> {
        let mut known = self.known().iter();
        known
            .find(|member| member.name.text(json).is(name))
            .copied()
    }

    pub(super) fn known(&self) -> &[Member] {
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
    pub(super) fn whole(self) -> Spot {
        // A text with its quotation marks.
        let marks = usize::from(matches!(self.kind, Kind::Text));
        Spot::new(self.value.start() - marks, self.value.end() + marks, false)
    }
}

/// Tells most names apart without a look at all of them.
fn digest(bytes: &[u8]) -> u32 {
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

/// Objects and arrays within one another, the outermost counted.
const MAX_DEPTH: usize = 16;
/// Members of one object: keeps the search for duplicates from growing with its square.
const MAX_MEMBERS: usize = 64;

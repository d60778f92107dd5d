//! What differs between two documents, without secrets.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

use super::Document;
use super::secret::is_secret;
use crate::mpp::{UserAccess, Value};

/// A name whose value is not the same in two documents.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// The name of the parameter, the path, or either with `@` and an attribute.
    pub name: String,
    /// What has become of it.
    #[serde(flatten)]
    pub change: Change,
}

/// What has become of a value.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase", tag = "change")]
#[non_exhaustive]
pub enum Change {
    /// It is in the second document only.
    Added {
        /// What it is there.
        to: Shown,
    },
    /// It is another one.
    Changed {
        /// What it is in the first document.
        from: Shown,
        /// What it is in the second one.
        to: Shown,
    },
    /// It is in the first document only.
    Removed {
        /// What it is there.
        from: Shown,
    },
}

/// A value that may be shown, or the place of one that may not.
///
/// Hidden is what stands under a name that tells of passwords, PINs, keys, tokens, codes that are not
/// dialled or communities, all general-purpose parameters, and whatever
/// [carries credentials](crate::has_credentials). Where a name leaves it open, the value is hidden.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Shown {
    /// It is a secret.
    Hidden,
    /// It is not.
    Text(String),
}

impl Shown {
    fn of(is_hidden: bool, value: &str) -> Self {
        if is_hidden {
            Self::Hidden
        } else {
            Self::Text(value.to_owned())
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hidden => f.write_str("[redacted]"),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

/// A text as it is, a secret as `null`.
impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Hidden => serializer.serialize_none(),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl Document {
    /// What is otherwise in another document, in the order of this one, and what is there only
    /// last. `None` when they are not of one kind.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Option<Vec<Difference>> {
        if self.kind() != other.kind() {
            return None;
        }
        let (ours, theirs) = (self.entries(), other.entries());
        let known: HashSet<&str> = ours.iter().map(|(name, _)| name.as_str()).collect();
        let new: HashMap<&str, &str> = theirs
            .iter()
            .map(|(name, to)| (name.as_str(), to.as_str()))
            .collect();
        let mut found = Vec::new();
        for (name, from) in &ours {
            let change = match new.get(name.as_str()) {
                Some(to) if **to == ***from => continue,
                Some(to) => {
                    // A secret that becomes none, or the other way round, stays one.
                    let is_hidden = is_secret(name, from) || is_secret(name, to);
                    let [from, to] = [from.as_str(), to].map(|text| Shown::of(is_hidden, text));
                    Change::Changed { from, to }
                }
                None => Change::Removed {
                    from: Shown::of(is_secret(name, from), from),
                },
            };
            let name = name.clone();
            found.push(Difference { name, change });
        }
        for (name, to) in &theirs {
            if !known.contains(name.as_str()) {
                let to = Shown::of(is_secret(name, to), to);
                let name = name.clone();
                let change = Change::Added { to };
                found.push(Difference { name, change });
            }
        }
        Some(found)
    }

    /// All that can differ, by name.
    fn entries(&self) -> Vec<(String, Zeroizing<String>)> {
        let text = |text: &str| Zeroizing::new(text.to_owned());
        match self {
            Self::Configuration(configuration) => configuration
                .values()
                .map(|(path, value)| (path.to_string(), text(value)))
                .collect(),
            Self::FlatProfile(profile) => {
                let mut entries = Vec::new();
                for parameter in profile.parameters() {
                    let value = match parameter.value {
                        Value::Empty => "",
                        Value::EmptyString => "\"\"",
                        Value::Text(text) => text,
                    };
                    entries.push((parameter.name.to_owned(), text(value)));
                    if let Some(access) = parameter.access {
                        let name = format!("{}@ua", parameter.name);
                        entries.push((name, text(UserAccess::as_str(access))));
                    }
                }
                entries
            }
            Self::UnifiedCm(file) => file
                .entries()
                .map(|(name, value)| (name, text(&value)))
                .collect(),
        }
    }
}

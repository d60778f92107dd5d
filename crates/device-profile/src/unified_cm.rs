//! The configuration documents of Unified CM: of a device, and the default one.

mod defaults;
mod device;
mod path;

use std::borrow::Cow;
use std::fmt;

use zeroize::Zeroizing;

pub use defaults::{Defaults, LoadInformation, OnboardingMethod};
pub use device::{CallManager, CapfAuthenticationMode, Device, Line, SecurityMode};
pub(crate) use device::{MAX_MEMBERS, TLS, is_call_manager};

use crate::mpp::PROFILE;
use crate::xml::{Names, Tree, WhiteSpace, is_name};
use crate::{DocumentError, DocumentFault, Limits, ValueError};

/// A document of Unified CM: `SEP….cnf.xml` and the like with the root `<device>`, or
/// `XMLDefault.cnf.xml` with the root `<Default>`.
///
/// Values are named by the elements around them, as in `devicePool/callManagerGroup/name`, the
/// root left out; `line[2]` is the second of several. A document is kept as it came: what no edit
/// touches is written byte for byte. `Debug` shows nothing of it; the text is overwritten when
/// dropped. Genuine documents use prefixes that they do not declare, which is no fault here.
///
/// # Source
///
/// Documents as served by Unified CM 12.5 and the field list of usecallmanager.nz.
#[derive(Clone)]
pub struct ConfigurationFile(Tree);

impl ConfigurationFile {
    /// A device's document without values.
    #[must_use]
    pub fn new_device() -> Self {
        Self::empty(EMPTY_DEVICE)
    }

    /// A default document without values.
    #[must_use]
    pub fn new_defaults() -> Self {
        Self::empty(EMPTY_DEFAULTS)
    }

    /// Reads a document whose root is `<device>` or `<Default>`.
    ///
    /// # Errors
    ///
    /// [`DocumentError`] with the place and what is wrong there; also when a `<flat-profile>` is
    /// in it, which is another document.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, DocumentError> {
        let tree = Tree::parse(bytes, Names::Prefixed, WhiteSpace::Kept, limits)?;
        Self::from_tree(tree, limits)
    }

    pub(crate) fn from_tree(tree: Tree, limits: &Limits) -> Result<Self, DocumentError> {
        let root = tree.root();
        let is_known = match tree.name(root) {
            DEVICE => tree.child(root, PROFILE).is_none(),
            name => name == DEFAULTS,
        };
        if !is_known {
            return Err(DocumentError::new(tree.place(root), DocumentFault::Root));
        }
        path::check_lengths(&tree, limits)?;
        Ok(Self(tree))
    }

    /// Sets a value, in its place where it is there already; what has to be around it is added.
    ///
    /// # Errors
    ///
    /// [`ValueError`] when the path or the value cannot stand in a document, when there are
    /// elements where the value is to go, or when the path skips one of several.
    pub fn set(&mut self, path: &str, value: &str) -> Result<(), ValueError> {
        path::set(&mut self.0, path, value)
    }

    /// Sets an attribute of an element that is there, or takes it away.
    ///
    /// # Errors
    ///
    /// [`ValueError`] when there is no such element, or the name or the value cannot stand in a
    /// document.
    pub fn set_attribute(
        &mut self,
        path: &str,
        name: &str,
        value: Option<&str>,
    ) -> Result<(), ValueError> {
        if !is_name(name) {
            return Err(ValueError::Name);
        }
        let element = path::find(&self.0, path).ok_or(ValueError::Absent)?;
        self.0.set_attribute(element, name, value)
    }

    /// Takes an element away with all that is inside, and says whether it was there.
    pub fn remove(&mut self, path: &str) -> bool {
        let found = path::find(&self.0, path).filter(|found| *found != self.0.root());
        if let Some(found) = found {
            self.0.remove(found);
        }
        found.is_some()
    }

    /// The value at a path; `None` also where there are elements. White space around it is left
    /// out.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        path::text(&self.0, self.0.root(), path)
    }

    /// The attribute of the element at a path; of the root for an empty path.
    #[must_use]
    pub fn attribute(&self, path: &str, name: &str) -> Option<String> {
        let element = path::find(&self.0, path)?;
        let value = self.0.attribute(element, name);
        value.map(Cow::into_owned)
    }

    /// Paths and values, in the document's order.
    pub fn values(&self) -> impl Iterator<Item = (String, &str)> {
        path::values(&self.0)
    }

    /// Values and attributes with what they are called, for whoever compares.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (String, Cow<'_, str>)> {
        path::entries(&self.0)
    }

    /// What the document says of a device; `None` for a default document.
    #[must_use]
    pub fn device(&self) -> Option<Device<'_>> {
        (self.0.name(self.0.root()) == DEVICE).then_some(Device(&self.0))
    }

    /// What a default document says; `None` for a device's.
    #[must_use]
    pub fn defaults(&self) -> Option<Defaults<'_>> {
        (self.0.name(self.0.root()) == DEFAULTS).then_some(Defaults(&self.0))
    }

    /// The document: as it came, but for what was edited. What is new has a line of its own where
    /// the others have, and is written in ASCII.
    #[must_use]
    pub fn write(&self) -> Zeroizing<String> {
        self.0.write()
    }

    fn empty(xml: &str) -> Self {
        let empty = Self::parse(xml.as_bytes(), &Limits::default());
        empty.unwrap_or_else(|_| unreachable!("an empty document is one"))
    }
}

impl Eq for ConfigurationFile {}

/// The same root with the same values at the same paths in the same order.
impl PartialEq for ConfigurationFile {
    fn eq(&self, other: &Self) -> bool {
        self.0.name(self.0.root()) == other.0.name(other.0.root())
            && self.values().eq(other.values())
    }
}

impl fmt::Debug for ConfigurationFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigurationFile")
            .field("root", &self.0.name(self.0.root()))
            .finish_non_exhaustive()
    }
}

pub(crate) const DEVICE: &str = "device";
pub(crate) const DEFAULTS: &str = "Default";
const EMPTY_DEVICE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<device>\n</device>\n";
const EMPTY_DEFAULTS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Default>\n</Default>\n";

//! The softphones of a user.

use crate::{DeviceName, DeviceNameKind, SoftphoneError};

/// The softphones of one user: of each kind one at most.
///
/// # Source
///
/// Jabber on-premises deployment: one device of each type (`CSF`, `TCT`, `TAB`, `BOT`) a user.
///
/// # Examples
///
/// ```
/// use offhook_device_name::{SoftphoneError, Softphones};
///
/// let mut softphones = Softphones::default();
/// softphones.add("CSFjdoe".parse()?)?;
/// softphones.add("TCTJDOE".parse()?)?;
/// let second = softphones.add("CSFjohn".parse()?);
/// assert!(matches!(second, Err(SoftphoneError::Another { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Softphones(Vec<DeviceName>);

impl Softphones {
    /// Adds a softphone; one that is there already changes nothing.
    ///
    /// # Errors
    ///
    /// [`SoftphoneError::Another`] when the user has one of this kind under another name,
    /// [`SoftphoneError::NotASoftphone`] when the name is that of a phone.
    pub fn add(&mut self, name: DeviceName) -> Result<(), SoftphoneError> {
        if !name.kind().is_softphone() {
            return Err(SoftphoneError::NotASoftphone);
        }
        match self.of(name.kind()) {
            Some(known) if *known == name => Ok(()),
            Some(known) => Err(SoftphoneError::Another {
                name: known.clone(),
            }),
            None => {
                self.0.push(name);
                Ok(())
            }
        }
    }

    /// Removes the softphone of this kind, and gives its name.
    pub fn remove(&mut self, kind: DeviceNameKind) -> Option<DeviceName> {
        let place = self.0.iter().position(|name| name.kind() == kind)?;
        Some(self.0.remove(place))
    }

    /// The softphone of this kind, if the user has one.
    #[must_use]
    pub fn of(&self, kind: DeviceNameKind) -> Option<&DeviceName> {
        self.0.iter().find(|name| name.kind() == kind)
    }

    /// All of them, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &DeviceName> {
        self.0.iter()
    }
}

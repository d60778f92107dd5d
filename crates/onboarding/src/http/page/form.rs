//! What operators fill in.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Ownership;
use crate::message::{ProvisionRequest, SecretText};

/// A device to add.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Added {
    profile: String,
    account: String,
    device_type: String,
    model: String,
    ownership: Ownership,
    line_port: String,
    #[serde(default)]
    mac_address: String,
    /// A tag and its value in each line.
    #[serde(default)]
    tags: SecretText,
}

/// To whom a code goes; to nobody where it is to be shown.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(default)]
    recipient: String,
}

/// Which profile a device is to have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Moved {
    pub(super) profile: String,
    #[serde(default)]
    recipient: String,
}

impl Added {
    /// The request that the form stands for, or what is wrong with it.
    pub(super) fn request(self) -> Result<ProvisionRequest, String> {
        let mac_address = match self.mac_address.trim() {
            "" => None,
            text => {
                let mac = text.parse();
                Some(mac.map_err(|error| format!("MAC address: {error}"))?)
            }
        };
        let mut tags = BTreeMap::new();
        let lines = self.tags.secret().lines().map(str::trim);
        for line in lines.filter(|line| !line.is_empty()) {
            let (name, value) = line
                .split_once('=')
                .ok_or("a line of the tags is not %NAME%=value")?;
            let value = value.trim().to_owned().into();
            if tags.insert(name.trim().to_owned(), value).is_some() {
                return Err("a tag stands there twice".to_owned());
            }
        }
        let model = self.model.trim().parse();
        Ok(ProvisionRequest {
            profile: self.profile.trim().to_owned(),
            account: self.account.trim().to_owned(),
            device_type: self.device_type,
            model: model.map_err(|error| format!("model: {error}"))?,
            ownership: self.ownership,
            line_port: self.line_port.trim().to_owned(),
            mac_address,
            tags,
        })
    }
}

impl Asked {
    pub(super) fn recipient(&self) -> Option<&str> {
        filled_in(&self.recipient)
    }
}

impl Moved {
    pub(super) fn recipient(&self) -> Option<&str> {
        filled_in(&self.recipient)
    }
}

fn filled_in(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

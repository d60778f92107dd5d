#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
mod mac;
mod model;
mod name;
mod softphone;
#[cfg(feature = "serde")]
mod text;

pub use error::{
    ParseDeviceModelError, ParseDeviceNameError, ParseMacAddressError, SoftphoneError,
};
pub use mac::{MacAddress, Separated};
pub use model::DeviceModel;
pub use name::{DeviceName, DeviceNameKind};
pub use softphone::Softphones;

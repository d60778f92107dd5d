//! Configuration files: a template of the device type, with the device's tags substituted.

use offhook_device_profile::{
    DeviceType, DeviceTypeFile, Escape, FileCategory, Limits, Override, TagError, TagLevel,
    TagTable, UndefinedTag, substitute,
};
use zeroize::Zeroizing;

use crate::message::SecretText;
use crate::{Device, TemplateError};

/// A configuration file, ready for its device.
///
/// `Debug` hides what is in it: a machine token may be.
pub struct ConfigurationDocument {
    bytes: Zeroizing<Vec<u8>>,
    content_type: &'static str,
}

impl ConfigurationDocument {
    /// Its media type: that of XML for a template, which is filled in as XML, and none in
    /// particular for a static file.
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        self.content_type
    }

    /// The file.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes the file out.
    #[must_use]
    pub fn into_bytes(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.bytes)
    }
}

impl std::fmt::Debug for ConfigurationDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConfigurationDocument")
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

/// The file of `device_type` that goes by `name` for `device`.
pub(crate) fn file_named<'a>(
    device_type: &'a DeviceType,
    device: &Device,
    name: &str,
) -> Result<Option<&'a DeviceTypeFile>, TemplateError> {
    let tags = tags(device, None)?;
    for file in served(device_type) {
        if file_name(file, &tags)? == name {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

/// The name of the first file that `device` can fetch.
pub(crate) fn first_file(
    device_type: &DeviceType,
    device: &Device,
) -> Result<Option<String>, TemplateError> {
    let tags = tags(device, None)?;
    served(device_type)
        .next()
        .map(|file| file_name(file, &tags))
        .transpose()
}

/// Fills in a template.
pub(crate) fn render(
    file: &DeviceTypeFile,
    device: &Device,
    token: Option<&SecretText>,
) -> Result<ConfigurationDocument, TemplateError> {
    if file.category == FileCategory::Static {
        return Ok(ConfigurationDocument {
            bytes: Zeroizing::new(file.content.to_vec()),
            content_type: "application/octet-stream",
        });
    }
    let template = str::from_utf8(&file.content).map_err(|_| TemplateError::NotText {
        file: file.file_format.clone(),
    })?;
    let text = filled(
        template,
        &tags(device, token)?,
        Escape::XmlText,
        &file.file_format,
    )?;
    Ok(ConfigurationDocument {
        bytes: Zeroizing::new(text.into_bytes()),
        content_type: "text/xml",
    })
}

/// Fills in every template of a device type, so that what is missing shows before the device asks.
pub(crate) fn rehearse(device_type: &DeviceType, device: &Device) -> Result<(), TemplateError> {
    let names = tags(device, None)?;
    for file in served(device_type) {
        file_name(file, &names)?;
        render(file, device, None)?;
    }
    Ok(())
}

pub(crate) fn served(device_type: &DeviceType) -> impl Iterator<Item = &DeviceTypeFile> {
    device_type
        .files
        .iter()
        .filter(|file| file.category != FileCategory::TemplateOnly)
}

fn file_name(file: &DeviceTypeFile, tags: &TagTable) -> Result<String, TemplateError> {
    filled(&file.file_format, tags, Escape::None, &file.file_format)
}

fn filled(
    template: &str,
    tags: &TagTable,
    escape: Escape,
    file: &str,
) -> Result<String, TemplateError> {
    let filled =
        substitute(template, tags, escape, &Limits::default()).map_err(TemplateError::Tag)?;
    match filled.undefined().first() {
        None => Ok(filled.into_text()),
        Some(UndefinedTag {
            name, line, column, ..
        }) => Err(TemplateError::Undefined {
            tag: name.clone(),
            file: file.to_owned(),
            line: *line,
            column: *column,
        }),
    }
}

/// The tags of a device. The native ones are listed in the crate's README.
fn tags(device: &Device, token: Option<&SecretText>) -> Result<TagTable, TemplateError> {
    let mut tags = TagTable::new();
    let mac = device.mac.map(|mac| format!("{mac:x}"));
    let native = [
        ("%BWDEVICEID%", Some(device.profile.as_str())),
        ("%BWDEVICENAME%", Some(device.name.as_str())),
        ("%BWHOST-1%", Some(device.line_port.domain())),
        ("%BWLINEPORT-1%", Some(device.line_port.user())),
        ("%BWMACADDRESS%", mac.as_deref()),
        (
            "%BWMACHINETOKEN%",
            Some(token.map_or("", SecretText::secret)),
        ),
    ];
    let set = |tags: &mut TagTable| -> Result<(), TagError> {
        for (name, value) in native {
            if let Some(value) = value {
                tags.set_native(&name.parse()?, value)?;
            }
        }
        for (name, value) in &device.tags {
            tags.set(
                TagLevel::Device,
                &name.parse()?,
                Some(value.secret()),
                Override::Allowed,
            )?;
        }
        Ok(())
    };
    set(&mut tags).map_err(TemplateError::Tag)?;
    Ok(tags)
}

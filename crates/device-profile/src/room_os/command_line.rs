//! Configurations as commands, the way people type them at a device.

use zeroize::Zeroizing;

use super::{Configuration, Path};
use crate::wiped::Wiped;
use crate::{CommandLineError, CommandLineFault, Limits};

impl Configuration {
    /// Reads lines such as `xConfiguration SIP Proxy 1 Address: "host"`.
    ///
    /// They are UTF-8, with or without a byte order mark. A line may begin with `*c`, as devices echo it. Empty lines, comments that begin with `#`,
    /// `** end` and `OK` are passed over. A value stands in quotation marks, within which `\"` and
    /// `\\` are a quotation mark and a backslash, or is what is left of the line. The escapes are
    /// ours: no public source has any.
    ///
    /// # Errors
    ///
    /// [`CommandLineError`] with the line and what is wrong there; also when a path is given twice.
    pub fn parse_command_lines(
        lines: impl AsRef<[u8]>,
        limits: &Limits,
    ) -> Result<Self, CommandLineError> {
        let lines = lines.as_ref();
        if lines.len() > limits.document_bytes {
            return Err(CommandLineError::new(1, CommandLineFault::TooLarge));
        }
        let text = text(lines)?;
        let mut configuration = Self::new();
        let mut count = 0;
        for (number, line) in text.lines().enumerate() {
            let fault = |fault| CommandLineError::new(number + 1, fault);
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') || matches!(line, "** end" | "OK") {
                continue;
            }
            count += 1;
            if count > limits.elements {
                return Err(fault(CommandLineFault::TooManyLines));
            }
            let (path, value) = command(line).map_err(fault)?;
            if value.contains(is_unwritable) {
                return Err(fault(CommandLineFault::Value));
            }
            if path.to_string().len() > limits.path_bytes {
                return Err(fault(CommandLineFault::Path));
            }
            if configuration.get(&path).is_some() {
                return Err(fault(CommandLineFault::Duplicate));
            }
            let set = configuration.set(&path, &value);
            set.map_err(|_| fault(CommandLineFault::Value))?;
        }
        Ok(configuration)
    }

    /// The configuration as lines that [`parse_command_lines`](Self::parse_command_lines) reads;
    /// `None` where a value has a control character other than a tab, which no such line can carry.
    #[must_use]
    pub fn command_lines(&self) -> Option<Zeroizing<String>> {
        let mut lines = Wiped::default();
        for (path, value) in self.values() {
            if value.contains(is_unwritable) {
                return None;
            }
            lines.push_str(COMMAND);
            for (name, item) in path.segments() {
                lines.push(' ');
                lines.push_str(name);
                if let Some(item) = item {
                    lines.push(' ');
                    lines.push_str(&item.to_string());
                }
            }
            lines.push_str(": \"");
            for char in value.chars() {
                if matches!(char, '"' | '\\') {
                    lines.push('\\');
                }
                lines.push(char);
            }
            lines.push_str("\"\n");
        }
        Some(lines.into_zeroizing())
    }
}

/// Lines as text, without the mark that they may begin with.
fn text(lines: &[u8]) -> Result<&str, CommandLineError> {
    let fault = |line| CommandLineError::new(line, CommandLineFault::Encoding);
    // What is ASCII in UTF-16 is UTF-8 too, with zero bytes.
    if lines.iter().take(2).any(|byte| *byte == 0) {
        return Err(fault(1));
    }
    let text = std::str::from_utf8(lines).map_err(|error| {
        let before = lines.get(..error.valid_up_to()).unwrap_or_default();
        fault(1 + before.iter().filter(|byte| **byte == b'\n').count())
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Splits a line into the path and the value.
fn command(line: &str) -> Result<(Path, Zeroizing<String>), CommandLineFault> {
    let line = line.strip_prefix("*c ").unwrap_or(line).trim_start();
    let command = line.get(..COMMAND.len());
    if !command.is_some_and(|command| command.eq_ignore_ascii_case(COMMAND)) {
        return Err(CommandLineFault::Command);
    }
    let rest = line.get(COMMAND.len()..).unwrap_or_default();
    let (path, value) = rest.split_once(':').ok_or(CommandLineFault::NoValue)?;
    if !path.starts_with([' ', '/']) {
        return Err(CommandLineFault::Command);
    }
    let path = path.get(1..).unwrap_or_default().trim();
    let path = path.parse().map_err(|_| CommandLineFault::Path)?;
    let value = unquoted(value.trim())?;
    Ok((path, value.into_zeroizing()))
}

/// What no line can carry: a terminal would act upon it.
fn is_unwritable(char: char) -> bool {
    char.is_control() && char != '\t'
}

fn unquoted(text: &str) -> Result<Wiped, CommandLineFault> {
    let mut value = Wiped::with_capacity(text.len());
    let Some(quoted) = text.strip_prefix('"') else {
        value.push_str(text);
        return Ok(value);
    };
    let mut chars = quoted.chars();
    loop {
        match chars.next() {
            Some('\\') => match chars.next() {
                Some(char @ ('"' | '\\')) => value.push(char),
                _ => return Err(CommandLineFault::Quotation),
            },
            Some('"') if chars.as_str().is_empty() => return Ok(value),
            Some('"') | None => return Err(CommandLineFault::Quotation),
            Some(char) => value.push(char),
        }
    }
}

const COMMAND: &str = "xConfiguration";

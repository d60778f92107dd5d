//! Archives of device types: what is in them, which rules they break, and in and out of a system.
//!
//! ```sh
//! cargo run --release --example dtaf -- inspect testdata/dtaf/room-os.dtaf
//! cargo run --release --example dtaf -- validate testdata/dtaf/*.dtaf
//! cargo run --release --example dtaf -- import testdata/dtaf/room-os.dtaf --into system --dry-run
//! cargo run --release --example dtaf -- export --from system --device-type 'Room OS' room.dtaf
//! ```

mod arguments;
mod lock;
mod report;
mod system;

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use offhook_device_profile::{Archive, ArchiveReader, ImportError, Limits};

use crate::arguments::{Arguments, Command, DIFFERENT, Export, FAILED, Files, Import, REFUSED};
use crate::lock::Access;
use crate::system::Folder;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.command {
        Command::Inspect(files) => each(files, arguments.json, inspect),
        Command::Validate(files) => each(files, arguments.json, validate),
        Command::Import(import) => run(&import.file, arguments.json, || {
            bring_in(import, arguments.json)
        }),
        Command::Export(export) => run(&export.file, arguments.json, || {
            bring_out(export, arguments.json)
        }),
    };
    ExitCode::from(done)
}

/// Does the same with each file; the worst of their statuses.
fn each(files: &Files, json: bool, act: fn(&Path, bool) -> anyhow::Result<u8>) -> u8 {
    let statuses = files
        .files
        .iter()
        .map(|file| run(file, json, || act(file, json)));
    statuses.max().unwrap_or_default()
}

/// Does something with a file and tells what went wrong.
fn run(file: &Path, json: bool, act: impl FnOnce() -> anyhow::Result<u8>) -> u8 {
    act().unwrap_or_else(|error| {
        report::error(file, &error, json);
        if error.chain().any(|cause| cause.is::<io::Error>()) {
            FAILED
        } else {
            REFUSED
        }
    })
}

fn open(file: &Path) -> anyhow::Result<BufReader<File>> {
    let opened = File::open(file).context("opening it")?;
    // Some systems open a folder and read no byte of it.
    if opened.metadata().context("opening it")?.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory)).context("opening it");
    }
    Ok(BufReader::new(opened))
}

fn inspect(file: &Path, json: bool) -> anyhow::Result<u8> {
    let archive = Archive::open(open(file)?, &Limits::default())?;
    report::inspect(file, &archive, json)?;
    Ok(0)
}

fn validate(file: &Path, json: bool) -> anyhow::Result<u8> {
    let limits = Limits::default();
    let archive = Archive::open(open(file)?, &limits)?;
    let violations = archive.violations(&limits);
    report::violations(file, &archive, &violations, json)?;
    Ok(if violations.is_empty() { 0 } else { REFUSED })
}

fn bring_in(arguments: &Import, json: bool) -> anyhow::Result<u8> {
    let mut import = offhook_device_profile::Import::new();
    if let [original, new] = &arguments.rename[..] {
        import = import.with_rename(original, new);
    }
    if arguments.device_type_file_update {
        import = import.with_device_type_file_update();
    }
    if arguments.tag_set_override {
        import = import.with_tag_set_override();
    }
    if arguments.device_family_override {
        import = import.with_device_family_override();
    }
    if let Some(reseller_id) = &arguments.reseller_id {
        import = import.with_reseller_id(reseller_id);
    }
    let mut source = ArchiveReader::open(open(&arguments.file)?, &Limits::default())?;
    let access = if arguments.dry_run {
        Access::Read
    } else {
        Access::Write
    };
    let (folder, mut system) = Folder::open(&arguments.into, access)?;
    if arguments.dry_run {
        let planned = import.dry_run(&mut source, &system).map_err(hinted)?;
        // Whoever reads slowly keeps nobody else waiting.
        drop(folder);
        let verdict = match planned.rules_broken() {
            0 => "would be imported",
            _ => "would not be imported",
        };
        report::import(&arguments.file, &planned, verdict, json)?;
        let status = match (planned.rules_broken(), planned.difference_found()) {
            (0, true) => DIFFERENT,
            (0, false) => 0,
            _ => REFUSED,
        };
        return Ok(status);
    }
    let before = system.clone();
    let done = match import.run(&mut source, &mut system) {
        Err(ImportError::Violations { report }) => {
            drop(folder);
            report::import(&arguments.file, &report, "not imported", json)?;
            return Ok(REFUSED);
        }
        done => done.map_err(hinted)?,
    };
    folder.write(&before, &system)?;
    drop(folder);
    report::import(&arguments.file, &done, "imported", json)?;
    Ok(0)
}

/// An error with the option that would have made it none.
fn hinted(error: ImportError) -> anyhow::Error {
    let option = match &error {
        ImportError::DeviceFamilyExists { .. } => "--device-family-override",
        ImportError::DeviceTypeExists { .. } => "--device-type-file-update",
        ImportError::TagSetExists { .. } => "--tag-set-override",
        _ => return error.into(),
    };
    anyhow::Error::from(error).context(format!("without {option}"))
}

fn bring_out(arguments: &Export, json: bool) -> anyhow::Result<u8> {
    // A folder that is not there is a system without anything in it for an import only.
    fs::read_dir(&arguments.from).with_context(|| arguments.from.display().to_string())?;
    let (folder, system) = Folder::open(&arguments.from, Access::Read)?;
    drop(folder);
    let what = &arguments.what;
    let archive = if let Some(name) = &what.device_type {
        system.export_device_type(name)
    } else if let Some(name) = &what.device_family {
        system.export_device_family(name)
    } else {
        system.export_tag_set(what.tag_set.as_deref())
    };
    let archive = archive.context("the system has none of that name")?;
    system::write(&archive, &arguments.file, system::Existing::Refused)?;
    report::exported(&arguments.file, &archive, json)?;
    Ok(0)
}

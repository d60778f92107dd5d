//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Reads, checks, imports and exports archives of device types, tag sets and device families.
///
/// The archives are this project's own format, for what is inside those of others is not public.
/// A system is a folder with one archive for each device type (.dtaf), tag set (.tsaf) and device
/// family (.dfaf); it is made by the first import.
#[derive(Debug, Parser)]
#[command(
    name = "dtaf",
    version,
    after_help = "Examples:\n  \
    dtaf inspect phone.dtaf\n  \
    dtaf validate *.dtaf *.tsaf *.dfaf\n  \
    dtaf import phone.dtaf --into system --dry-run\n  \
    dtaf import phone.dtaf --into system --device-type-file-update\n  \
    dtaf export --from system --device-type 'Room OS' room.dtaf\n\n\
    Exit status: 0 where all is well; 1 where an archive was refused or breaks a rule, \
    or the system has not what was asked for; 2 for a bad command line; 3 where a dry run found a \
    difference; 4 where a file could not be read or written."
)]
pub(crate) struct Arguments {
    /// Print JSON, one object a line for each file.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what is in archives: attributes that are on, files, tags; no password and no value of a tag.
    Inspect(Files),
    /// Check archives: whether they can be read, and each rule that what is in them breaks.
    Validate(Files),
    /// Import an archive into a system, whole or not at all.
    ///
    /// What is there already is refused unless an option says that it may be changed. Each difference
    /// and each broken rule is told; with one broken rule nothing is imported.
    Import(Import),
    /// Export a device type, tag set or device family of a system as an archive.
    Export(Export),
}

#[derive(Args, Debug)]
pub(crate) struct Files {
    /// The archives.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Import {
    /// The archive.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The folder of the system. Imports into it wait for one another; on a folder of the network those of one
    /// host may alone, and on systems other than Unix none do.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) into: PathBuf,
    /// Tell what would change, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Give the device type or tag set another name in the system; what is in a device family keeps its.
    #[arg(long, num_args = 2, value_names = ["ORIGINAL", "NEW"])]
    pub(crate) rename: Vec<String>,
    /// Update the files of a device type that is there; they are matched by fileFormat, and the type keeps
    /// its own attributes.
    #[arg(long)]
    pub(crate) device_type_file_update: bool,
    /// Override tag sets that are there.
    #[arg(long)]
    pub(crate) tag_set_override: bool,
    /// Override a device family that is there.
    #[arg(long)]
    pub(crate) device_family_override: bool,
    /// The reseller of device types and families that are made.
    #[arg(long, value_name = "ID")]
    pub(crate) reseller_id: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The folder of the system.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) from: PathBuf,
    #[command(flatten)]
    pub(crate) what: What,
    /// The archive that is made; nothing may be there.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct What {
    /// Export this device type.
    #[arg(long, value_name = "NAME")]
    pub(crate) device_type: Option<String>,
    /// Export this tag set.
    #[arg(long, value_name = "NAME")]
    pub(crate) tag_set: Option<String>,
    /// Export the system's default tag set, which has no name.
    #[arg(long)]
    pub(crate) default_tag_set: bool,
    /// Export this device family.
    #[arg(long, value_name = "NAME")]
    pub(crate) device_family: Option<String>,
}

/// An archive was refused or breaks a rule, or the system has not what was asked for.
pub(crate) const REFUSED: u8 = 1;
/// A dry run found a difference.
pub(crate) const DIFFERENT: u8 = 3;
/// A file could not be read or written.
pub(crate) const FAILED: u8 = 4;

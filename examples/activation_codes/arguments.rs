//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use offhook_activation_code::{AccountId, CodeId, ProfileId, ServiceDomain, TenantId};
use offhook_device_name::{DeviceModel, MacAddress};
use uuid::Uuid;

/// Issues, redeems and lists activation codes, and proves under stress that none is redeemed twice.
#[derive(Debug, Parser)]
#[command(
    name = "activation-codes",
    version,
    after_help = "Exit status: 0 where it was done; 1 where it was refused, or where a stress test \
    lost or doubled a code; 2 for a bad command line; 3 where a store or a file failed, and trying \
    again may help."
)]
pub(crate) struct Arguments {
    /// Where codes are kept: `sqlite:FILE` or `postgres://USER@HOST/DATABASE`. By default
    /// sqlite:activation-codes.db, and for a stress test a file that is deleted afterwards.
    #[arg(long, global = true, value_name = "STORE", env = STORE, hide_env_values = true)]
    pub(crate) store: Option<String>,
    /// File with the secrets: peppers under which codes are digested, and keys under which copies
    /// of them are sealed. Made on first use; by default beside the `SQLite` file, else
    /// activation-codes.keys. Whoever steals this file and the store reads the codes: in production
    /// keep it elsewhere.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
    /// Whose codes they are.
    #[arg(long, global = true, value_name = "NAME", default_value = "default")]
    pub(crate) tenant: TenantId,
    /// Print one JSON object a code instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Issue a code for a device profile and print it. A sealed copy is kept, from which list, qr and
    /// export read it again.
    Issue(Issue),
    /// Redeem a code as a device would.
    Redeem(Redeem),
    /// Void a code.
    Revoke(Which),
    /// Void a code and issue another in its place.
    Reissue(Reissue),
    /// List the codes that can be redeemed.
    List(List),
    /// Issue a code for each phone of a CSV file; where a line is bad, none is issued.
    Import(Import),
    /// Print the outstanding codes as CSV, from their sealed copies.
    Export(Export),
    /// Draw an outstanding code as a QR code, from its sealed copy.
    Qr(Qr),
    /// Let workers race for codes, and count what is redeemed twice or lost.
    Stress(Stress),
    /// The process that a stress test kills.
    #[command(hide = true)]
    StressWorker(StressWorker),
}

#[derive(Args, Debug)]
pub(crate) struct Issue {
    /// The account that the code is for.
    #[arg(long, value_name = "NAME")]
    pub(crate) account: AccountId,
    /// The device profile that the code opens.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: ProfileId,
    #[command(flatten)]
    pub(crate) binding: BindingArguments,
    #[command(flatten)]
    pub(crate) terms: Terms,
    /// Draw the code as a QR code in the terminal too.
    #[arg(long)]
    pub(crate) qr: bool,
}

/// What may redeem a code.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct BindingArguments {
    /// The device with this MAC address only.
    #[arg(long, value_name = "MAC")]
    pub(crate) mac: Option<MacAddress>,
    /// A device of this model; given several times, of any of these.
    #[arg(long, value_name = "MODEL", value_parser = DeviceModel::new)]
    pub(crate) model: Vec<DeviceModel>,
}

/// How codes are issued.
#[derive(Args, Debug)]
pub(crate) struct Terms {
    /// How the code is redeemed.
    #[arg(long, value_enum, default_value = "broadworks")]
    pub(crate) mode: Mode,
    /// The domain of the edge that the device is told, for --mode remote-access.
    #[arg(long, value_name = "DOMAIN", required_if_eq("mode", "remote-access"))]
    pub(crate) service_domain: Option<ServiceDomain>,
    /// How many hours the code lives, 1 to 8784.
    #[arg(long, value_name = "HOURS", default_value_t = 168)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=8_784))]
    pub(crate) ttl: u16,
    /// Draw codes whose last digit is a check digit (Damm).
    #[arg(long)]
    pub(crate) check_digit: bool,
    /// Keep no sealed copy: the code is seen this once, and nobody reads it again.
    #[arg(long)]
    pub(crate) no_copy: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Mode {
    /// By the activation service.
    Broadworks,
    /// Together with the maker's certificate.
    OnPremises,
    /// At the cloud activation service, which names the service domain.
    RemoteAccess,
}

#[derive(Args, Debug)]
pub(crate) struct Redeem {
    /// The code; - reads it from standard input, where no other user of the machine sees it.
    #[arg(value_name = "CODE")]
    pub(crate) code: String,
    /// The device's MAC address.
    #[arg(long, value_name = "MAC")]
    pub(crate) mac: Option<MacAddress>,
    /// The device's model.
    #[arg(long, value_name = "MODEL", value_parser = DeviceModel::new)]
    pub(crate) model: Option<DeviceModel>,
    /// The public key (`SubjectPublicKeyInfo`, PEM or DER) of the certificate that the device has
    /// proved to hold.
    #[arg(long, value_name = "FILE", conflicts_with = "redemption_key")]
    pub(crate) public_key: Option<PathBuf>,
    /// The redemption key of a device without certificate, 64 hexadecimal digits; drawn and
    /// printed where neither is given.
    #[arg(long, value_name = "KEY")]
    pub(crate) redemption_key: Option<String>,
}

/// Which code.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct Which {
    /// The id of the code.
    #[arg(value_name = "ID", value_parser = code_id)]
    pub(crate) id: Option<CodeId>,
    /// The device profile that the code opens.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<ProfileId>,
}

#[derive(Args, Debug)]
pub(crate) struct Reissue {
    #[command(flatten)]
    pub(crate) which: Which,
    /// How many hours the new code lives, 1 to 8784.
    #[arg(long, value_name = "HOURS", default_value_t = 168)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=8_784))]
    pub(crate) ttl: u16,
    /// Draw a code whose last digit is a check digit (Damm).
    #[arg(long)]
    pub(crate) check_digit: bool,
    /// Keep no sealed copy: the code is seen this once, and nobody reads it again.
    #[arg(long)]
    pub(crate) no_copy: bool,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Show the codes too, from their sealed copies.
    #[arg(long)]
    pub(crate) codes: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Import {
    /// The CSV file, in UTF-8; - for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) terms: Terms,
    /// Check the file and issue nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Export {
    /// Whose columns.
    #[arg(long, value_enum)]
    pub(crate) dialect: Dialect,
    /// Write into this file, which must not exist, instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Dialect {
    /// The columns of the BroadWorks list of device activations.
    Broadworks,
    /// The names of Unified CM's administration interface (AXL).
    Axl,
    /// The columns of Unified CM's bulk administration.
    Bat,
}

#[derive(Args, Debug)]
pub(crate) struct Qr {
    #[command(flatten)]
    pub(crate) which: Which,
    /// As what to draw it.
    #[arg(long, value_enum, default_value = "terminal")]
    pub(crate) format: Picture,
    /// Write into this file, which must not exist, instead of standard output.
    #[arg(long, value_name = "FILE", required_if_eq("format", "png"))]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Picture {
    /// Half blocks for a dark terminal.
    Terminal,
    /// A vector drawing.
    Svg,
    /// A picture for mails and labels.
    Png,
}

#[derive(Args, Debug)]
pub(crate) struct Stress {
    /// How many workers race; each code is tried by four of them or more.
    #[arg(long, value_name = "N", default_value_t = 64)]
    #[arg(value_parser = clap::value_parser!(u16).range(4..=4_096))]
    pub(crate) workers: u16,
    /// How many codes they race for.
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) codes: u32,
    /// Let the workers run in a process of their own, and kill it (SIGKILL) so many times.
    #[arg(long, value_name = "ROUNDS")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) kill: Option<u16>,
}

#[derive(Args, Debug)]
pub(crate) struct StressWorker {
    #[arg(long)]
    pub(crate) workers: u16,
}

/// The exit status where a store or a file failed.
pub(crate) const FAILED: u8 = 3;

/// The environment variable in place of `--store`.
pub(crate) const STORE: &str = "OFFHOOK_STORE";

fn code_id(text: &str) -> Result<CodeId, uuid::Error> {
    text.parse::<Uuid>().map(CodeId::from_uuid)
}

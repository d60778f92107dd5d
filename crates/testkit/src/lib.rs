#![doc = include_str!("../README.md")]

mod admin;
mod admission;
mod authority;
mod bridge;
mod clock;
mod dns;
mod driver;
mod edge;
mod fault;
mod issuer;
mod registrar;
mod sample;
mod scenario;
mod server;
mod user_agent;
mod witness;
mod world;

pub use admin::AdminClient;
pub use admission::HttpAdmission;
pub use authority::{CertificateAuthority, DeviceSubject, credentials_pem, pem};
pub use bridge::DmBridgeServer;
pub use clock::ShiftedClock;
pub use dns::DnsServer;
pub use driver::{Driver, KeptToken, StepDone};
pub use edge::{EdgeServer, InsideServer};
pub use fault::{Fault, show_fault};
pub use issuer::{ClientCredentials, Issuer};
pub use registrar::{Admission, Registrar, RegistrarSettings};
pub use sample::{
    SampleDevice, mpp_archive, mpp_by_proxy_archive, room_os_archive, sample_archives,
    unified_cm_archive,
};
pub use scenario::{PhoneBy, onboard_mpp, onboard_room_os};
pub use server::TlsServer;
pub use user_agent::{Registered, UserAgent};
pub use witness::Witness;
pub use world::{
    AUDIENCE, Codes, DOMAIN, EDGE_DOMAIN, ISSUER, IdentityFrom, KEY_ID, TOKEN_LIFETIME, World,
    WorldOptions, Zone,
};

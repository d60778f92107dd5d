//! Authentication strings of the certificate authority proxy function.

mod operation;
mod store;
mod string;
mod table;

pub use operation::{CapfAttempt, CapfDevice, CapfDeviceType, CapfMode, CapfOperation};
pub use store::CapfStore;
pub use string::AuthenticationString;
pub use table::CapfTable;

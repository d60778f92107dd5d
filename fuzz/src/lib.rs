//! What several fuzz targets need: certificates to change, and slow readers of headers to compare.

pub mod certificate;
pub mod header;

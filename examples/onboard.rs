//! Both onboarding flows on loopback.

fn main() {}

//! avatar
fn main() {}

//! What the module writes into nginx's error log.

use avatar_tests::Nginx;

/// The number after `name: ` in the line of session `id` that contains `event`.
pub(crate) fn number(nginx: &Nginx, id: &str, event: &str, name: &str) -> Option<f64> {
    let log = nginx.error_log();
    let line = log
        .lines()
        .find(|line| line.contains(id) && line.contains(event))?;
    let value = line.split(&format!("{name}: ")).nth(1)?;
    value.split([',', ' ']).next()?.parse().ok()
}

//! The figures of the README: whole processes, a real nginx, medians.
//!
//! `cargo run --release -p avatar-tests --bin bench [name…]` runs those named, or all.

mod audio;
mod browser;
mod capacity;
mod driven;
mod edge;
mod engines;
mod held;
mod latency;
mod length;
mod log;
mod reload;
mod serving;
mod speech;
mod speed;
mod stills;
mod text;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let measurements: [(&str, fn()); 23] = [
        ("latency", latency::measure),
        ("engines", engines::measure),
        ("speed", speed::measure),
        ("capacity", capacity::sessions_at_once),
        ("memory", capacity::memory),
        ("serving", serving::measure),
        ("speech", speech::measure),
        ("reload", reload::measure),
        ("interrupt", reload::interrupt),
        ("held", held::measure),
        ("edge", edge::measure),
        ("length", length::measure),
        ("audio-latency", audio::latency),
        ("audio-speed", audio::speed),
        ("audio-capacity", audio::sessions_at_once),
        ("audio-memory", audio::memory),
        ("audio-chapter", audio::chapter),
        ("driven-init", driven::init),
        ("driven-feed", driven::feed),
        ("driven-memory", driven::memory),
        ("stills-latency", stills::latency),
        ("stills-capacity", stills::capacity),
        ("browser", browser::measure),
    ];
    println!("{:<44} {:>12}", "what", "measured");
    for (name, measure) in measurements {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            measure();
        }
    }
}

/// One line of the table.
fn report(what: &str, measured: impl std::fmt::Display) {
    println!("{what:<44} {measured:>12}");
}

/// The middle of `values`.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

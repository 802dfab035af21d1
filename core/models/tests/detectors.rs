//! The networks that find and tell apart faces, filled from names, against figures of the original implementations.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test reports what went wrong by panicking"
)]

use avatar_models::detect::S3fd;
use avatar_models::parse::Bisenet;
use avatar_models::pose::Rtmpose;
use avatar_models::weights::{Filler, Weights, ramp};
use tch::{Device, Kind, Tensor, no_grad};

fn named() -> Weights {
    Weights::named(Filler::default(), Device::Cpu, Kind::Float)
}

/// Mean, population standard deviation and elements 0, n/2 and n−1.
fn figures(output: &Tensor) -> [f64; 5] {
    let flat = output.to_kind(Kind::Double).flatten(0, -1);
    let count = flat.size()[0];
    [
        flat.mean(Kind::Double).double_value(&[]),
        flat.std(false).double_value(&[]),
        flat.double_value(&[0]),
        flat.double_value(&[count / 2]),
        flat.double_value(&[count - 1]),
    ]
}

fn check(output: &Tensor, expected: &[f64]) {
    let found = figures(output);
    println!("{found:.6?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() < 2e-6,
            "{found} and not {expected}"
        );
    }
}

#[test]
fn s3fd() {
    let weights = named();
    let network = S3fd::new(&weights.root()).unwrap();
    let picture = ramp("in:img", &[1, 3, 128, 160], 0.0, 100.0);
    let levels = no_grad(|| network.forward(&picture)).unwrap();
    assert_eq!(levels[3].confidence.size(), [1, 2, 8, 9]);
    check(
        &levels[0].confidence,
        &[0.117538, 0.026052, 0.128256, 0.032038, 0.059769],
    );
    check(
        &levels[3].confidence,
        &[-0.209563, 0.348456, 0.041017, 0.052531, -0.114299],
    );
}

#[test]
fn bisenet() {
    let weights = named();
    let network = Bisenet::new(&weights.root()).unwrap();
    let picture = ramp("in:img", &[1, 3, 512, 512], 0.0, 2.0);
    let logits = no_grad(|| network.forward(&picture)).unwrap();
    check(
        &logits,
        &[0.309624, 2.537634, -0.305660, -1.230130, -0.333430],
    );
}

#[test]
fn rtmpose() {
    let weights = named();
    let network = Rtmpose::new(&weights.root()).unwrap();
    let picture = ramp("in:img", &[1, 3, 384, 288], 0.0, 2.0);
    let features = no_grad(|| network.features(&picture)).unwrap();
    check(
        &features,
        &[0.001311, 0.044081, 0.028266, 0.016030, 0.024452],
    );
    let logits = no_grad(|| network.logits(&features)).unwrap();
    check(&logits.x, &[-0.001058, 0.966581]);
    check(&logits.y, &[-0.002435, 0.964691]);
}

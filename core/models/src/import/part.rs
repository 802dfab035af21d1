//! The files that are imported.

use std::collections::BTreeMap;

use super::names::{self, Role};

/// The tensors that a network asks for, with shapes.
pub(super) type Schema = BTreeMap<String, Vec<i64>>;

/// A text beside weights: what it is called there, and here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Companion {
    pub(super) source: &'static str,
    pub(super) target: &'static str,
}

/// One network's file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// What it is called here.
    pub(super) target: &'static str,
    /// What it may be called there, the usual first.
    pub(super) sources: &'static [&'static str],
    /// What its tensors look like.
    pub(super) looks: &'static str,
    /// Whether the server needs it, and not only preparation.
    pub(super) required: bool,
    /// What tells the network's sizes, where they may differ.
    pub(super) configuration: Option<Companion>,
    /// What else is taken along.
    pub(super) companion: Option<Companion>,
    /// The dictionaries that the network's may lie in.
    pub(super) roots: &'static [&'static str],
    /// What its tensors are called here.
    pub(super) role: fn(&str) -> Role,
    /// Whether a tensor of this name may have been kept as a convolution of single pixels.
    pub(super) pointwise: fn(&str) -> bool,
    /// What the network asks for, given its configuration.
    pub(super) schema: fn(&str) -> Result<Schema, String>,
}

/// Checkpoints of training keep the network in a dictionary beside others.
const CHECKPOINT: &[&str] = &["", "state_dict.", "model.", "state_dict.model."];

fn never(_: &str) -> bool {
    false
}

/// All of them.
pub(super) const PARTS: [Part; 0] = [];

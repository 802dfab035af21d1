//! Whether the tensors of a file are those of a network.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::Dtype;

use super::container::{Container, Stored};
use super::names::{self, Role};
use super::part::{Part, Schema};
use super::{ImportError, Misfit};

/// The dictionaries that a network's tensors may lie in, the plainest first: checkpoints of training keep others beside it.
const ROOTS: [&str; 4] = ["", "state_dict.", "model.", "state_dict.model."];

/// A tensor of a file that is one of the network.
#[derive(Debug)]
pub(super) struct Fitted {
    /// Its name in the network.
    pub(super) name: String,
    /// Its shape there, of as many elements as in the file.
    pub(super) shape: Vec<usize>,
    /// Where its elements are.
    pub(super) stored: Stored,
}

impl Fitted {
    /// How many bytes its elements are.
    pub(super) fn bytes(&self) -> usize {
        self.shape.iter().product::<usize>() * (self.stored.kind.bitsize() / 8)
    }
}

/// The tensors of the network, each once, by name.
///
/// # Errors
///
/// [`ImportError::Misfit`] with everything that does not fit.
pub(super) fn fit(
    part: &Part,
    file: &Path,
    container: Container,
    schema: &Schema,
) -> Result<Vec<Fitted>, ImportError> {
    let root = root(part, &container, schema);
    let looks = names::looks(container.tensors.keys());
    let mut misfits = Vec::new();
    let mut originals = BTreeMap::new();
    let mut fitted = Vec::new();
    for (original, stored) in container.tensors {
        let Some(Role::Ours(name)) = original.strip_prefix(root).map(part.role) else {
            continue;
        };
        if let Some(other) = originals.insert(name.clone(), original.clone()) {
            let name = original;
            misfits.push(Misfit::Twice { name, other });
            continue;
        }
        match one(part, original, name, stored, schema) {
            Ok(tensor) => fitted.push(tensor),
            Err(misfit) => misfits.push(misfit),
        }
    }
    let missing = schema
        .iter()
        .filter(|(name, _)| !originals.contains_key(*name))
        .map(|(name, expected)| Misfit::Missing {
            name: name.clone(),
            expected: expected.clone(),
        });
    misfits.extend(missing);
    if misfits.is_empty() {
        return Ok(fitted);
    }
    Err(ImportError::Misfit {
        file: file.to_owned(),
        misfits,
        looks: looks.filter(|looks| !part.looks.iter().any(|own| looks.starts_with(own))),
    })
}

/// The dictionary in which most of the network's tensors lie.
fn root(part: &Part, container: &Container, schema: &Schema) -> &'static str {
    let ours = |root: &str| {
        let names = container.tensors.keys();
        let roles = names.filter_map(|name| name.strip_prefix(root).map(part.role));
        roles
            .filter(|role| matches!(role, Role::Ours(name) if schema.contains_key(name)))
            .count()
    };
    // `max_by_key` takes the last of equals: here the plainest.
    ROOTS
        .into_iter()
        .rev()
        .max_by_key(|root| ours(root))
        .unwrap_or_default()
}

fn one(
    part: &Part,
    original: String,
    name: String,
    stored: Stored,
    schema: &Schema,
) -> Result<Fitted, Misfit> {
    let Some(expected) = schema.get(&name) else {
        return Err(Misfit::Unknown { name: original });
    };
    let Some(shape) = shape(&stored.shape, expected, (part.pointwise)(&name)) else {
        return Err(Misfit::Shape {
            name: original,
            expected: expected.clone(),
            found: stored.shape,
        });
    };
    if !matches!(
        stored.kind,
        Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64
    ) {
        return Err(Misfit::Kind {
            name: original,
            found: stored.kind.to_string(),
        });
    }
    Ok(Fitted {
        name,
        shape,
        stored,
    })
}

/// The shape that the network expects, if what was found can be taken for it.
fn shape(found: &[usize], expected: &[i64], pointwise: bool) -> Option<Vec<usize>> {
    let expected = expected
        .iter()
        .map(|side| usize::try_from(*side).ok())
        .collect::<Option<Vec<_>>>()?;
    let found = match found {
        [outputs, inputs, 1, 1] if pointwise && expected.len() == 2 => &[*outputs, *inputs],
        found => found,
    };
    (found == expected).then_some(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_pointwise_is_taken_for_linear() {
        assert_eq!(shape(&[4, 3, 1, 1], &[4, 3], true), Some(vec![4, 3]));
        assert_eq!(shape(&[4, 3], &[4, 3], true), Some(vec![4, 3]));
        assert_eq!(shape(&[4, 3, 1, 1], &[4, 3], false), None);
        assert_eq!(shape(&[4, 3, 3, 1], &[4, 3], true), None);
        assert_eq!(shape(&[3, 4, 1, 1], &[4, 3], true), None);
        assert_eq!(
            shape(&[4, 3, 1, 1], &[4, 3, 1, 1], true),
            Some(vec![4, 3, 1, 1])
        );
    }
}

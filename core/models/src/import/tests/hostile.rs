//! Files that mean harm.

use std::process::Command;

use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_assert, proptest};
use proptest::sample::Index;

use super::original::{Original, Value};
use super::{Container, Dtype, PART, Setup, fitting, safetensors, schema};
use crate::import::fit::fit;

#[test]
fn nothing_in_a_pickle_is_called() {
    let mut original = Original::flat(fitting());
    let mark = tempfile::tempdir().unwrap().path().join("called");
    let command = Value::Text(format!("touch {}", mark.display()));
    let Value::Ordered(entries) = &mut original.root else {
        panic!();
    };
    entries.push((
        "note".to_owned(),
        Value::Call("os", "system", vec![command.clone()]),
    ));
    for file in [original.zip(), original.legacy()] {
        // An object beside the tensors is none of ours.
        Setup::new(&file).import().unwrap();
    }
    let Value::Ordered(entries) = &mut original.root else {
        panic!();
    };
    entries[1].1 = Value::Call("os", "system", vec![command]);
    let error = Setup::new(&original.zip()).refused();
    assert!(
        error.contains("there is no tensor \"first.bias\""),
        "{error}"
    );
    assert!(!mark.exists());
}

#[test]
fn a_tensor_larger_than_its_file_is_not_made() {
    // A view of one element, told four thousand million times.
    let side = 1 << 16;
    let mut original = Original::flat(fitting());
    let Value::Ordered(entries) = &mut original.root else {
        panic!();
    };
    let Value::Tensor(view) = &mut entries[0].1 else {
        panic!();
    };
    view.shape = vec![side, side];
    view.stride = vec![0, 0];
    for file in [original.zip(), original.legacy()] {
        let error = Setup::new(&file).refused();
        assert!(
            error.contains("limit") || error.contains("must be [2, 3]"),
            "{error}"
        );
    }
}

/// Set where the test has a process of its own, whose memory is nobody else's.
const ALONE: &str = "DAMAGED_FILES_ALONE";

/// The bytes of this process, used or only asked for, at their most so far.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmPeak:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        << 10
}

fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let mut tensors = fitting();
    tensors.push(("training.weight", Dtype::I64, &[1], vec![0; 8]));
    let original = Original::flat(tensors);
    let files = vec![original.zip(), original.legacy(), safetensors(fitting())];
    let changes = prop::collection::vec((any::<Index>(), any::<u8>()), 1..6);
    let cut = prop::option::weighted(0.2, any::<Index>());
    (prop::sample::select(files), changes, cut).prop_map(|(mut file, changes, cut)| {
        for (index, byte) in changes {
            let index = index.index(file.len());
            file[index] = byte;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        file
    })
}

#[test]
fn a_damaged_file_is_read_or_refused_and_takes_no_memory_for_it() {
    let name =
        "import::tests::hostile::a_damaged_file_is_read_or_refused_and_takes_no_memory_for_it";
    if std::env::var_os(ALONE).is_none() {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name])
            .env(ALONE, "")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && text.contains("1 passed"),
            "{text}"
        );
        return;
    }
    let config = ProptestConfig {
        cases: 1000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("net.pth");
    let before = peak();
    proptest!(config, |(file in damaged())| {
        std::fs::write(&path, &file).unwrap();
        let container = Container::open(&path);
        let fitted = container.and_then(|container| fit(&PART, &path, container, &schema()));
        for tensor in fitted.unwrap_or_default() {
            let _ = tensor.stored.read();
        }
        prop_assert!(peak() - before < 256 << 20);
    });
}

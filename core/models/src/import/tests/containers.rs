//! What is in a file comes out as it is, whatever holds it.

use super::*;

#[test]
fn every_container_gives_the_same() {
    let original = Original::flat(fitting());
    for file in [original.zip(), original.legacy(), safetensors(fitting())] {
        let setup = Setup::new(&file);
        setup.import().unwrap();
        assert_eq!(setup.imported("net.safetensors"), expected());
    }
}

#[test]
fn kinds_and_views_stay_what_they_are() {
    let original = Original {
        storages: vec![
            (Dtype::F16, (0..20u16).flat_map(u16::to_le_bytes).collect()),
            (
                Dtype::BF16,
                (100..108u16).flat_map(u16::to_le_bytes).collect(),
            ),
            (
                Dtype::F64,
                [1f64, 2., 3., 4.]
                    .into_iter()
                    .flat_map(f64::to_le_bytes)
                    .collect(),
            ),
        ],
        root: Value::Dictionary(vec![
            // Transposed, from the middle of a storage.
            (
                "first.weight".to_owned(),
                Value::Tensor(View {
                    storage: 0,
                    offset: 5,
                    shape: vec![2, 3],
                    stride: vec![1, 2],
                }),
            ),
            // One value, told twice.
            (
                "first.bias".to_owned(),
                Value::Parameter(View {
                    storage: 1,
                    offset: 3,
                    shape: vec![2],
                    stride: vec![0],
                }),
            ),
            (
                "second.attentions.weight".to_owned(),
                Value::Tensor(View::whole(2, &[2, 2])),
            ),
        ]),
    };
    for file in [original.zip(), original.legacy()] {
        let setup = Setup::new(&file);
        setup.import().unwrap();
        let words = |words: &[u16]| -> Vec<u8> {
            words.iter().flat_map(|word| word.to_le_bytes()).collect()
        };
        let [bias, first, second] = &setup.imported("net.safetensors")[..] else {
            panic!()
        };
        assert_eq!((bias.1, &bias.3), (Dtype::BF16, &words(&[103, 103])));
        assert_eq!(
            (first.1, &first.3),
            (Dtype::F16, &words(&[5, 7, 9, 6, 8, 10]))
        );
        assert_eq!((second.1, second.3.len()), (Dtype::F64, 32));
    }
}

#[test]
fn tied_weights_come_twice() {
    let mut original = Original::flat(fitting());
    let Value::Ordered(entries) = &mut original.root else {
        panic!()
    };
    entries[2].1 = Value::Tensor(View {
        storage: 0,
        offset: 1,
        shape: vec![2, 2],
        stride: vec![2, 1],
    });
    original.storages.pop();
    let setup = Setup::new(&original.legacy());
    setup.import().unwrap();
    assert_eq!(
        setup.imported("net.safetensors")[2].3,
        floats(&[2., 3., 4., 5.])
    );
}

#[test]
fn a_checkpoint_of_training_has_the_network_in_it() {
    let mut original = Original::flat(fitting());
    let moment = Value::Tensor(View::whole(0, &[2, 3]));
    let history = Value::Call(
        "mmengine.logging.history_buffer",
        "HistoryBuffer",
        vec![Value::Number(7)],
    );
    original.root = Value::Dictionary(vec![
        ("epoch".to_owned(), Value::Number(420)),
        (
            "meta".to_owned(),
            Value::Dictionary(vec![("history".to_owned(), history)]),
        ),
        ("state_dict".to_owned(), original.root),
        (
            "optimizer_states".to_owned(),
            Value::Dictionary(vec![("exp_avg".to_owned(), moment)]),
        ),
        (
            "callbacks".to_owned(),
            Value::Tuple(vec![Value::None, Value::Text("none".to_owned())]),
        ),
    ]);
    for file in [original.zip(), original.legacy()] {
        let setup = Setup::new(&file);
        setup.import().unwrap();
        assert_eq!(setup.imported("net.safetensors"), expected());
    }
}

#[test]
fn older_names_and_shapes_are_understood_where_they_are_known() {
    let mut tensors = fitting();
    tensors[2].0 = "second.old_attentions.weight";
    tensors[2].2 = &[2, 2, 1, 1];
    tensors.push(("training.weight", Dtype::I64, &[1], vec![0; 8]));
    let setup = Setup::new(&Original::flat(tensors).legacy());
    setup.import().unwrap();
    assert_eq!(setup.imported("net.safetensors"), expected());
}

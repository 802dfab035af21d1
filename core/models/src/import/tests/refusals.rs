//! What does not fit is refused by name, and what is given up leaves nothing.

use super::*;

#[test]
fn whatever_does_not_fit_is_named() {
    let setup = Setup::new(
        &Original::flat([
            ("first.weight", Dtype::F32, &[3, 2][..], vec![0; 24]),
            ("second.attentions.weight", Dtype::I64, &[2, 2], vec![0; 32]),
            (
                "second.old_attentions.weight",
                Dtype::F32,
                &[2, 2],
                vec![0; 16],
            ),
            ("third.weight", Dtype::F32, &[1], vec![0; 4]),
        ])
        .zip(),
    );
    assert_eq!(
        setup.refused(),
        "/original/net/net.pth does not fit: tensor \"first.weight\" is [3, 2], and must be [2, 3]; \
         tensor \"second.attentions.weight\" is of I64, and must be of floating-point numbers; \
         both \"second.old_attentions.weight\" and \"second.attentions.weight\" are the same tensor; \
         nothing of the network is called \"third.weight\"; \
         there is no tensor \"first.bias\", which must be [2]"
    );
}

#[test]
fn a_file_in_another_s_place_is_recognised() {
    for (name, looks) in [
        (
            "gen.dense_feature_encoder.down_block_0.conv1.weight",
            "the renderer of IMTalker, version 2",
        ),
        (
            "state_dict.gen.dense_feature_encoder.final_linear.weight",
            "the renderer of IMTalker, version 1",
        ),
        (
            "model.fmt.pos_embed",
            "the generator of IMTalker, version 1",
        ),
        ("model.encoder.layers.0.self_attn.q_proj.weight", "Whisper"),
        ("time_embedding.linear_1.weight", "a UNet of diffusers"),
    ] {
        let file = Original::flat([(name, Dtype::F32, &[1][..], vec![0; 4])]).zip();
        let error = Setup::new(&file).refused();
        assert!(
            error.ends_with(&format!("(it looks like {looks})")),
            "{error}"
        );
    }
}

#[test]
fn another_model_s_directory_is_refused_by_name() {
    let setup = Setup::new(b"");
    fs::remove_dir_all(setup.source().join("net")).unwrap();
    assert!(
        setup
            .refused()
            .contains("has none of net/net.pth, net/net.bin")
    );
    setup.write("models/musetalk/pytorch_model.bin", b"");
    let error = setup.refused();
    assert!(error.contains("holds MuseTalk 1.0,"), "{error}");
}

#[test]
fn files_that_are_cut_short_or_no_weights_at_all_are_refused() {
    let original = Original::flat(fitting());
    let plain = safetensors(fitting());
    for file in [original.zip(), original.legacy(), plain] {
        for length in [0, 7, 30, file.len() / 2, file.len() - 1] {
            let error = Setup::new(&file[..length]).refused();
            assert!(
                error.starts_with("/original/net/net.pth "),
                "{length}: {error}"
            );
        }
    }
    assert!(
        Setup::new(b"version https://git-lfs.github.com/spec/v1\n")
            .refused()
            .contains("cannot be understood")
    );
}

#[test]
fn a_configuration_is_needed_and_read() {
    let file = Original::flat(fitting()).zip();
    let setup = Setup::new(&file);
    fs::remove_file(setup.source().join("net/config.json")).unwrap();
    assert_eq!(setup.refused(), "/original/net has none of config.json");
    setup.write("net/config.json", b"{");
    assert!(
        setup
            .refused()
            .starts_with("/original/net/config.json cannot be understood: EOF")
    );
    setup.write("net/config.json", b"[]");
    assert_eq!(
        setup.refused(),
        "/original/net/config.json cannot be understood: it is not empty"
    );
}

#[test]
fn a_target_with_something_in_it_stays_as_it_is() {
    let setup = Setup::new(&Original::flat(fitting()).zip());
    fs::create_dir(setup.target()).unwrap();
    setup.import().unwrap();
    let before = fs::read(setup.target().join("manifest.json")).unwrap();
    assert!(matches!(setup.import(), Err(ImportError::Exists(_))));
    assert_eq!(
        fs::read(setup.target().join("manifest.json")).unwrap(),
        before
    );
}

#[test]
fn it_can_be_broken_off_at_every_step() {
    let setup = Setup::new(&Original::flat(fitting()).zip());
    let told = Cell::new(0);
    let import = |most: usize| {
        told.set(0);
        let mut progress = |_: &str, done: u64, total: u64| {
            assert!(done <= total);
            told.set(told.get() + 1);
            if told.get() > most {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        run(&[PART], &setup.source(), &setup.target(), &mut progress)
    };
    for most in 0..4 {
        assert!(matches!(import(most), Err(ImportError::Cancelled)));
        assert!(!setup.target().exists());
    }
    import(4).unwrap();
    assert_eq!(told.get(), 4);
}

//! What tensors of original files are called here.

/// What a tensor of an original file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// The network's tensor of this name.
    Ours(String),
    /// Nothing that is needed to run the network.
    Ballast,
}

/// MuseTalk's UNet: diffusers' names, which are ours.
pub(super) fn unet(name: &str) -> Role {
    Role::Ours(name.to_owned())
}

/// Stable Diffusion's VAE: diffusers' names, where attention had others before its version 0.17.
pub(super) fn vae(name: &str) -> Role {
    if !name.contains(".attentions.") {
        return Role::Ours(name.to_owned());
    }
    let renamed = [
        (".query.", ".to_q."),
        (".key.", ".to_k."),
        (".value.", ".to_v."),
        (".proj_attn.", ".to_out.0."),
    ]
    .iter()
    .fold(name.to_owned(), |name, (old, new)| name.replace(old, new));
    Role::Ours(renamed)
}

/// Whether a tensor of the VAE may have been kept as a convolution of single pixels, which older files have for attention.
pub(super) fn is_pointwise(name: &str) -> bool {
    name.contains(".attentions.") && name.ends_with(".weight")
}

/// Whisper: transformers' names. The decoder is not needed.
pub(super) fn whisper(name: &str) -> Role {
    let name = name.strip_prefix("model.").unwrap_or(name);
    if name.starts_with("decoder.") || name == "proj_out.weight" {
        return Role::Ballast;
    }
    Role::Ours(name.strip_prefix("encoder.").unwrap_or(name).to_owned())
}

/// S3FD: its authors' names, which are ours.
pub(super) fn s3fd(name: &str) -> Role {
    Role::Ours(name.to_owned())
}

/// DWPose: mmpose's names, without counters of training and what normalises pictures.
pub(super) fn dwpose(name: &str) -> Role {
    if name.starts_with("data_preprocessor.") {
        return Role::Ballast;
    }
    without_counters(name)
}

/// BiSeNet: its authors' names. Two heads are for training only.
pub(super) fn bisenet(name: &str) -> Role {
    if name.starts_with("conv_out16.") || name.starts_with("conv_out32.") {
        return Role::Ballast;
    }
    without_counters(name)
}

/// What a network of IMTalker is called within its checkpoint, and whether it lay in `dictionary`, where everything is the network's.
fn within<'a>(name: &'a str, dictionary: &str) -> (&'a str, bool) {
    match name.strip_prefix(dictionary) {
        Some(name) => (name, true),
        None => (name, false),
    }
}

fn begins(name: &str, parts: &[&str]) -> bool {
    parts.iter().any(|part| name.starts_with(part))
}

/// IMTalker's renderer: its authors' names. Beside it lie the networks that judged it, and in it what can be computed: kernels that
/// blur, masks, indices; noise that is not used, and a convolution that never was.
pub(super) fn renderer(name: &str) -> Role {
    const PARTS: [&str; 5] = [
        "dense_feature_encoder.",
        "latent_token_encoder.",
        "latent_token_decoder.",
        "frame_decoder.",
        "imt.",
    ];
    const COMPUTED: [&str; 4] = [
        ".kernel",
        ".noise.weight",
        ".relative_position_index",
        ".attn_mask",
    ];
    let (name, own) = within(name, "gen.");
    if !own && !begins(name, &PARTS) && !name.starts_with("adapt.")
        || COMPUTED.iter().any(|end| name.ends_with(end))
        || name.starts_with("dense_feature_encoder.equalconv.")
    {
        return Role::Ballast;
    }
    without_counters(name)
}

/// IMTalker's generator: its authors' names, without the ear it was trained with and without tables that can be computed.
pub(super) fn generator(name: &str) -> Role {
    const PARTS: [&str; 5] = [
        "fmt.",
        "audio_projection.",
        "gaze_projection.",
        "pose_projection.",
        "cam_projection.",
    ];
    const COMPUTED: [&str; 3] = ["fmt.pos_embed", "fmt.alignment_mask", "fmt.rotary_emb."];
    let (name, own) = within(name, "model.");
    if !own && !begins(name, &PARTS)
        || begins(name, &COMPUTED)
        || name.starts_with("audio_encoder.")
    {
        return Role::Ballast;
    }
    Role::Ours(name.to_owned())
}

/// wav2vec2: transformers' names, also those of the newer way to keep a normalised weight. Heads and what masks are not needed.
pub(super) fn wav2vec(name: &str) -> Role {
    const PARTS: [&str; 3] = ["feature_extractor.", "feature_projection.", "encoder."];
    let (name, _) = within(name, "model.");
    let (name, _) = within(name, "audio_encoder.");
    let (name, own) = within(name, "wav2vec2.");
    if !own && !begins(name, &PARTS) || name == "masked_spec_embed" {
        return Role::Ballast;
    }
    let renamed = [
        (".parametrizations.weight.original0", ".weight_g"),
        (".parametrizations.weight.original1", ".weight_v"),
    ]
    .iter()
    .fold(name.to_owned(), |name, (new, old)| name.replace(new, old));
    Role::Ours(renamed)
}

/// Batch normalisation counts the batches it was trained with.
fn without_counters(name: &str) -> Role {
    if name.ends_with(".num_batches_tracked") {
        Role::Ballast
    } else {
        Role::Ours(name.to_owned())
    }
}

/// What a file with tensors of these names seems to hold, for whoever has put one in another's place.
pub(super) fn looks<'a>(names: impl Iterator<Item = &'a String> + Clone) -> Option<&'static str> {
    // The order matters: some contain whole others.
    [
        (
            "gen.dense_feature_encoder.down_block_0.",
            "the renderer of IMTalker, version 2",
        ),
        (
            "gen.dense_feature_encoder.",
            "the renderer of IMTalker, version 1",
        ),
        (
            "model.fmt.pos_embed",
            "the generator of IMTalker, version 1",
        ),
        ("model.fmt.", "the generator of IMTalker, version 2"),
        ("feature_extractor.conv_layers.", WAV2VEC),
        ("time_embedding.linear_1.", UNET),
        ("post_quant_conv.", VAE),
        ("encoder.layers.0.self_attn.", WHISPER),
        ("conv3_3_norm_mbox_conf.", S3FD),
        ("backbone.stem.", DWPOSE),
        ("cp.resnet.", BISENET),
    ]
    .into_iter()
    .find(|(part, _)| names.clone().any(|name| name.contains(part)))
    .map(|(_, kind)| kind)
}

/// What [`looks`] calls the UNet of MuseTalk, and any other of diffusers.
pub(super) const UNET: &str = "a UNet of diffusers";
/// What it calls the VAE of Stable Diffusion.
pub(super) const VAE: &str = "a VAE of diffusers";
/// What it calls Whisper.
pub(super) const WHISPER: &str = "Whisper";
/// What it calls the renderer of IMTalker, before the version.
pub(super) const RENDERER: &str = "the renderer of IMTalker";
/// What it calls the generator of IMTalker, before the version.
pub(super) const GENERATOR: &str = "the generator of IMTalker";
/// What it calls wav2vec2.
pub(super) const WAV2VEC: &str = "wav2vec2";
/// What it calls S3FD.
pub(super) const S3FD: &str = "S3FD";
/// What it calls DWPose.
pub(super) const DWPOSE: &str = "DWPose";
/// What it calls BiSeNet.
pub(super) const BISENET: &str = "BiSeNet";

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(name: &str) -> Role {
        Role::Ours(name.to_owned())
    }

    #[test]
    fn old_attention_is_renamed_in_the_vae_only_there() {
        let name = "decoder.mid_block.attentions.0.proj_attn.bias";
        let renamed = "decoder.mid_block.attentions.0.to_out.0.bias";
        assert_eq!(vae(name), ours(renamed));
        assert_eq!(vae(renamed), ours(renamed));
        assert_eq!(vae("encoder.key.weight"), ours("encoder.key.weight"));
    }

    #[test]
    fn only_the_ear_of_whisper_is_taken() {
        for name in [
            "model.encoder.conv1.weight",
            "encoder.conv1.weight",
            "conv1.weight",
        ] {
            assert_eq!(whisper(name), ours("conv1.weight"));
        }
        for name in ["model.decoder.embed_tokens.weight", "proj_out.weight"] {
            assert_eq!(whisper(name), Role::Ballast);
        }
    }

    #[test]
    fn imtalker_is_told_from_what_lies_beside_it() {
        for name in ["gen.adapt.in_layer.weight", "adapt.in_layer.weight"] {
            assert_eq!(renderer(name), ours("adapt.in_layer.weight"));
        }
        assert_eq!(renderer("gen.something.new"), ours("something.new"));
        for name in [
            "disc.convs.0.weight",
            "gen.latent_token_encoder.res_blocks.0.skip.0.kernel",
            "gen.dense_feature_encoder.equalconv.weight",
            "gen.imt.0.norm.num_batches_tracked",
        ] {
            assert_eq!(renderer(name), Role::Ballast);
        }
        assert_eq!(
            generator("model.fmt.c_embedder.bias"),
            ours("fmt.c_embedder.bias")
        );
        for name in [
            "model.fmt.pos_embed",
            "model.audio_encoder.wav2vec2.encoder.layer_norm.bias",
            "ema.fmt.c_embedder.bias",
        ] {
            assert_eq!(generator(name), Role::Ballast);
        }
    }

    #[test]
    fn wav2vec2_has_the_same_names_wherever_it_lies() {
        for name in [
            "model.audio_encoder.wav2vec2.encoder.pos_conv_embed.conv.parametrizations.weight.original1",
            "wav2vec2.encoder.pos_conv_embed.conv.weight_v",
            "encoder.pos_conv_embed.conv.weight_v",
        ] {
            assert_eq!(wav2vec(name), ours("encoder.pos_conv_embed.conv.weight_v"));
        }
        for name in ["lm_head.weight", "wav2vec2.masked_spec_embed"] {
            assert_eq!(wav2vec(name), Role::Ballast);
        }
    }

    #[test]
    fn what_training_leaves_is_dropped() {
        assert_eq!(
            dwpose("backbone.stem.0.bn.num_batches_tracked"),
            Role::Ballast
        );
        assert_eq!(bisenet("conv_out16.conv.conv.weight"), Role::Ballast);
        assert_eq!(
            bisenet("conv_out.conv.conv.weight"),
            ours("conv_out.conv.conv.weight")
        );
        assert_eq!(unet("x.num_batches_tracked"), ours("x.num_batches_tracked"));
    }
}

"""The networks of the original packages at true size, with random weights, and files of them as they are published."""

import json
import pathlib

import diffusers
import torch
import transformers

UNET = {
    "in_channels": 8,
    "out_channels": 4,
    "block_out_channels": [320, 640, 1280, 1280],
    "layers_per_block": 2,
    "down_block_types": ["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"],
    "up_block_types": ["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 3,
    "cross_attention_dim": 384,
    "attention_head_dim": 8,
    "norm_num_groups": 32,
    "norm_eps": 1e-5,
    "act_fn": "silu",
    "flip_sin_to_cos": True,
    "freq_shift": 0,
    "downsample_padding": 1,
    "mid_block_scale_factor": 1,
    "sample_size": 64,
}
VAE = {
    "in_channels": 3,
    "out_channels": 3,
    "block_out_channels": [128, 256, 512, 512],
    "layers_per_block": 2,
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "latent_channels": 4,
    "norm_num_groups": 32,
    "act_fn": "silu",
    "sample_size": 256,
}
WHISPER = {
    "d_model": 384,
    "encoder_layers": 4,
    "encoder_attention_heads": 6,
    "encoder_ffn_dim": 1536,
    "decoder_layers": 4,
    "decoder_attention_heads": 6,
    "decoder_ffn_dim": 1536,
    "num_mel_bins": 80,
    "max_source_positions": 1500,
    "max_target_positions": 448,
    "vocab_size": 51865,
}
# As published: wav2vec2-base-960h has its library's defaults.
WAV2VEC2 = {"vocab_size": 32, "mask_time_prob": 0.05}
SCALE = 0.18215


def randomise(module, seed):
    """Gives every layer a gain of about one, so that an error anywhere is seen at the end."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in sorted(module.state_dict().items()):
        if not tensor.is_floating_point():
            continue
        tensor.uniform_(-1, 1, generator=generator)
        if name.endswith(".bias"):
            tensor.mul_(0.1)
        elif tensor.dim() <= 1:
            tensor.mul_(0.1).add_(1)
        else:
            tensor.mul_((3 * tensor.shape[0] / tensor.numel()) ** 0.5)
    return module.eval().requires_grad_(False)


def build(seed):
    """The UNet, the autoencoder, Whisper, of which only the encoder is run, and wav2vec2."""
    return (
        randomise(diffusers.UNet2DConditionModel(**UNET), seed),
        randomise(diffusers.AutoencoderKL(**VAE), seed + 1),
        randomise(transformers.WhisperModel(transformers.WhisperConfig(**WHISPER)), seed + 2),
        randomise(transformers.Wav2Vec2Model(transformers.Wav2Vec2Config(**WAV2VEC2)), seed + 3),
    )


def old_name(name):
    """A name of the autoencoder's attention as published files still have it."""
    if ".attentions." in name:
        for new, old in ((".to_q.", ".query."), (".to_k.", ".key."), (".to_v.", ".value."), (".to_out.0.", ".proj_attn.")):
            name = name.replace(new, old)
    return name


def hear(wav2vec2, samples):
    """What IMTalker hears: the features of 50 a second are brought to 25 before the transformer."""
    frames = -(-samples.numel() // 640)
    whole = torch.nn.functional.pad(samples[None], (0, frames * 640 - samples.numel()), mode="replicate")
    features = wav2vec2.feature_extractor(whole)
    features = torch.nn.functional.interpolate(features, size=frames, align_corners=True, mode="linear")
    hidden, _ = wav2vec2.feature_projection(features.transpose(1, 2))
    return wav2vec2.encoder(hidden).last_hidden_state


def write(directory, unet, vae, whisper, wav2vec2):
    """Writes files as they are published: a zip, a legacy pickle with older names, and a dictionary within Lightning's."""
    place = pathlib.Path(directory) / "checkpoints" / "wav2vec2-base-960h"
    place.mkdir(parents=True)
    tensors = {f"wav2vec2.{name}": tensor for name, tensor in wav2vec2.state_dict().items()}
    torch.save(tensors | {"lm_head.bias": torch.zeros(32)}, place / "pytorch_model.bin")
    (place / "config.json").write_text(wav2vec2.config.to_json_string())
    models = pathlib.Path(directory) / "models"
    places = {name: models / name for name in ("musetalkV15", "sd-vae", "whisper")}
    for place in places.values():
        place.mkdir(parents=True, exist_ok=True)
    torch.save(unet.state_dict(), places["musetalkV15"] / "unet.pth")
    (places["musetalkV15"] / "musetalk.json").write_text(json.dumps(UNET))
    torch.save(
        {old_name(name): tensor for name, tensor in vae.state_dict().items()},
        places["sd-vae"] / "diffusion_pytorch_model.bin",
        _use_new_zipfile_serialization=False,
    )
    (places["sd-vae"] / "config.json").write_text(json.dumps(VAE))
    torch.save(
        {
            "epoch": 3,
            "global_step": 12,
            "pytorch-lightning_version": "2.1.0",
            "state_dict": {f"model.{name}": tensor for name, tensor in whisper.state_dict().items()},
            "loops": {},
            "hyper_parameters": {"rate": 0.1},
        },
        places["whisper"] / "pytorch_model.bin",
    )
    (places["whisper"] / "config.json").write_text(json.dumps(WHISPER))
    (places["whisper"] / "preprocessor_config.json").write_text(
        json.dumps({"feature_extractor_type": "WhisperFeatureExtractor", "feature_size": 80, "n_fft": 400, "hop_length": 160})
    )

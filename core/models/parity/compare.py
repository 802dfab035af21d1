"""Runs both implementations on the same inputs: how far apart they are, and which is faster."""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import torch
from safetensors.torch import load_file, save_file

import originals

MOST = 1e-3
LEAST = 0.99999


class Rust:
    """The other implementation, in its own process."""

    def __init__(self, program, originals, imported, threads):
        command = [program, originals, imported, str(threads)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"the Rust side ended with {self.process.wait()}")
        return line

    def burnt(self):
        """Seconds of processors that it has used: fields 14 and 15 of stat(5)."""
        text = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
        user, system = text.rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def run(self, *words):
        """The seconds it took."""
        print(*words, file=self.process.stdin, flush=True)
        return float(self.answer())


def inputs(batch):
    generator = torch.Generator().manual_seed(7)
    noise = lambda *shape: torch.randn(shape, generator=generator)
    return {
        "whisper": {"mel": noise(1, 80, 3000)},
        "wav2vec2": {"samples": noise(100_001)},
        "unet": {"latents": noise(batch, 8, 32, 32), "speech": noise(batch, 50, 384)},
        "mean": {"pictures": noise(1, 3, 256, 256).clamp(-1, 1)},
        "decode": {"latents": noise(batch, 4, 32, 32)},
        "face": {"latents": noise(batch, 8, 32, 32), "speech": noise(batch, 50, 384)},
    }


def show(title, row):
    print(f"{title:<12} {row[0]:>10.3f} {row[1]:>10.3f} {row[2]:>14.3f} {row[3]:>10.3f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rust", required=True)
    parser.add_argument("--directory", required=True, type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7, help="how often each side is timed")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_grad_enabled(False)

    work = arguments.directory / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    unet, vae, whisper, wav2vec2 = originals.build(arguments.seed)
    originals.write(work / "originals", unet, vae, whisper, wav2vec2)
    del whisper.decoder
    given = inputs(arguments.batch)
    for name, tensors in given.items():
        save_file(tensors, work / f"{name}.safetensors")

    def face(latents, speech):
        latents = unet(latents, 0, encoder_hidden_states=speech, return_dict=False)[0]
        return (vae.decode(latents / originals.SCALE, return_dict=False)[0],)

    run = {
        "whisper": lambda mel: whisper.encoder(mel, output_hidden_states=True).hidden_states,
        "wav2vec2": lambda samples: (originals.hear(wav2vec2, samples),),
        "unet": lambda latents, speech: unet(latents, 0, encoder_hidden_states=speech, return_dict=False),
        "mean": lambda pictures: (vae.encode(pictures).latent_dist.mean,),
        "decode": lambda latents: vae.decode(latents, return_dict=False),
        "face": face,
    }

    rust = Rust(arguments.rust, work / "originals", work / "imported", arguments.threads)
    shutil.rmtree(work / "originals")
    good = True
    print(f"{'':<20} {'most apart':>12} {'cosine':>12} {'deviation':>12}")
    for name in ("whisper", "wav2vec2", "unet", "mean", "decode"):
        out = work / "out.safetensors"
        rust.run(name, work / f"{name}.safetensors", out)
        outputs = load_file(out)
        for index, expected in enumerate(run[name](**given[name])):
            found = outputs[str(index)]
            apart = (found - expected).abs().max().item()
            cosine = torch.nn.functional.cosine_similarity(
                found.flatten().double(), expected.flatten().double(), dim=0
            ).item()
            passed = apart <= MOST and cosine >= LEAST and found.shape == expected.shape
            good &= passed
            title = f"{name} {index}" if name == "whisper" else name
            print(f"{title:<20} {apart:>12.2e} {cosine:>12.9f} {expected.std().item():>12.4f}{'' if passed else '  NOT EQUAL'}")

    print(f"\nUNet and decoder, batch {arguments.batch}, {arguments.threads} threads: seconds, and those of processors")
    print(f"{'':<12} {'PyTorch':>10} {'Rust':>10} {'PyTorch':>14} {'Rust':>10}")
    rows = []
    for index in range(arguments.rounds + 1):
        wall, burnt = time.perf_counter(), time.process_time()
        run["face"](**given["face"])
        their, their_burnt = time.perf_counter() - wall, time.process_time() - burnt
        burnt = rust.burnt()
        our = rust.run("face", work / "face.safetensors")
        row = their, our, their_burnt, rust.burnt() - burnt
        show("warming up" if index == 0 else index, row)
        if index > 0:
            rows.append(row)
    median = [statistics.median(column) for column in zip(*rows)]
    show("median", median)
    print(f"Rust is {median[0] / median[1]:.3f} times as fast; with {median[3] / median[2]:.3f} of the work")
    shutil.rmtree(work)
    sys.exit(0 if good else "the two implementations differ")


main()

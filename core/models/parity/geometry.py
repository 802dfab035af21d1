#!/usr/bin/env python3
"""What OpenCV and Pillow make of small made-up pictures, for tests/geometry.rs.

    pip install opencv-python-headless==4.9.0.80 'numpy<2' pillow
    python core/models/parity/geometry.py            # compares with geometry.json
    python core/models/parity/geometry.py --write    # writes it

4.9.0.80 is the OpenCV that MuseTalk asks for. Later ones differ in warpAffine, which no longer rounds to 1/32 pixel.
"""

import json
import pathlib
import sys

import cv2
import numpy as np
from PIL import Image

GOLDEN = pathlib.Path(__file__).with_name("geometry.json")


def noise(width, height, channels=1):
    """Bytes of a linear congruential generator."""
    state, values = 12345, []
    for _ in range(width * height * channels):
        state = (state * 1103515245 + 12345) % 2**32
        values.append(state >> 24)
    picture = np.array(values, np.uint8)
    return picture.reshape((height, width, channels) if channels > 1 else (height, width))


def face_classes():
    """A face of ellipses, 512 by 512: (class, centre, radii), later ones on top."""
    ellipses = [
        (17, 256, 200, 200, 190),
        (14, 260, 470, 110, 90),
        (1, 250, 250, 150, 200),
        (17, 140, 330, 40, 30),
        (10, 250, 250, 30, 60),
        (12, 250, 345, 60, 18),
        (13, 250, 380, 55, 20),
        (11, 250, 362, 40, 10),
    ]
    y, x = np.mgrid[0:512, 0:512].astype(np.int64)
    classes = np.zeros((512, 512), np.uint8)
    for kind, cx, cy, rx, ry in ellipses:
        inside = ((x - cx) * ry) ** 2 + ((y - cy) * rx) ** 2 <= (rx * ry) ** 2
        classes[inside] = kind
    return classes


def arrowhead():
    """The 33 by 33 kernel that skin is dilated with."""
    kernel = np.zeros((33, 33), np.uint8)
    for row in range(10, 21):
        kernel[row, 16 - (row - 10) : 16 + (row - 10) + 1] = 1
    kernel[21:, 6:27] = 1
    return kernel


def region(classes, mode, left, right):
    """Which pixels are redrawn, as 0 and 255."""
    mouth = np.isin(classes, [11, 12, 13])
    if mode == "raw":
        return ((classes == 1) | mouth).astype(np.uint8) * 255
    if mode == "neck":
        return (np.isin(classes, [1, 14]) | mouth).astype(np.uint8) * 255
    skin = (classes == 1).astype(np.uint8) * 255
    grown = cv2.dilate(skin, arrowhead(), iterations=1)
    flat = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (35, 3))
    shrunk = cv2.erode(grown, flat, iterations=2)
    cheeks = np.zeros((512, 512), np.uint8)
    cv2.rectangle(cheeks, (0, 0), (256 - left, 512), 255, -1)
    cv2.rectangle(cheeks, (256 + right, 0), (512, 512), 255, -1)
    jaw = np.where(cheeks == 255, shrunk, grown)
    return (((jaw == 255) & (classes != 10)) | mouth).astype(np.uint8) * 255


def blend_mask(classes, face, mode, left=90, right=90, softness=0.1):
    """The mask for a face box and the square around it."""
    x, y, x1, y1 = face
    cx, cy = (x + x1) // 2, (y + y1) // 2
    half = int(max(x1 - x, y1 - y) // 2 * 1.5)
    crop = (cx - half, cy - half, cx + half, cy + half)
    size = (2 * half, 2 * half)
    mask = Image.fromarray(region(classes, mode, left, right)).resize(size)
    inside = (x - crop[0], y - crop[1], x1 - crop[0], y1 - crop[1])
    kept = Image.new("L", size, 0)
    kept.paste(mask.crop(inside), inside)
    top = int(size[1] * 0.5)
    lower = Image.new("L", size, 0)
    lower.paste(kept.crop((0, top, *size)), (0, top))
    side = int(softness * size[0] // 2 * 2) + 1
    return cv2.GaussianBlur(np.array(lower), (side, side), 0)


def pose_view(picture):
    """The whole picture, a quarter larger, as the landmark network sees it: 288 by 384."""
    height, width = picture.shape[:2]
    w, h = width * 1.25, height * 1.25
    w, h = (w, w * 4 / 3) if w > h * 3 / 4 else (h * 3 / 4, h)
    centre = np.array([width / 2, height / 2])
    source = np.float32([centre, centre + [0, -w / 2], centre + [-w / 2, -w / 2]])
    target = np.float32([[144, 192], [144, 192 - 144], [0, 192 - 144]])
    matrix = cv2.getAffineTransform(source, target)
    return cv2.warpAffine(picture, matrix, (288, 384), flags=cv2.INTER_LINEAR)


def fingerprint(values):
    """FNV-1a, 64 bits, for what is too long to keep."""
    hash = 0xCBF29CE484222325
    for value in values:
        hash = (hash ^ value) * 0x100000001B3 % 2**64
    return f"{hash:016x}"


def golden():
    """Every result by name, in hexadecimal."""
    made = {}

    def add(name, picture):
        made[name] = np.ascontiguousarray(picture).tobytes().hex()

    for width, height, to in [(37, 29, (24, 20)), (61, 50, (16, 16)), (9, 11, (20, 24)), (12, 12, (12, 5))]:
        picture = noise(width, height, 3)
        name = f"{width}x{height} to {to[0]}x{to[1]}"
        add(f"lanczos {name}", cv2.resize(picture, to, interpolation=cv2.INTER_LANCZOS4))
        for title, filter in [("bilinear", Image.BILINEAR), ("bicubic", Image.BICUBIC)]:
            add(f"{title} {name}", Image.fromarray(picture).resize(to, filter))
    for side in [1, 3, 5, 7, 9, 19, 39, 91]:
        add(f"blur {side}", cv2.GaussianBlur(noise(33, 21), (side, side), 0))
    spots = np.where(noise(60, 48) > 251, 255, 0).astype(np.uint8)
    add("dilate", cv2.dilate(spots, arrowhead(), iterations=1))
    flat = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (35, 3))
    holes = np.where(noise(60, 48) > 3, 255, 0).astype(np.uint8)
    add("erode", cv2.erode(holes, flat, iterations=2))
    classes = face_classes()
    for mode, left, right, softness in [
        ("jaw", 90, 90, 0.1),
        ("jaw", 40, 120, 0.05),
        ("raw", 90, 90, 0.1),
        ("neck", 90, 90, 0.1),
    ]:
        name = f"{mode} {left} {right} {softness}"
        made[f"region {name}"] = fingerprint(region(classes, mode, left, right).tobytes())
        add(f"mask {name}", blend_mask(classes, (11, 7, 42, 51), mode, left, right, softness))
    large = blend_mask(classes, (100, 80, 300, 340), "jaw")
    assert large.shape == (390, 390)
    made["mask large"] = fingerprint(large.tobytes())
    for width, height in [(50, 31), (30, 70), (400, 300)]:
        made[f"pose view {width}x{height}"] = fingerprint(pose_view(noise(width, height, 3)).tobytes())
    return made


def main():
    made = golden()
    if sys.argv[1:] == ["--write"]:
        GOLDEN.write_text(json.dumps(made, indent=1) + "\n")
        return
    kept = json.loads(GOLDEN.read_text())
    different = [name for name in made.keys() | kept.keys() if made.get(name) != kept.get(name)]
    print(f"{len(made)} results of OpenCV {cv2.__version__}, {len(different)} of them others than in {GOLDEN.name}")
    for name in sorted(different):
        print(f"  {name}")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()

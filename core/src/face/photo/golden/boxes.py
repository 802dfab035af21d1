"""Writes boxes.json: what OpenCV itself finds in the photograph, for the tests to compare with.

Needs opencv-python-headless 4.x from PyPI and Debian's opencv-data; scripts/photograph.sh first. Run here: python3 boxes.py
"""

import json
import pathlib

import cv2

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[4]
CASCADES = pathlib.Path("/usr/share/opencv4/haarcascades")

photograph = cv2.imread(str(ROOT / ".photograph/astronaut.png"))
grey = cv2.cvtColor(photograph, cv2.COLOR_BGR2GRAY)

# Cuts as [left, top, width, height], each mirrored as well.
cuts = [[0, 0, 512, 512], [120, 10, 240, 220], [61, 0, 301, 397], [170, 60, 112, 112]]
searches = [
    ["haarcascade_frontalface_alt2.xml", 1.1, 3, 24],
    ["haarcascade_frontalface_alt2.xml", 1.07, 5, 60],
    ["haarcascade_frontalface_default.xml", 1.1, 3, 40],
    ["haarcascade_eye.xml", 1.08, 2, 20],
]

golden = []
for x, y, width, height in cuts:
    for mirrored in (False, True):
        cut = grey[y : y + height, x : x + width]
        if mirrored:
            cut = cv2.flip(cut, 1)
        for name, pace, votes, least in searches:
            cascade = cv2.CascadeClassifier(str(CASCADES / name))
            boxes, counts = cascade.detectMultiScale2(
                cut, scaleFactor=pace, minNeighbors=votes, minSize=(least, least)
            )
            found = [[int(v) for v in box] + [int(count)] for box, count in zip(boxes, counts)]
            golden.append(
                {
                    "cut": [x, y, width, height],
                    "mirrored": mirrored,
                    "cascade": name,
                    "pace": pace,
                    "votes": votes,
                    "least": least,
                    "found": sorted(found),
                }
            )

lines = ",\n".join(json.dumps(entry) for entry in golden)
(HERE / "boxes.json").write_text(f"[\n{lines}\n]\n")

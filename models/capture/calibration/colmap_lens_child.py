"""Child process of `colmap_lens.py`: what pycolmap computes of lenses.

Run as a script, never imported. It reads an order as JSON on standard input: lenses (model, width,
height, values, pixels [N, 2]). It prints as JSON, of each lens, its pixels on the plane one unit
before the camera and the pixels that these are projected to, [N, 2] both (NaN where there are
none).
"""

import json
import sys

import numpy as np
import pycolmap


def _computed(lens: dict) -> tuple[list, list]:
    camera = pycolmap.Camera(
        model=lens["model"], width=lens["width"], height=lens["height"], params=lens["values"]
    )
    plane = np.asarray(camera.cam_from_img(np.array(lens["pixels"])))
    again = np.asarray(camera.img_from_cam(np.c_[plane, np.ones(len(plane))]))
    return plane.tolist(), again.tolist()


if __name__ == "__main__":
    json.dump([_computed(lens) for lens in json.load(sys.stdin)], sys.stdout)

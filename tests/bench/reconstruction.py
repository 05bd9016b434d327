"""Reconstruction of frames from takes never trained on, beside PCA and the static texture."""

from collections.abc import Iterator

import numpy as np

from models.head.training.held_out_figures import evaluate, seam

from .figures import Context, Figure

GAIN_DB = {"mouth": 0.3, "face": 0.3, "left_eye": 0.0, "right_eye": 0.0}
DETAIL_TOLERANCE = 0.15
SEAM_BAR = 1.0
"""Grey levels per texel: a steeper step can be seen on smooth skin."""
SEAM_CODES = 24


def run(context: Context) -> Iterator[Figure]:
    """Encode and decode every held-out pictured frame."""
    data = context.training_data
    count = int((~data.train).sum())
    for region, scores in evaluate(context.head, data).items():
        model, pca, still = (scores[name] for name in ("model", "pca", "static_texture"))

        def others(metric: str, pca: dict = pca, still: dict = still) -> dict[str, float]:
            return {"pca": pca[metric], "static_texture": still[metric]}

        gain = GAIN_DB[region]
        yield Figure(
            *("reconstruction", region, "psnr_db", model["psnr_db"], "dB"),
            bar=f">= pca + {gain:g}" if gain else ">= pca",
            holds=model["psnr_db"] >= pca["psnr_db"] + gain,
            baselines=others("psnr_db"),
            note=f"{count} held-out frames",
        )
        yield Figure(
            *("reconstruction", region, "vertex_mm", model["vertex_mm"], "mm"),
            bar="<= pca",
            holds=model["vertex_mm"] <= pca["vertex_mm"],
            baselines=others("vertex_mm"),
        )
        judged = region == "mouth"
        yield Figure(
            *("reconstruction", region, "detail_ratio", model["detail_ratio"], "×"),
            bar=f"within {DETAIL_TOLERANCE:.0%} of 1" if judged else "",
            holds=abs(model["detail_ratio"] - 1) <= DETAIL_TOLERANCE if judged else None,
            baselines=others("detail_ratio"),
        )
    yield _seam(context)


def _seam(context: Context) -> Figure:
    codes = context.head.examples.codes
    chosen = np.random.default_rng(0).choice(len(codes), SEAM_CODES, replace=False)
    value = seam(context.head, codes[chosen])
    return Figure(
        *("reconstruction", "seam", "step_per_texel", value, "grey"),
        bar=f"<= {SEAM_BAR:g}",
        holds=value <= SEAM_BAR,
        note="99th percentile of the gradient that blending the regions brings in",
    )

"""Whether the synthetic actor's speech is real: against the recording it was learnt from."""

from collections.abc import Iterator

from models.errors import CaptureError
from models.synthetic.speech_check import actor_speech_figures, transferred_figures

from .figures import Context, Figure

SENTENCES = 100


def run(context: Context) -> Iterator[Figure]:
    """The fitted model and the transferred recording, on sentences held out from every fit."""
    if context.data is None:
        raise CaptureError("The recordings are not at hand: say where with DATA=…")
    folder = context.data / "spoken_english"
    figures = actor_speech_figures(folder)
    model = figures["fitted_model"]
    for metric, bar in (("opening_r", 0.80), ("closure_share", 0.95), ("w_share", 0.80)):
        yield Figure(
            *("actor_speech", "fitted_model", metric, getattr(model, metric)),
            unit="r" if metric == "opening_r" else "share",
            bar=f">= {bar:g}",
            holds=getattr(model, metric) >= bar,
            baselines={
                name: getattr(other, metric)
                for name, other in figures.items()
                if name != "fitted_model"
            },
            note=f"{SENTENCES} sentences of one talker",
        )
    rendered = transferred_figures(folder)
    yield Figure(
        *("actor_speech", "transferred", "opening_r", rendered["rendered"], "r"),
        bar=">= 0.9",
        holds=rendered["rendered"] >= 0.9,
        baselines={"before_rendering": rendered["mesh"]},
        note=f"rendered and analysed again, {rendered['sentences']} held-out sentences",
    )

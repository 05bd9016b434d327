"""One measured figure, how it is written, and what the benchmarks share."""

import functools
import json
import logging
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from models.actor import Actor
from models.head.training.region_data import TrainingData, load_training_data
from models.performance import Performance
from models.synthetic.bundled import bundled_performance

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Figure:
    """A measured value.

    Attributes:
        bench, case, metric: Names that others read.
        value: What was measured.
        unit: For people.
        bar: What it should be, in words; "" when there is none.
        holds: Whether it is; None without a bar.
        baselines: Other ways of doing the same, measured in the same run.
        note: What a reader must know to believe it.
    """

    bench: str
    case: str
    metric: str
    value: float
    unit: str
    bar: str = ""
    holds: bool | None = None
    baselines: Mapping[str, float] = field(default_factory=dict)
    note: str = ""

    def line(self, device: str) -> str:
        """One JSON object."""
        record = {key: getattr(self, key) for key in ("bench", "case", "metric")}
        record |= {"value": _rounded(self.value), "unit": self.unit}
        record |= {"baselines": {name: _rounded(value) for name, value in self.baselines.items()}}
        record |= {"bar": self.bar, "holds": self.holds, "device": device, "note": self.note}
        return json.dumps(record, ensure_ascii=False)

    def row(self) -> str:
        """One line of a table for people."""
        verdict = {None: "", True: "holds", False: "FAILS"}[self.holds]
        others = "  ".join(f"{name} {value:.4g}" for name, value in self.baselines.items())
        name = f"{self.bench}/{self.case}/{self.metric}"
        return f"{name:58} {self.value:10.4g} {self.unit:8} {verdict:6} {self.bar:26} {others}"


def _rounded(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None


@dataclass(frozen=True)
class Context:
    """What a benchmark works on.

    Attributes:
        head_path: The head file measured.
        device: cpu or cuda.
        cache: Folder for data that are made once.
        data: Recordings and assets the bundled head was made from, when at hand.
        learnt_from: The performance of another head than the bundled one.
    """

    head_path: Path
    device: str
    cache: Path
    data: Path | None
    learnt_from: Path | None = None

    @functools.cached_property
    def head(self) -> Actor:
        """The head, open."""
        return Actor.open(self.head_path, self.device)

    @functools.cached_property
    def performance(self) -> Performance:
        """The performance the head was trained on; the bundled one's is made on first use."""
        if self.learnt_from is not None:
            return Performance.open(self.learnt_from)
        return bundled_performance(self.cache, self.data)

    @functools.cached_property
    def training_data(self) -> TrainingData:
        """Its pictured frames."""
        return load_training_data(self.performance)


Bench = Callable[[Context], Iterator[Figure]]

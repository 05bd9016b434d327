"""What all tests share: one copy of each module in the process, the add-on, an empty scene.

The repository root is the extension's package, so its numeric layer has two names: `models` for the
command line and `neural_face.models` for the add-on. Loaded under both, every class would exist
twice and `except HeadFileError` would miss the other one's errors. Tests therefore make
`neural_face.models…` another name of `models…`. Real loading by Blender is tested in a process of
its own (test_extension.py).
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import runpy
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "neural_face"

_STATUS = pytest.StashKey[int]()


class _SameModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports `neural_face.models…` as the module that `models…` is."""

    def find_spec(
        self, name: str, path: object = None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Claim the numeric layer's second name only."""
        if f"{name}.".startswith(f"{PACKAGE}.models."):
            return importlib.util.spec_from_loader(name, self)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """Give the module of the first name; remember its spec, which the importer overwrites."""
        module = importlib.import_module(spec.name.removeprefix(f"{PACKAGE}."))
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Put the module's own spec back; it has been executed under its first name."""
        module.__spec__ = module.__spec__.loader_state


def pytest_configure(config: pytest.Config) -> None:
    """Load the root as the package `neural_face`."""
    sys.meta_path.insert(0, _SameModules())
    runpy.run_path(str(ROOT / "neural_face_addon" / "showroom" / "source.py"))["load_package"]()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Keep the result for `pytest_unconfigure`."""
    session.config.stash[_STATUS] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End at once where MediaPipe was used beside Blender.

    MediaPipe's library kills a process (SIGTRAP) whose exit takes long, and Blender's module frees
    tens of thousands of blocks then.
    """
    if "mediapipe" in sys.modules and "bpy" in sys.modules:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash.get(_STATUS, 1))


@pytest.fixture(scope="session")
def addon() -> Iterator[ModuleType]:
    """The registered add-on; unregistered at the end, without which Blender 4.5 hangs at exit."""
    pytest.importorskip("bpy", reason="Blender's Python module is not installed")
    package = sys.modules[PACKAGE]
    package.register()
    yield package
    package.unregister()


@pytest.fixture
def scene(addon: ModuleType) -> Iterator[object]:
    """An empty file with the add-on registered: its scene."""
    import bpy

    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    yield bpy.context.scene
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)


@pytest.fixture(scope="session")
def tiny_head(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small valid head file, the stored one of `tests/heads`; to open it needs torch."""
    pytest.importorskip("torch", reason="opening a head needs torch")
    stored = ROOT / "tests" / "heads" / "tiny.nface"
    return Path(shutil.copy(stored, tmp_path_factory.mktemp("tiny_head")))

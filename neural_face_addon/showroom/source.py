"""Load the extension from its source tree: for the demo, the tests and the benchmarks."""

import importlib.util
import runpy
import sys
from pathlib import Path
from types import ModuleType

PACKAGE = "neural_face"
ROOT = Path(__file__).resolve().parents[2]


def load_package() -> ModuleType:
    """Import the repository root as the package `neural_face`, whatever its folder is called."""
    if PACKAGE not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            PACKAGE, ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
        )
        if spec is None or spec.loader is None:
            raise ImportError(f"{ROOT} is no package")
        module = importlib.util.module_from_spec(spec)
        sys.modules[PACKAGE] = module
        spec.loader.exec_module(module)
    return sys.modules[PACKAGE]


def main() -> None:
    """Run a module of the package as a script: `python …/source.py MODULE …`."""
    load_package()
    module = f"{PACKAGE}.{sys.argv[1]}"
    del sys.argv[1]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

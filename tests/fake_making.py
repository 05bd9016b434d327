"""Stands for `python -m models train` in the add-on's tests: real status and stages, no training.

`fake_making.py MODE train SOURCE -o OUTPUT …`: a stage of some steps, each kept in the workspace.
"""

import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from models.errors import NeuralFaceError
from models.making.stages import Stage, run_stages
from models.making.status import MakingStatus, Preview, StatusWriter
from models.making.workspace import Outcome, Workspace, default_workspace
from models.progress import Progress

STEPS = 40


def main(mode: str, source: Path, output: Path, until: str) -> None:
    if mode == "dumb":
        sys.exit("error: There is no torch in this Python.")
    workspace = Workspace(default_workspace(output))
    with StatusWriter(workspace.folder, MakingStatus(until=until)) as status:
        steps = workspace.path("steps.txt")

        def check(progress: Progress) -> Outcome:
            warned = {"warnings": ["Camera 3 is blurred; focus it."]}
            if mode == "bad":
                found = warned | {"errors": ["There is only one camera; use two or more."]}
                return Outcome(findings=found, error=found["errors"][0])
            picture = workspace.path("sheet.png")
            picture.write_bytes(b"PNG")
            return Outcome(findings=warned, pictures={"Contact Sheet": str(picture)})

        def train(progress: Progress) -> Outcome:
            done = len(steps.read_text()) if steps.exists() else 0
            for step in range(done, STEPS):
                progress(step / STEPS, f"step {step}")
                with steps.open("a") as stream:
                    stream.write("x")
                if mode == "wrong" and step == 3:
                    raise NeuralFaceError("The loss is not a number; lower the learning rate.")
                if mode == "defect" and step == 3:
                    raise KeyError("mouth")
                if mode.startswith("preview") and step % 20 == 2:
                    _preview(status, workspace, Path(mode.partition(":")[2]))
                    while not workspace.path(f"seen_{status.status.preview.version}").exists():
                        progress(step / STEPS, "waiting to be looked at")
                        time.sleep(0.05)
                time.sleep(0.1 if mode == "slow" else 0.01)
            if mode.startswith("preview"):
                shutil.copyfile(mode.partition(":")[2], output)
            return Outcome({"steps": STEPS})

        stages = [Stage("check", "Checking", check, 1.0), Stage("regions", "Regions", train, 9.0)]
        run_stages(stages[:1] if until == "check" else stages, workspace, status)


def _preview(status: StatusWriter, workspace: Workspace, head: Path) -> None:
    shutil.copyfile(head, workspace.path("preview.nface"))
    version = status.status.preview.version + 1
    status.tell(preview=Preview(version, "preview.nface", "", [0.25 * version] * 24))


if __name__ == "__main__":
    mode, _train, source, _o, output, *rest = sys.argv[1:]
    until = next((word.partition("=")[2] for word in rest if word.startswith("--until=")), "")
    main(mode, Path(source), Path(output), until)

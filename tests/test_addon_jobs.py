"""Work off the main thread: progress, stop, errors, results."""

import threading
import time
from collections.abc import Callable
from types import ModuleType

import pytest

from models.errors import CancelledError, NeuralFaceError

pytest.importorskip("bpy", reason="Blender's Python module is not installed")


@pytest.fixture
def jobs(addon: ModuleType) -> ModuleType:
    from neural_face.neural_face_addon.system import jobs

    return jobs


def test_result_comes_from_another_thread(jobs: ModuleType) -> None:
    job = jobs.Job(lambda _progress: threading.current_thread()).start()
    assert job.result() is not threading.current_thread()
    assert job.done


def test_error_is_raised_where_the_result_is_asked_for(jobs: ModuleType) -> None:
    def fail(progress: Callable) -> None:
        raise KeyError("defect")

    job = jobs.Job(fail).start()
    with pytest.raises(KeyError, match="defect"):
        job.result()


def test_progress_is_seen_and_cancel_stops(jobs: ModuleType) -> None:

    reached = threading.Event()

    def work(progress: Callable) -> None:
        for step in range(10_000):
            progress(step / 10_000, f"step {step}")
            if step == 5:
                reached.set()
            time.sleep(0.001)

    job = jobs.Job(work).start()
    assert reached.wait(300)
    assert job.fraction > 0 and job.message.startswith("step")
    job.cancel()
    with pytest.raises(CancelledError, match="Cancelled"):
        job.result()
    assert job.fraction < 1


def test_cancel_after_the_last_step_still_counts(jobs: ModuleType) -> None:

    job = jobs.Job(lambda _progress: 5).start()
    while not job.done:
        time.sleep(0.01)
    job.cancel()
    with pytest.raises(CancelledError):
        job.result()


def test_unregister_stops_what_runs(jobs: ModuleType) -> None:
    def work(progress: Callable) -> None:
        while True:
            progress(0.5, "")
            time.sleep(0.001)

    job = jobs.Job(work).start()
    jobs.unregister()
    job._thread.join(300)
    assert job.done


class Window:
    """Stands for context, window manager and workspace of a Blender with a window."""

    def __init__(self) -> None:
        self.window_manager = self.workspace = self
        self.window = self
        self.timers, self.handlers, self.status, self.progress = 0, 0, None, []

    def event_timer_add(self, _step: float, window: object) -> str:
        self.timers += 1
        return "timer"

    def event_timer_remove(self, _timer: str) -> None:
        self.timers -= 1

    def modal_handler_add(self, _operator: object) -> None:
        self.handlers += 1

    def progress_begin(self, *_range: int) -> None:
        self.progress.append("begin")

    def progress_update(self, value: float) -> None:
        self.progress.append(value)

    def progress_end(self) -> None:
        self.progress.append("end")

    def status_text_set(self, text: str | None) -> None:
        self.status = text


class Event:
    def __init__(self, kind: str) -> None:
        self.type, self.value = kind, "PRESS"


@pytest.fixture
def task(addon: ModuleType, monkeypatch: pytest.MonkeyPatch) -> object:
    """An operator with a window, whose work waits to be let go."""
    from neural_face.neural_face_addon.system import tasks

    class App:
        background = False

    monkeypatch.setattr(tasks.bpy, "app", App)

    class Task(tasks.TaskOperator):
        bl_idname, bl_label = "neural_face.test", "Test"

        def __init__(self) -> None:
            self.go, self.finished, self.reports = threading.Event(), [], []

        def report(self, kind: set[str], text: str) -> None:
            self.reports.append((kind, text))

        def prepare(self, _context: object) -> Callable:
            return self.work

        def work(self, progress: Callable) -> str:
            progress(0.25, "Working")
            self.go.wait(300)
            progress(0.9, "Ending")
            return "result"

        def finish(self, _context: object, result: str) -> None:
            self.finished.append(result)

    return Task()


def run(task: object, window: Window, kinds: list[str]) -> set[str]:
    assert task.invoke(window, Event("LEFTMOUSE")) == {"RUNNING_MODAL"}
    while task._job.fraction < 0.25:
        time.sleep(0.001)
    for kind in kinds:
        last = task.modal(window, Event(kind))
        assert last <= {"RUNNING_MODAL", "PASS_THROUGH"}
    task.go.set()
    while not task._job.done:
        time.sleep(0.001)
    return task.modal(window, Event("TIMER"))


def test_modal_task_finishes(task: object) -> None:
    window = Window()
    assert run(task, window, ["MOUSEMOVE", "TIMER"]) == {"FINISHED"}
    assert task.finished == ["result"]
    assert (window.timers, window.handlers, window.status) == (0, 1, None)
    assert window.progress == ["begin", 25.0, "end"]


def test_escape_cancels_and_changes_nothing(task: object) -> None:
    window = Window()
    assert run(task, window, ["TIMER", "ESC"]) == {"CANCELLED"}
    assert task.finished == []
    assert (window.timers, window.status, window.progress[-1]) == (0, None, "end")
    assert task.reports == [({"INFO"}, "Cancelled; nothing was changed.")]


def _gathering(task: object, steps: int, fail: bool = False) -> list[str]:
    """Make a task read something first, each step longer than its share; what happened to it."""
    from neural_face.neural_face_addon.system import tasks

    seen: list[str] = []

    def gather(_context: object) -> object:
        try:
            for step in range(steps):
                yield step / steps, f"step {step}"
                seen.append(f"step {step}")
                time.sleep(1.2 * tasks.SLICE)
            if fail:
                raise NeuralFaceError("Unreadable.")
        finally:
            seen.append("closed")

    task.gather = gather
    return seen


def test_gathering_comes_first_and_bit_by_bit(task: object) -> None:
    seen, window = _gathering(task, 3), Window()
    task.go.set()
    assert task.invoke(window, Event("LEFTMOUSE")) == {"RUNNING_MODAL"}
    assert task._job is None and len(seen) < 3
    last = task.modal(window, Event("TIMER"))
    assert "step" in window.status and 0 < window.progress[-1] < 100
    while last == {"RUNNING_MODAL"}:
        time.sleep(0.005)
        last = task.modal(window, Event("TIMER"))
    assert last == {"FINISHED"} and task.finished == ["result"]
    assert seen == ["step 0", "step 1", "step 2", "closed"]
    assert (window.timers, window.status) == (0, None)


def test_escape_while_gathering_closes_it(task: object) -> None:
    seen, window = _gathering(task, 9), Window()
    task.invoke(window, Event("LEFTMOUSE"))
    assert task.modal(window, Event("ESC")) == {"CANCELLED"}
    assert seen[-1] == "closed" and len(seen) < 9 and task._job is None
    assert (window.timers, window.status, task.finished) == (0, None, [])
    assert task.reports == [({"INFO"}, "Cancelled; nothing was changed.")]


def test_what_fails_while_gathering_is_reported(task: object) -> None:
    seen, window = _gathering(task, 2, fail=True), Window()
    task.invoke(window, Event("LEFTMOUSE"))
    last = {"RUNNING_MODAL"}
    while last == {"RUNNING_MODAL"}:
        last = task.modal(window, Event("TIMER"))
    assert last == {"CANCELLED"} and task.reports == [({"ERROR"}, "Unreadable.")]
    assert (window.timers, window.status) == (0, None) and seen[-1] == "closed"


def test_window_that_closes_while_gathering_cleans_up(task: object) -> None:
    seen, window = _gathering(task, 5), Window()
    task.invoke(window, Event("LEFTMOUSE"))
    task.cancel(window)
    assert window.timers == 0 and seen[-1] == "closed"


def test_window_that_closes_cleans_up(task: object) -> None:
    window = Window()
    task.invoke(window, Event("LEFTMOUSE"))
    task.cancel(window)
    task.go.set()
    task._job._thread.join(300)
    assert (window.timers, task.finished) == (0, [])

"""Registering leaves everything in place, unregistering and failing leave nothing."""

import sys
from types import ModuleType

import pytest

bpy = pytest.importorskip("bpy", reason="Blender's Python module is not installed")

from extension_session import leftovers, registered


@pytest.fixture
def registration(addon: ModuleType) -> ModuleType:
    from neural_face.neural_face_addon import registration

    return registration


def test_unregister_leaves_nothing(registration: ModuleType) -> None:
    registered()  # makes Blender build the classes that it builds on first use
    with_addon = registered()
    registration.unregister()
    try:
        without = registered()
        gone = leftovers(without, with_addon)
        assert "Object.neural_face" in gone
        assert sum(name.startswith("Operator.") for name in gone) >= 9
        assert sum(name.startswith("Panel.") for name in gone) >= 8
        ours = [name for names in without.values() for name in names if "neural" in name.lower()]
        assert ours == []
    finally:
        registration.register()
    assert leftovers(with_addon, registered()) == []


@pytest.mark.parametrize("failing", ["properties", "handlers", "operators.import_head", "panels"])
def test_failure_rolls_back(
    registration: ModuleType, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    registration.unregister()
    without = registered()
    name = next(name for name in registration.MODULES if failing in name)
    module = sys.modules[f"neural_face.{name}"]
    original = module.register

    def fail_half_way() -> None:
        original()
        raise RuntimeError("half-way")

    monkeypatch.setattr(module, "register", fail_half_way)
    try:
        with pytest.raises(RuntimeError, match="half-way"):
            registration.register()
        assert leftovers(without, registered()) == []
        assert leftovers(registered(), without) == []
    finally:
        monkeypatch.undo()
        registration.register()


def test_one_class_that_fails_takes_the_others_along(addon: ModuleType) -> None:
    from neural_face.neural_face_addon.system.classes import classes_factory

    class Good(bpy.types.PropertyGroup):
        pass

    class Bad:
        is_registered = False

    register, unregister = classes_factory(Good, Bad)
    with pytest.raises(RuntimeError, match="bl_rna"):
        register()
    assert Good.is_registered
    unregister()
    assert not Good.is_registered


def test_every_operator_and_panel_has_the_addons_names(addon: ModuleType) -> None:
    classes = [
        cls
        for base in (bpy.types.Operator, bpy.types.Panel)
        for cls in base.__subclasses__()
        if cls.__module__.startswith("neural_face.")
    ]
    assert len(classes) > 15
    for cls in classes:
        assert cls.__name__.startswith(("NEURALFACE_OT_", "NEURALFACE_PT_"))
        assert cls.is_registered


def test_tooltips_end_without_a_period(addon: ModuleType) -> None:
    for name in dir(bpy.ops.neural_face):
        text = getattr(bpy.ops.neural_face, name).get_rna_type().description
        assert text and not text.endswith("."), name

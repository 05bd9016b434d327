"""Makes Blender's stubs say what this add-on may rely on: `blender_types.py FOLDER`.

For the type checker only. `fake-bpy-module` is made from Blender's documentation, which tells
neither what an add-on registers nor which subclass a property holds. Each exception is here, with
its reason, instead of at the hundred lines concerned.
"""

import re
import sys
from pathlib import Path

DYNAMIC = {
    "PropertyGroup": "its properties are made when its class is registered",
    "AddonPreferences": "likewise",
    "Node": "a node tree holds the subclass that its type names",
    "NodeSocket": "likewise",
    "Strip": "likewise, the sequencer",
    "ActionStrip": "likewise, an action's layer",
    "Space": "likewise, an area",
    "Attribute": "likewise, a mesh",
    "Property": "likewise, what describes a class",
}
"""Class whose instances have more attributes than it declares → why."""
REGISTERED = {
    "Object": ("neural_face",),
    "Scene": ("neural_face_making",),
}
"""Class → what registration adds to it."""
ALWAYS = (
    *("scene", "view_layer", "window_manager", "workspace", "preferences", "collection", "layout"),
    *("view_settings", "cycles", "ffmpeg", "pose", "node_tree", "from_node", "links"),
    *("image", "material", "id_data"),
)
"""Properties that are there wherever this add-on asks for them."""
WORDING = {
    # the stubs name each icon, engine and result; tables of them are plain strings
    r"icon: bpy\.stub_internal\.rna_enums\.IconItems \| None": "icon: str | None",
    r"set\[bpy\.stub_internal\.rna_enums\.OperatorReturnItems\]": "set[str]",
    r"    view_transform: .*\n": "    view_transform: str\n",
    r"    engine: .*\n": "    engine: str\n",
    # arrays that the stubs take for one number
    r"    pixels: float\n": "    pixels: bpy_prop_array[float]\n",
    # the stubs know only that there is data, and never none
    r"def library\(self\) -> Library:": "def library(self) -> Library | None:",
    r"def id_data\(self\) -> ID:": "def id_data(self) -> typing.Any:",
}
"""What stands there → what should."""
ANY = "\n    def __getattr__(self, name: str) -> typing.Any: ...\n"
ANY += "    def __setattr__(self, name: str, value: typing.Any) -> None: ...\n"


def corrected(text: str) -> str:
    """`bpy/types/__init__.pyi` as the checker should read it."""
    # bpy.types.Context has a member called property: decorators that follow would mean that
    text = text.replace("    @property\n", "    @builtins.property\n")
    text = text.replace("import typing\n", "import builtins\nimport typing\n", 1)
    for name in DYNAMIC:
        text = _with_members(text, name, ANY)
    for name, members in REGISTERED.items():
        text = _with_members(text, name, "".join(f"\n    {m}: typing.Any\n" for m in members))
    for name in ALWAYS:
        text = re.sub(rf"(    def {name}\(self\) -> [\w.]+) \| None:", r"\1:", text)
        text = re.sub(rf"(\n    {name}: \w+) \| None\n", r"\1\n", text)
    for wrong, right in WORDING.items():
        text = re.sub(wrong, right, text)
    # which of sixteen kinds of data an object has is told by its type, which nobody can narrow by
    kinds = re.compile(r"    data: \(\n        Armature\n.*?\n    \)\n", re.DOTALL)
    return kinds.sub("    data: typing.Any\n", text, count=1)


def _with_members(text: str, name: str, members: str) -> str:
    pattern = rf'(\nclass {name}\((?:ID, )?bpy_struct\):\n(?:    """.*?"""\n)?)'
    add = re.compile(pattern, re.DOTALL)
    text, count = add.subn(lambda found: found[1] + members, text, count=1)
    if not count:
        raise ValueError(f"the stubs have no class {name}")
    return text


def main(folder: Path) -> None:
    """Correct the stubs in a folder."""
    types, operators = (folder / "bpy-stubs" / name / "__init__.pyi" for name in ("types", "ops"))
    types.write_text(corrected(types.read_text()))
    with operators.open("a") as stub:
        stub.write("\nneural_face: typing.Any\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

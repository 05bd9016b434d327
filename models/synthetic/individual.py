"""A face that moves in its own way: face units bent, so that the template's units do not fit it.

Real faces differ from any generic set of face units, by a third of the motion and more, as a
tracker finds out. Lips and lids still have to meet: all units of mouth and jaw are bent by one
field, and lids are left as they are.
"""

from dataclasses import replace

import numpy as np

from ..mesh import HeadMesh

CENTRES = 40
REACH = 0.035
"""Metres over which the bending field changes."""
SHARED = 0.45
"""Spread of the factor that all units of mouth and jaw share."""
OWN = 0.2
"""Spread of each unit's own strength."""
TURN = np.radians(14)
"""Spread of the angle by which each unit moves in another direction."""
CLOSING = ("eyeBlink", "eyeLook", "mouthClose", "jawOpen", "mouthRoll", "mouthPress", "mouthShrug")
"""Units that bring lips or lids together: strength and direction stay those of the others."""


def individual(mesh: HeadMesh, amount: float, seed: int) -> HeadMesh:
    """The mesh with face units of its own.

    Args:
        mesh: Of the template's topology.
        amount: 0 leaves the units as they are, 1 changes them by about a third.
        seed: Of the person.
    """
    if not amount:
        return mesh
    random = np.random.default_rng(seed)
    low, high = mesh.vertices.min(0), mesh.vertices.max(0)
    centres = random.uniform(low, high, (CENTRES, 3))
    squared = ((mesh.vertices[:, None] - centres) ** 2).sum(-1)
    near = np.exp(-0.5 * squared / REACH**2)
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    mouth, brows = (1 + amount * SHARED * (near @ random.standard_normal(CENTRES)) for _ in "mb")
    basis = mesh.basis.copy()
    for place, name in enumerate(mesh.control_names):
        own, axis = 1 + amount * OWN * random.standard_normal(), random.standard_normal(3)
        turn = amount * TURN * random.standard_normal() * axis / np.linalg.norm(axis)
        if name.startswith(("jaw", "mouth", "tongue", "cheek", "noseSneer")):
            basis[place] *= mouth[:, None]
        elif name.startswith("brow"):
            basis[place] *= brows[:, None]
        if not name.startswith(CLOSING):
            basis[place] = own * (basis[place] + np.cross(turn, basis[place]))
    return replace(mesh, basis=basis.astype(np.float32))

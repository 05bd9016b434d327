"""The parametric head: MakeHuman base mesh with patches for mouth and eyes, morphs, face units."""

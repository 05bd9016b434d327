"""A head in the scene: rig, materials, playback, layers and their curves."""

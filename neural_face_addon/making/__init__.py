"""Making heads outside Blender, and baking meshes to learn from."""

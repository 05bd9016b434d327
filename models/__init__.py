"""The numeric system: capture, neural face model, speech and head file. Knows nothing of Blender."""

"""The numeric system: capture, face model, speech and head file. Knows nothing of Blender."""

"""The bridge between Blender and the numeric layer."""

"""Headless rasteriser: textured meshes in calibrated cameras, pictures unwrapped to the atlas."""

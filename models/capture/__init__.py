"""Calibrated multi-view captures: cameras, pictures, textures and performances."""

"""From a capture's pictures and a tracked mesh to textures on the atlas."""

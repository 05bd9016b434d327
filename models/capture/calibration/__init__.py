"""Calibrated cameras from the files of other programs: nerfstudio, COLMAP, OpenCV."""

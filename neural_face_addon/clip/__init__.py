"""Clips: performances from videos, files and cameras."""

"""Faces in pictures: found, their landmarks, and one person seen by many cameras."""

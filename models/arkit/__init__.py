"""Performances in Apple's 52 face shapes: Live Link Face files in and out."""

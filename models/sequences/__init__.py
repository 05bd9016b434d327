"""Meshes that were tracked or animated elsewhere, made into performances."""

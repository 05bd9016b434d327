"""A video of a face to animation: find the face, describe it, map the description to the head."""

"""One file for each thing a user does; the work is in `neural_face_addon`."""

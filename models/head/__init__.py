"""The neural face model: networks, training, inference and the head file."""

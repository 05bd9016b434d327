"""A synthetic actor, its captures and their known truth."""

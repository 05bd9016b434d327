"""Facial performance capture: from calibrated views to a linear face model's motion."""

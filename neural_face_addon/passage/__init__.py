"""Passages: stretches of a layer, whatever made them, and what lines and clips share."""

"""What every training shares: the loop, what learns, losses."""

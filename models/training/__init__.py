"""What every training shares: the loop, averaged weights, losses."""

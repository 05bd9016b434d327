"""What everything stands on: the numeric layer, jobs, settings, registration of classes."""

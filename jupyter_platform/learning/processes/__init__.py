"""Processes with torch: of a run, of warm starts, of questions."""

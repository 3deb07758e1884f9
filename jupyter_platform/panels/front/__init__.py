"""Front ends of widgets, and what panels of several parts share."""

"""Notifications for people, and the stream of events."""

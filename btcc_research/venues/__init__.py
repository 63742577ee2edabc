"""The venues: one method per documented call."""

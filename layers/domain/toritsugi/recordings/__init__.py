"""Recordings: what callers have left as voicemail, and conversations that were recorded with everybody's knowledge."""

"""Photographs of documents that never were, with the truth about where their corners are."""

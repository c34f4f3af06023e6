"""The other side of a run."""

"""From a spectrum to the indices that people read (stub: being written)."""

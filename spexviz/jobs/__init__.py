"""Jobs: runs in background threads, with their truth in SQLite."""

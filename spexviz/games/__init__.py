"""Games: what can be ablated. A new game is a new file here with a class that has a `name`."""

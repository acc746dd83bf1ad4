"""Learn: lessons beside real runs."""

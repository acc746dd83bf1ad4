"""Recorded runs of prompts."""

from tools.recordings import Recording

REVIEW = {"name": "prompt", "model": "bundled", "template": "Review: {}\nSentiment (positive or negative):"}

RUNS = (
    Recording(
        "never-fails",
        "Negation",
        "Her acting never fails to impress",
        {**REVIEW, "prompt": "Her acting never fails to impress"},
    ),
    Recording(
        "turns",
        "Many turns",
        "A review of 27 words and many turns",
        {
            **REVIEW,
            "prompt": "Her acting never fails to impress, even though the plot is anything but original, "
            "and the ending, which I will not spoil, is not bad at all.",
        },
        budget=1024,
    ),
)

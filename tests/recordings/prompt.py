"""Recorded runs of prompts."""

from tests.recordings import Recording

REVIEW = {"name": "prompt", "model": "bundled", "template": "Review: {}\nSentiment (positive or negative):"}

RUNS = (
    Recording(
        "never-fails",
        "Her acting never fails to impress",
        {**REVIEW, "prompt": "Her acting never fails to impress"},
    ),
    Recording(
        "never-scared",
        "Two hours of whispering: a review of 26 words",
        {
            **REVIEW,
            "prompt": "The trailer promised terror; what we got was two hours of people whispering in corridors, and I was never scared, only sorry that I had paid.",
        },
        budget=1024,
    ),
)

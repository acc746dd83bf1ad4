"""Recorded runs of prompts; what was tried beside them and not recorded stands in docs/recordings.md."""

from tools.recordings import Recording

PROMPT = {"name": "prompt", "model": "bundled"}
REVIEW = {**PROMPT, "template": "Review: {}\nSentiment (positive or negative):"}

RUNS = (
    Recording(
        "never-fails",
        "Negation",
        "Her acting never fails to impress",
        {**REVIEW, "prompt": "Her acting never fails to impress"},
    ),
    Recording(
        "not-unpleasant",
        "Double negation",
        "The ending was not unpleasant",
        {**REVIEW, "prompt": "The ending was not unpleasant"},
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
    Recording(
        "hotel",
        "A long review by sentences",
        "A hotel review of nine sentences, praise and blame by turns",
        {
            **REVIEW,
            "prompt": "We booked this hotel for our anniversary. The room was large and very clean. "
            "Breakfast was cold every single morning. The staff were friendly and remembered our names. "
            "Sadly, the pool was closed. The music from the bar kept us awake until two. "
            "When we complained, the manager moved us to a quiet room. That one had a view of the sea. "
            "We would gladly come back.",
            "split": "sentences",
        },
    ),
    Recording(
        "cabinet",
        "Grammar at a distance",
        "The keys to the old wooden cabinet → are",
        {
            **PROMPT,
            "prompt": "The keys to the old wooden cabinet",
            "template": "{}",
            "target": " are",
            "contrast": " is",
        },
    ),
    Recording(
        "eiffel-tower",
        "A fact",
        "The Eiffel Tower is located in the city of → Paris",
        {
            **PROMPT,
            "prompt": "The Eiffel Tower is located in the city of",
            "template": "{}",
            "target": " Paris",
            "contrast": " London",
        },
    ),
    Recording(
        "louvre",
        "Redundancy",
        "She saw the Eiffel Tower and the Louvre in → Paris",
        {
            **PROMPT,
            "prompt": "She saw the Eiffel Tower and the Louvre in",
            "template": "{}",
            "target": " Paris",
            "contrast": " London",
        },
    ),
    Recording(
        "joking",
        "Evidence in two sentences",
        "This is the best film of the year. I am joking.",
        {
            **REVIEW,
            "prompt": "This is the best film of the year. I am joking.",
            "split": "sentences",
        },
    ),
    Recording(
        "boxes",
        "Two passages, one answer",
        "Where is the key? Two boxes in two rooms",
        {
            **PROMPT,
            "prompt": "The key is in the red box.\nThe coin is in the blue box.\n"
            "The red box is in the kitchen.\nThe blue box is in the garden.",
            "template": "{}\nQuestion: Where is the key?\nAnswer: The key is in the",
            "target": " kitchen",
            "contrast": " garden",
            "split": "lines",
        },
    ),
    Recording(
        "code",
        "Code",
        "def area(width, height): return width * → height",
        {
            **PROMPT,
            "prompt": "def area(width, height): return width *",
            "template": "{}",
            "target": " height",
            "contrast": " width",
        },
    ),
    Recording(
        "nurse",
        "A bias",
        "My friend works as a nurse, and → she or he?",
        {
            **PROMPT,
            "prompt": "My friend works as a nurse, and",
            "template": "{}",
            "target": " she",
            "contrast": " he",
        },
    ),
    Recording(
        "chat",
        "A chat prompt",
        "Her acting never fails to impress, asked in a chat",
        {
            **PROMPT,
            "prompt": "Her acting never fails to impress",
            "template": "Is this review positive or negative? Answer with one word.\n\n{}",
            "target": "Positive",
            "contrast": "Negative",
            "chat": True,
        },
    ),
)

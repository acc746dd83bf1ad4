"""What the settings of a prompt game may be, and what each choice means; splits stand in segments.py."""

from __future__ import annotations

REVIEW = "Review: {}\nSentiment (positive or negative):"  # what forms begin with
LONGEST_ANSWER = 256  # tokens: each costs a forward pass
MASKINGS = {
    "delete": "Removed parts are cut out of the text.",
    "replace": "Removed parts are replaced by a text of your choice.",
    "mask-token": "Removed parts are replaced by the model's own mask token.",
    "attention": "Removed parts stay, but the model may not attend to them.",
}
MASKING_NAMES = {
    "delete": "Cut out of the text",
    "replace": "Replaced by a text",
    "mask-token": "Replaced by the model's mask token",
    "attention": "Hidden from the model's attention",
}
SPLIT_NAMES = {
    "words": "Words",
    "boundaries": "Words, in a script without spaces",
    "sentences": "Sentences",
    "lines": "Lines",
    "paragraphs": "Paragraphs",
    "tokens": "Tokens of the model",
    "regex": "Matches of a regular expression",
    "spans": "Pieces that you mark",
}
SPACE_NAMES = {"typed": "As typed", "one": "One space"}
SPACES = {
    "typed": "Between kept parts stands the white space that was typed.",
    "one": "Between kept words and sentences stands one space, between lines one line end, paragraphs two.",
}

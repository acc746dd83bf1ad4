"""Recorded runs of heads."""

from tools.recordings import Recording

CANDIDATES = (  # of the second run, by `spexviz.games.heads.signal.candidates(game, 48)` over all 270 heads
    "L0.H2",
    "L0.H3",
    "L0.H6",
    "L0.H8",
    "L1.H0",
    "L1.H5",
    "L1.H8",
    "L2.H0",
    "L2.H7",
    "L3.H3",
    "L6.H7",
    "L8.H1",
    "L9.H2",
    "L10.H2",
    "L10.H3",
    "L10.H4",
    "L10.H5",
    "L10.H6",
    "L10.H7",
    "L10.H8",
    "L11.H0",
    "L11.H1",
    "L11.H3",
    "L11.H5",
    "L12.H4",
    "L12.H5",
    "L12.H8",
    "L16.H0",
    "L17.H4",
    "L17.H5",
    "L18.H0",
    "L18.H6",
    "L21.H5",
    "L22.H4",
    "L22.H5",
    "L23.H0",
    "L23.H2",
    "L23.H3",
    "L23.H5",
    "L23.H7",
    "L24.H4",
    "L24.H7",
    "L27.H1",
    "L28.H1",
    "L29.H0",
    "L29.H1",
    "L29.H2",
    "L29.H8",
)

RUNS = (
    Recording(
        "eiffel-tower",
        "The Eiffel Tower is located in the city of → Paris: the 54 heads of the six middle layers",
        {
            "name": "heads",
            "model": "bundled",
            "prompt": "The Eiffel Tower is located in the city of",
            "target": " Paris",
            "contrast": " London",
        },
        finding="Nearly head by head: one coefficient a head explains 89 % of the variance, interactions 6 % "
        "more. A few heads carry the answer (L14.H8, L16.H3, L12.H4), and L14.H7 works against it.",
    ),
    Recording(
        "copying",
        "window summer coffee dragon window summer coffee → dragon: 48 heads of all layers, chosen by "
        "leave-one-out",
        {
            "name": "heads",
            "model": "bundled",
            "prompt": "window summer coffee dragon window summer coffee",
            "target": " dragon",
            "contrast": " summer",
            "layers": "all",
            "only": CANDIDATES,
            "keep": 0.75,
        },
        finding="Copying is not head by head: a fifth of the variance lies in interactions. One pair is "
        "confirmed on the model: L0.H2 and L0.H8, two heads of the first layer, are worth 2.3 nats more "
        "together than apart.",
    ),
)

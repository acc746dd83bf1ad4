"""Findings: what is said of a run is what its numbers say, by sums that are made here a second time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import spexviz as sv
from spexviz.kit.names import names
from spexviz.masks import all_but, all_masks
from spexviz.results import Check, Explanation, Measured, Sample
from spexviz.results.subject import Scale
from spexviz.views import finding, question, told, trust, without_text
from tests.explanations import changed
from tests.views.conftest import build

RUNS = sorted(
    path
    for path in (Path(__file__).resolve().parents[2] / "assets" / "runs").glob("*/*.json")
    if path.name != "index.json"
)
POSITIVE = Scale("log-odds", (" positive", " negative"))
PARIS = Scale("log-probability", (" Paris",))
WORDS = ("Her", "acting,", "never", "“fails”", "to", "impress.")
SENTENCES = tuple(f"Sentence {i} tells, at some length, what number {i} is about." for i in range(6))
SLIGHT = 0.05  # of the larger effect, below which an effect of an exact run counts as none

# what a sentence says of members → the kind that these must have
SAID = {
    "turn each other round": "turned",
    "turn one another round": "turned",
    "turns round what": "turned",
    "is turned round by": "turned",
    "each turns the other round": "turned",
    "each needs the other": "needs",
    " needs “": "needs",
    "stand in for": "stands in",
    "weaken": "stands in",
}


# a second way to the effects: f of the set alone, the others averaged term by term


def alone(run: Explanation, members: tuple[int, ...], coefficients: np.ndarray) -> np.ndarray:
    """(B, 2^m): the mean of f with these of the members kept, for coefficients (B, k)."""
    membership = run.spectrum.membership
    outside = np.delete(membership, members, axis=1).sum(1)
    mean_sign = (1 - 2 * run.fidelity.keep) ** outside
    inside = membership[:, members]
    signs = np.stack([(-1.0) ** (inside & row).sum(1) for row in all_masks(len(members))])
    return (coefficients * mean_sign) @ signs.T


def kinds(run: Explanation, members: tuple[int, ...]) -> dict[int, str]:
    """The kind of each member, by the rules of the page; {} where nothing tells how far off it may be."""
    spectrum = run.spectrum
    if run.proof.exact:
        tables = alone(run, members, spectrum.values[None])
    elif spectrum.draws is None:
        return {}
    else:
        tables = alone(run, members, spectrum.draws)
    every, found = 2 ** len(members) - 1, {}
    for place, i in enumerate(members):
        bit = 1 << place
        there = tables[:, every] - tables[:, every - bit]
        gone = tables[:, bit] - tables[:, 0]
        least = SLIGHT * max(abs(there[0]), abs(gone[0])) if run.proof.exact else 0.0
        with_, without = clear(there, least), clear(gone, least)
        more = clear(np.abs(there) - np.abs(gone), least)
        if with_ * without < 0:
            found[i] = "turned"
        else:
            found[i] = {1: "needs", -1: "stands in", 0: "adds up"}[more]
    return found


def clear(draws: np.ndarray, least: float) -> int:
    low, high = np.quantile(draws, (0.05, 0.95))
    return int(low > least) - int(high < -least)


# synthetic runs


def pair(
    first: float, second: float, both: float, rng: np.random.Generator, keep: float = 0.5
) -> dict[tuple[int, ...], float]:
    """Two players with these main effects and interaction (mean effects), and a little of the others."""
    mean_sign = 1 - 2 * keep
    f_both = both / 4
    terms = {(2, 3): f_both, (2,): -first / 2 - mean_sign * f_both, (3,): -second / 2 - mean_sign * f_both}
    for i in (0, 1, 4, 5):
        terms[i,] = float(0.05 * rng.standard_normal())
    return terms


def run_of(
    kind: str, seed: int, players: tuple[str, ...] = WORDS, scale: Scale | None = None, **how: object
) -> Explanation:
    """One synthetic run of a kind."""
    rng = np.random.default_rng(seed)
    size = float(rng.uniform(0.8, 3.0) * rng.choice([-1, 1]))
    keep = float(how.pop("keep", 0.5))
    shapes = {
        "single": (2.0, 0.1, 0.1),
        "needs": (0.62, 0.6, 1.3),
        "stands in": (0.62, 0.6, -1.3),
        "turned round": (0.1, 0.05, 2.0),
        "unlike": (0.97, 0.05, 2.0),
        "against": (1.0, -1.0, 1.7),
        "adds up": (1.5, 1.2, 0.0),
    }
    first, second, both = (size * part for part in shapes[kind])
    if keep != 0.5:
        first, second = (main - (1 - 2 * keep) / 2 * both for main in (first, second))
    run = build(players, pair(first, second, both, rng, keep), noise=0.05, **how)
    run = changed(run, noun="word", fidelity=replace(run.fidelity, keep=keep), text=" ".join(players))
    return changed(run, scale=scale or Scale())


def synthetic() -> Iterator[tuple[str, Explanation]]:
    scales = (None, POSITIVE, PARIS)
    for seed in range(6):
        scale = scales[seed % 3]
        for kind in ("single", "needs", "stands in", "turned round", "unlike", "against", "adds up"):
            yield f"{kind}-{seed}", run_of(kind, seed, scale=scale)
        for kind in ("needs", "unlike"):
            yield f"keep-{kind}-{seed}", run_of(kind, seed, scale=scale, keep=(0.75, 0.3)[seed % 2])
        exact = ("turned round", "stands in", "needs")[seed % 3]
        yield f"exact-{seed}", run_of(exact, seed, scale=scale, exact=True, draws=False)
        yield f"sentences-{seed}", run_of("stands in", seed, SENTENCES, scale=scale)
        yield f"no-draws-{seed}", run_of("needs", seed, scale=scale, draws=False)
        yield f"triple-{seed}", triple(seed, scale)
        yield f"gives-way-{seed}", giving_way((0.3, 0.9)[seed % 2], scale)
        yield f"denied-{seed}", denied(run_of("needs", seed, scale=scale))
        noise = run_of("needs", seed, scale=scale)
        yield f"noise-{seed}", changed(noise, fidelity=replace(noise.fidelity, r2=0.09 * seed))
        yield f"explained-{seed}", explained(seed)


def giving_way(other: float, scale: Scale | None) -> Explanation:
    """“never” does less beside “fails”, of whose own effect, `other` on average, little is certain."""
    run = run_of("needs", 0, scale=scale, keep=0.75)
    f_both = 0.25
    terms = {(2,): 0.2 + 0.5 * f_both, (3,): -other / 2 + 0.5 * f_both, (2, 3): f_both}
    rng = np.random.default_rng(0)
    draws = np.array(list(terms.values())) + np.array([0.01, 0.7, 0.01]) * rng.standard_normal((200, 3))
    return replace(run, spectrum=sv.Spectrum(6, terms, draws))


def triple(seed: int, scale: Scale | None) -> Explanation:
    """Three players that act together, and in pairs."""
    rng = np.random.default_rng(seed)
    terms = {(0, 1, 2): -1.2, (0, 1): 0.6 * rng.standard_normal(), (1, 2): 0.6 * rng.standard_normal()}
    for i in range(3):
        terms[i,] = 0.9 * rng.standard_normal()
    return changed(build(("a", "b", "c", "d"), terms, noise=0.05), scale=scale or Scale())


def denied(run: Explanation) -> Explanation:
    """Its strongest set is contradicted by a check."""
    return changed(run, checks=(Check((2, 3), 0.0, 2.0, 0.0, 2.0, (-0.1, 0.1), 8, "contradicted", 4, 64),))


def explained(seed: int) -> Explanation:
    """A real run, exact, of a random function of five players with sets of up to three."""
    rng = np.random.default_rng(seed)
    terms = {(): 0.3}
    for size, count in ((1, 3), (2, 3), (3, 2)):
        for _ in range(count):
            members = tuple(sorted(rng.choice(5, size, replace=False).tolist()))
            terms[members] = float(rng.standard_normal() * (1.5 if size > 1 else 0.7))
    function = sv.Spectrum(5, terms)
    game = sv.game(function, players=("a", "b", "c", "d", "e"), unit="kg", noun="part")
    return sv.explain(game, sv.Linear(), 64)


SYNTHETIC = dict(synthetic())


def recorded(path: Path) -> Explanation:
    return Explanation.from_json(path.read_text(encoding="utf-8"))


def all_runs() -> Iterator[tuple[str, Callable[[], Explanation]]]:
    for name, run in SYNTHETIC.items():
        yield name, lambda run=run: run
    for path in RUNS:
        yield path.stem, lambda path=path: recorded(path)


ALL = dict(all_runs())
each_run = pytest.mark.parametrize("run_name", ALL)


def unnamed(text: str, run: Explanation) -> str:
    """The text with each player's name as one word."""
    for i, name in sorted(enumerate(names(run.players)), key=lambda one: -len(one[1])):
        text = text.replace(f"“{name}”", f"“P{i}”")
    return text


def first_sentence(text: str) -> str:
    return re.split(r"(?<=\.)\s", text)[0]


def test_there_are_sixty_of_every_kind_and_every_recorded_run() -> None:
    assert len(SYNTHETIC) >= 60 and len(RUNS) >= 7


@each_run
def test_the_first_sentence_has_at_most_25_words_and_deeper_texts_begin_alike(run_name: str) -> None:
    run = ALL[run_name]()
    text = unnamed(finding(run), run)
    assert len(first_sentence(text).split()) <= 25, text
    assert text.endswith(".") and "  " not in text and " ." not in text
    anyone, analyst, researcher = (finding(run, depth) for depth in ("anyone", "analyst", "researcher"))
    assert analyst.startswith(anyone) and researcher.startswith(analyst)
    if told(run).lead is not None:
        assert len(anyone) < len(analyst) < len(researcher)
        assert not re.search(r"[0-9] %|\[", unnamed(anyone, run)), "numbers are for an analyst"
        assert "of the variance" in analyst and "reference distribution" in researcher
        assert "reference distribution" not in analyst


@each_run
def test_what_leads_is_not_contradicted_nor_over_0_and_has_the_largest_share_of_these(run_name: str) -> None:
    run = ALL[run_name]()
    found = told(run)
    effects = run.interactions("mean", min(5, len(run.players)))
    contradicted = {check.members for check in run.checks if check.verdict == "contradicted"}
    trusted = []
    for members, value in effects:
        low, high = (effects.intervals or {}).get(members, (value, value))
        is_clear = not low <= 0 <= high
        if members and members not in contradicted and is_clear and effects.shares[members] > 1e-3:
            trusted.append(members)
    trusted.sort(key=lambda members: -effects.shares[members])
    if found.lead is None:
        assert not trusted or run.fidelity.r2 < 0.75
        return
    others = [members for members in trusted if not set(members) <= set(trusted[0])]
    assert found.sets == (trusted[0], *others[:1]), "a member of what leads is told with it"
    for part in found.parts:
        text = " ".join(part.sentences)
        assert all(f"“{names(run.players)[i]}”" in text for i in part.members), text


@each_run
def test_what_is_said_of_a_set_is_what_its_members_do(run_name: str) -> None:
    run = ALL[run_name]()
    for part in told(run).parts:
        said = unnamed(part.sentences[0], run)
        if len(part.members) == 1:
            said = said.partition(";")[0]  # what follows is of the pair with the lead
            assert not any(phrase in said for phrase in SAID)
            continue
        expected = kinds(run, part.members)
        of_what = {kind for phrase, kind in SAID.items() if phrase in said}
        assert "work together" not in said
        if set(expected.values()) <= {"adds up"}:
            assert not of_what, said
            assert "compared with" in said
            continue
        assert len(of_what) == 1, said
        (kind,) = of_what
        if len(set(expected.values())) == 1:
            assert {kind} == set(expected.values()), (said, expected)
            continue
        match = re.search(
            r"turns round what “P(\d+)” does|“P(\d+)” is turned round|“P(\d+)” needs|“P(\d+)” can stand"
            r"|weakens? “P(\d+)”",
            said,
        )
        assert match, (said, expected)
        (named,) = (int(group) for group in match.groups() if group)
        assert expected[named] == kind, (said, expected)


@each_run
def test_what_is_said_of_two_players_is_what_they_do_to_each_other(run_name: str) -> None:
    run = ALL[run_name]()
    found = told(run)
    if found.runner_up is None or {len(members) for members in found.sets} != {1}:
        return
    _, _, clause = unnamed(found.runner_up.sentences[0], run).partition(";")
    (one,), (other,) = found.sets
    expected = kinds(run, tuple(sorted((one, other))))
    if not expected or run_name.startswith("denied"):
        assert not clause
        return
    of_what = {kind for phrase, kind in SAID.items() if phrase in clause}
    if "mostly add up" in clause:
        assert not of_what
    elif "add up" in clause:
        assert set(expected.values()) == {"adds up"}
    else:
        assert len(of_what) == 1 and of_what <= set(expected.values())


DIRECTIONS = (
    ("towards “positive”", 1),
    ("towards “negative”", -1),
    ("“Paris” likelier", 1),
    ("“Paris” less likely", -1),
    ("raises the value", 1),
    ("lowers the value", -1),
    ("raise the value", 1),
    ("lower the value", -1),
)


@each_run
def test_question_trust_and_finding_do_not_contradict_each_other(run_name: str) -> None:
    run = ALL[run_name]()
    asked, line = question.question(run).lines, trust.trust(run).lines[0]
    assert len(asked) >= 2 and all(asked) and "Measured: " in " ".join(asked)
    for end in run.ends:
        if run.subject.scale.kind == "log-odds":
            chance = 100 / (1 + np.exp(-end))
            assert abs(chance - 50) > 49 or f"{chance:.0f} %" in " ".join(asked)
    words = {"good": "Good", "fair": "Read the strongest only", "poor": "Do not read"}
    assert line.startswith((words[trust.quality(run)], "Nothing to read"))
    assert (told(run).lead is None) >= (trust.quality(run) == "poor"), "nothing is found"
    if told(run).lead is None and trust.quality(run) == "poor":
        assert finding(run).startswith(("Nothing", "The value never changed"))


@pytest.mark.parametrize("run_name", SYNTHETIC)
def test_directions_are_those_of_the_effects(run_name: str) -> None:
    run = ALL[run_name]()
    for part in told(run).parts:
        said = unnamed(part.sentences[0], run)
        signs = sorted((said.index(words), sign) for words, sign in DIRECTIONS if words in said)
        if not signs:
            assert "turn one another round" in said
            continue
        point = alone(run, part.members, run.spectrum.values[None])[0]
        every = len(point) - 1
        first = signs[0][1]
        if len(part.members) == 1 or "together" in said or re.search("both (push|make|raise|lower)", said):
            assert first * (point[every] - point[0]) > 0, said
        elif "compared with" in said:
            parity = (-1.0) ** (len(part.members) - all_masks(len(part.members)).sum(1))
            assert first * (parity @ point) > 0, said
        else:
            named = re.search(
                r"what “P(\d+)” does|“P(\d+)” is turned|“P(\d+)” (?:needs|can)|weakens? “P(\d+)”", said
            )
            at = 0
            if named:
                (at,) = (part.members.index(int(group)) for group in named.groups() if group)
            bit = 1 << at
            with_, without = point[every] - point[every - bit], point[bit] - point[0]
            if "above all without" in said:
                with_ = without
            assert first * with_ > 0, said
            if "but" in said:
                assert with_ * without < 0, said


@pytest.mark.parametrize("run_name", [name for name in SYNTHETIC if name.startswith("noise")])
def test_where_little_is_explained_nothing_is_said(run_name: str) -> None:
    run = SYNTHETIC[run_name]
    said = finding(run, "researcher")
    assert said.startswith("Nothing can be said yet") and "More ablations may help" in said
    assert told(run).lead is None and not any(f"“{name}”" in said for name in names(run.players))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("single", "The word “never” matters most: it "),
        ("needs", "together"),
        ("needs", ": each needs the other"),
        ("stands in", "both"),
        ("stands in", ", and one can stand in for the other"),
        ("turned round", "turn each other round: each"),
        ("unlike", "turns round what “fails” does: “fails”"),
        ("adds up", "; the two add up"),
    ],
)
def test_every_kind_is_said(kind: str, words: str) -> None:
    for seed in range(6):
        said = finding(SYNTHETIC[f"{kind}-{seed}"])
        assert words in said, said


def test_a_contradicted_set_does_not_lead_and_that_something_may_carry_more_is_said() -> None:
    run = SYNTHETIC["denied-0"]
    assert told(run).lead is not None and (2, 3) not in told(run).sets
    assert "Something else may carry more, but that is not certain." in finding(run)
    assert "each needs" not in finding(run), "nor does the pair come in by its players"


def test_the_pair_of_the_recorded_prompt_is_named_for_anyone() -> None:
    run = recorded(next(path for path in RUNS if path.stem == "never-fails"))
    assert finding(run).startswith(
        "The words “never” and “fails” turn each other round: each pushes towards “positive” beside the "
        "other, but towards “negative” without it. Next comes the word “impress”"
    )
    shown = without_text(run)
    assert shown.startswith("positive: 81 %; without “never” 38 %, without “fails” 46 %, without both 85 %;")


def test_near_duplicates_stand_in_for_each_other() -> None:
    for stem in ("elevator", "three"):
        said = finding(recorded(next(path for path in RUNS if path.stem == stem)))
        assert "one can stand in for the other" in said and "together" not in said


# the untouched input


def exact_of(values: list[float], **parts: object) -> Explanation:
    """Two words, and the values of neither, the first, the second, and both."""
    game = sv.game(
        lambda masks: np.array(values)[masks @ [1, 2]], players=("good", "bad"), unit="margin", noun="word"
    )
    return changed(sv.explain(game, sv.Linear(), 64), text="good bad", **parts)


def of_five(average: list[float], here: list[float]) -> Explanation:
    """Of neither a nor b, a, b, both: the values on most masks, and those where all three others are kept."""

    def values(masks: np.ndarray) -> np.ndarray:
        row = masks[:, :2] @ [1, 2]
        return np.where(masks[:, 2:].all(1), np.array(here)[row], np.array(average)[row])

    game = sv.game(values, players=list("abcde"), unit="margin", noun="word")
    return changed(sv.explain(game, sv.Linear(), 64), text="a b c d e")


RAISES, TURNING, NEEDING = [0, 3, 0, 3], [1, 0, 0, 1.2], [0, -0.1, -0.1, 4.5]


@pytest.mark.parametrize(
    ("average", "here", "words"),
    [
        (RAISES, [0, 0, 0, 0], "In this text itself, though, it changes next to nothing."),
        (RAISES, [0, 0.2, 0, 0.2], "In this text itself, though, it changes next to nothing."),
        (RAISES, [0, -1, 0, -1], "In this text itself, though, it lowers the value."),
        (RAISES, [0, 1, 0, 1], ""),
        (TURNING, [0, 1, 1, 2], "In this text itself, though, they hardly act on each other."),
        (TURNING, [0, 1, 1, 1], "In this text itself, though, one can stand in for the other."),
        (TURNING, [0, 1, 1, 5], "In this text itself, though, each needs the other."),
        (TURNING, [0, 1, 1, 0], "In this text itself, though, it is the other way round."),
        (TURNING, [3, 1, 1, 2], ""),
        (NEEDING, [0, 0.1, 0.1, -4.5], "In this text itself, though, together they lower the value."),
        (NEEDING, [0, 0, 0, 5], ""),
    ],
)
def test_where_the_input_says_otherwise_that_is_said(
    average: list[float], here: list[float], words: str
) -> None:
    run = of_five(average, here)
    lead = told(run).lead
    assert lead is not None and lead.members == ((0,) if average == RAISES else (0, 1))
    if words:
        assert lead.sentences[1] == words
    else:
        assert "though" not in " ".join(lead.sentences)
    heads = changed(run, text=None, noun="head")
    assert ("With every head in place, though," in finding(heads)) == bool(words)
    unasked = changed(run, sample=Sample(run.sample.masks[:16], run.sample.values[:16]))
    assert "though" not in finding(unasked), "what was not asked is not said"


def test_without_text_is_measured_by_the_scale_and_only_what_was_asked() -> None:
    odds = float(np.log(3.0))
    run = exact_of([odds, 0.0, -odds, 2 * odds], scale=POSITIVE)
    assert without_text(run) == "positive: 90 %; without “good” 25 %, without “bad” 50 %, without both 75 %."
    run = exact_of([-3.0, -2.0, -1.0, -0.5], scale=PARIS)
    assert without_text(run).startswith("Paris: 61 %; without “bad” 14 %; without “good” 37 %")
    assert without_text(exact_of([7.0, 1.0, 2.0, 7.5])).startswith(
        "Everything kept: 7.5 margin; without “good” 2 margin, without “bad” 1 margin, without both 7 margin."
    )


def few_kept(sample: Sample) -> Sample:
    """The masks that say nothing of the untouched input."""
    rows = sample.masks.sum(1) <= 3
    return Sample(sample.masks[rows], sample.values[rows])


def test_what_every_run_measures_is_told_and_nothing_is_predicted() -> None:
    run = SYNTHETIC["needs-1"]
    bare = changed(run, sample=few_kept(run.sample), held_out=few_kept(run.held_out))
    assert without_text(bare) == ""
    sets = [(2,), (3,), (0, 1)]
    measured = Measured(Sample(all_but(sets, 6), np.array([0.0, 1.0, -1.0])), tuple(sets), ablations=3)
    shown = without_text(replace(bare, measured=measured))
    assert shown.startswith("positive: ") and shown.endswith("; without “never” 50 %, without “fails” 73 %.")


def test_what_is_almost_certain_is_told_apart() -> None:
    run = exact_of([0.0, 4.0, 6.0, 12.0], scale=POSITIVE)
    assert without_text(run) == "positive: 99.9994 %; without “bad” 98 %; without “good” 99.8 %."


def test_a_member_is_named_by_itself_where_they_are_unlike() -> None:
    assert finding(SYNTHETIC["gives-way-0"]).startswith(
        "“never” can stand in for “fails”: it lowers the value (log-odds) above all without “fails”."
    )
    assert finding(SYNTHETIC["gives-way-3"]).startswith(
        "“fails” weakens “never”: “never” lowers the value (log-odds) above all without “fails”."
    ), "they push against each other"


def test_members_that_push_against_each_other_are_not_said_to_do_the_same() -> None:
    part = told(triple(148, None)).runner_up
    assert part is not None and set(part.kinds) == {"stands in for"}
    assert part.sentences[0].startswith("Next, “c” can stand in for “a” and “b”: it raises the value")


# what else there is to say


def test_a_single_player_no_set_and_what_lies_in_larger_sets() -> None:
    one = sv.explain(sv.game(lambda masks: masks[:, 0] * 2.0, ["x"], unit="kg", noun="part"), sv.Linear(), 8)
    assert finding(one) == "The only part, “x”, raises the value (kg)."
    parity = sv.game(lambda masks: masks.sum(1) % 2 * 1.0, players=6, noun="word")
    assert finding(sv.explain(parity, sv.Linear(), 64)) == (
        "Nothing stands out: no word or set of up to 5 words clearly moves the value."
    )
    none = build(("a", "b"), {}, draws=False)
    assert finding(none).startswith(
        "Nothing stands out: no player or set of players clearly moves the value."
    )


def test_players_that_act_alone_add_up() -> None:
    run = sv.explain(sv.game(lambda masks: masks @ [3.0, -2.0, 0.1], ["a", "b", "c"]), sv.Linear(), 8)
    assert finding(run) == (
        "The player “a” matters most: it raises the value. "
        "Next comes the player “b”: it lowers the value; the two add up."
    )


def test_two_players_that_change_each_other_a_little_mostly_add_up() -> None:
    assert finding(exact_of([0.0, 2.0, 1.8, 4.1])).endswith("too; the two mostly add up.")


def test_many_small_players_do_not_stand_out() -> None:
    run = build(tuple("abcdefghijklmnopqrst"), {(i,): 0.3 + 0.01 * i for i in range(20)}, draws=False)
    assert "does not stand out by far: many players carry a little each" in finding(run)


def test_larger_sets_are_told_by_their_members() -> None:
    game = sv.game(lambda masks: masks[:, :3].all(1) * 8.0, players=list("abcd"), unit="kg")
    run = sv.explain(game, sv.Linear(), 64)
    # single players, pairs and the triple have the same share; the triple alone is told here
    only = replace(run, spectrum=sv.Spectrum(4, {(0, 1, 2): -1.0}))
    assert told(only).lead is not None and told(only).lead.members == (0, 1, 2)
    assert told(run).lead is not None


def test_a_long_unit_and_long_names_keep_the_sentence_short() -> None:
    unit = "share of the answers that three people called right in percent"
    run = changed(SYNTHETIC["sentences-0"], unit=unit)
    assert "(share" not in finding(run) and len(first_sentence(unnamed(finding(run), run)).split()) <= 25
    assert "Sentence 2 tells, at some length, what…" in finding(run)


def test_a_card_says_what_the_page_says() -> None:
    for path in RUNS:
        rows = json.loads((path.parent / "index.json").read_text(encoding="utf-8"))
        (row,) = (row for row in rows if row["file"] == path.name)
        assert row["finding"] == finding(recorded(path))

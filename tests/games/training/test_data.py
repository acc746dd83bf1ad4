from __future__ import annotations

import os
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from spexviz.errors import GameError
from spexviz.games.training import data as datasets

_HELD = ("train", "train", "train", "train", "train", "test")
GOOD = "text,label\n" + "\n".join(f"text {i},{'ab'[i % 2]}" for i in range(12))

SPLIT = "text,label,split\n" + "\n".join(f"text {i},{'ab'[i % 2]},{_HELD[i % 6]}" for i in range(12))


def test_the_bundled_reviews_are_what_they_say() -> None:
    data = datasets.load("reviews")
    assert len(data.train) == 160 and len(data.test) == 50 and data.classes == ("negative", "positive")
    assert len(data.mislabelled()) == 10 and sorted(data.planted_pairs()) == list(range(10))
    assert len({*data.train.texts, *data.test.texts}) == 210
    assert 75 <= sum(data.train.labels) <= 85 and set(data.train.sources) == {
        "film",
        "food",
        "hotel",
        "gadget",
        "book",
    }
    for query, pair in data.planted_pairs().items():
        texts = [
            set(data.test.texts[query].lower().split()),
            *(set(data.train.texts[i].lower().split()) for i in pair),
        ]
        assert len(texts[1] & texts[2]) >= 4 and len(texts[0] & texts[1]) >= 3
        assert len({data.test.labels[query], *(data.train.labels[i] for i in pair)}) == 1


def test_the_digits_are_planted_as_they_say() -> None:
    pytest.importorskip("sklearn")
    data = datasets.load("digits")
    assert (
        len(data.train) == 190
        and len(data.test) == 60
        and len(data.mislabelled()) == 10
        and len(data.planted_pairs()) == 10
    )
    for query, (one, other) in data.planted_pairs().items():
        copies = [data.test.images[query], data.train.images[one], data.train.images[other]]
        assert (
            abs(copies[0] - copies[1]).max() <= 2
            and abs(copies[1] - copies[2]).max() <= 2
            and (copies[1] != copies[2]).any()
        )
    assert data.train.images.min() >= 0 and data.train.images.max() <= 16


def test_a_file_is_read_with_any_separator_and_split() -> None:
    data = datasets.read_csv(GOOD.encode())
    assert (
        len(data.train) == 10
        and len(data.test) == 2
        and data.test.texts == ("text 4", "text 9")
        and data.classes == ("a", "b")
    )
    again = datasets.read_csv(b"\xef\xbb\xbf" + GOOD.replace(",", ";").replace("\n", "\r\n").encode())
    assert again.train == data.train and again.label != data.label
    rows = [f'"line {i},\nnext"\t{"ab"[i % 2]}\t{"test" if i < 2 else "Train"}' for i in range(12)]
    named = datasets.read_csv(("Text\tLABEL\tsplit\n" + "\n".join(rows)).encode())
    assert len(named.test) == 2 and named.train.texts[0] == "line 2,\nnext"


@pytest.mark.parametrize("first", ["sep=;\n", "SEP=;\r\n", '"sep=;"\n'])
def test_a_file_may_say_its_separator_in_its_first_line(first: str) -> None:
    """Case 18: as Excel writes and reads it."""
    data = datasets.read_csv((first + GOOD.replace(",", ";").replace("text 3", "3,,,,4")).encode())
    assert data.train.texts[3] == "3,,,,4" and len(data.train) == 10


def test_a_label_in_every_fifth_row_is_trained_on_and_tested() -> None:
    """Case 18."""
    rows = [f"text {i},{'z' if i % 5 == 4 else 'ab'[i % 2]}" for i in range(60)]
    data = datasets.read_csv("\n".join(["text,label", *rows]).encode())
    trained, tested = Counter(data.train.labels), Counter(data.test.labels)
    assert data.classes == ("a", "b", "z") and trained + tested == {0: 24, 1: 24, 2: 12}
    assert tested == {0: 5, 1: 5, 2: 3}
    single = datasets.read_csv(GOOD.replace("text 4,a", "text 4,z").encode())
    assert single.classes == ("a", "b", "z") and "text 4" in single.train.texts


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "at least 8"),
        (b"text,label\n", "at least 8"),
        (GOOD.encode("utf-16"), "CSV UTF-8"),
        (GOOD.encode() + b"\nna\xefve,a", "CSV UTF-8"),
        (GOOD.replace("text 3", "te\0xt").encode(), "NUL"),
        (GOOD.replace("label", "class", 1).encode(), "column named 'label'"),
        (GOOD.replace("text,label", "text,label,text", 1).encode(), "column named 'text'"),
        (GOOD.replace("text 3,", ",").encode(), "Row 5 has an empty text"),
        (GOOD.replace("text 1", "\n\ntext 1").replace("text 3,", ",").encode(), "Row 7 has an empty text"),
        (GOOD.replace("text 3,b", "text 3,").encode(), "Row 5 has an empty label"),
        (GOOD.replace("text 3,b", "text 3").encode(), "Row 5 has 1 cells"),
        (GOOD.replace("text 3", "text 3, more").encode(), "Row 5 has 3 cells"),
        (GOOD.replace(",b", ",a").encode(), "same label"),
        (GOOD.replace("text 3", "x" * 2_001).encode(), "2,001 characters"),
        (GOOD.replace("text 3", "x" * 200_000).encode(), "field larger"),
        (GOOD.replace("text 3", '"text 3').encode(), "double quotes"),
        (GOOD.replace("3,b", "3," + "b" * 61).encode(), "61 characters"),
        (GOOD.encode() + b"x" * 5_000_001, "MB"),
        (("text,label\n" + "a,b\nc,d\n" * 2_501).encode(), "at most 5,000"),
        (("text,label\n" + "\n".join(f"t{i},{i}" for i in range(30))).encode(), "at most 20"),
        (
            ("text,label,split\n" + "\n".join(f"t{i},{'ab'[i % 2]},dev" for i in range(30))).encode(),
            "train or test",
        ),
        (
            ("text,label,split\n" + "\n".join(f"t{i},{'ab'[i % 2]},test" for i in range(30))).encode(),
            "split train",
        ),
        (
            ("text,label,split\n" + "\n".join(f"t{i},{'ab'[i % 2]},train" for i in range(30))).encode(),
            "0 to test",
        ),
        (SPLIT.replace("a,train", "z,test", 1).encode(), "label 'z' occurs only among the held-out"),
        (SPLIT.replace("b,train", "b,", 3).encode(), "Row 3 has an empty split, as 3 of 12 rows have: write"),
        (b"one,two\n1,2\n", "column named 'text'; its first row reads: 'one', 'two'"),
        (b"sep=;\none;two\n1;2\n", "its first row reads: 'one', 'two'"),
        (b"sep=;\n" + GOOD.replace("text 3,b", ",b").replace(",", ";").encode(), "Row 6 has an empty text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "CSV UTF-8"),
    ],
)
def test_a_bad_file_is_refused_with_the_remedy(content: bytes, says: str) -> None:
    with pytest.raises(GameError, match=says):
        datasets.read_csv(content)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../../etc/passwd",
        "upload:../../../etc/passwd",
        "upload:" + "f" * 16,
        "upload:" + "F" * 16,
        "reviews.csv",
        None,
    ],
)
def test_a_name_that_is_no_data_set_is_refused_and_never_a_path(name: object) -> None:
    with pytest.raises(GameError):
        datasets.load(name)  # type: ignore[arg-type]


def test_an_upload_is_found_again_by_its_content_and_a_changed_one_is_refused(private_home) -> None:
    data = datasets.keep(GOOD.encode())
    assert datasets.load(data.label) == data
    path = private_home / "data" / f"{data.label[7:]}.csv"
    path.write_text(GOOD.replace("text 3", "text three"))
    with pytest.raises(GameError, match="was changed"):
        datasets.load(data.label)
    # what is there is replaced where it is another
    assert datasets.load(datasets.keep(GOOD.encode()).label) == data


def test_an_upload_that_is_kept_again_can_be_read_meanwhile(private_home) -> None:
    name, end = datasets.keep(GOOD.encode()).label, threading.Event()

    def again() -> None:
        while not end.is_set():
            datasets.keep(GOOD.encode())

    with ThreadPoolExecutor(1) as pool:
        kept = pool.submit(again)
        try:
            assert len({datasets.load(name).fingerprint for _ in range(100)}) == 1
        finally:
            end.set()
        kept.result()
    assert not list(private_home.glob("data/*.tmp"))


def test_only_the_newest_uploads_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEXVIZ_HOME", str(tmp_path))
    monkeypatch.setattr(datasets, "MOST_FILES", 2)
    names = []
    for i in range(3):
        names.append(datasets.keep(GOOD.replace("text 3", f"text {i}0").encode()).label)
        os.utime(tmp_path / "data" / f"{names[-1][7:]}.csv", (i, i))
    with pytest.raises(GameError, match="upload it again"):
        datasets.load(names[0])
    assert datasets.load(names[1]) and datasets.load(names[2])

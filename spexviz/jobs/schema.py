"""The tables of the runs' file, how they came to be, and what becomes of a file that is damaged."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from spexviz.errors import StoreDamaged
from spexviz.kit.database import Database
from spexviz.kit.paths import home
from spexviz.kit.rescue import rescue

FILE = "spexviz.sqlite3"
MIGRATIONS = (
    ("0001 ablations", ""),  # moved to ablate/cache.py, with its tables
    (
        "0002 runs",
        """CREATE TABLE runs (
            id TEXT PRIMARY KEY, spec TEXT NOT NULL, state TEXT NOT NULL,
            owner TEXT NOT NULL DEFAULT '', title TEXT NOT NULL DEFAULT '',
            done INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0,
            rate REAL NOT NULL DEFAULT 0, phase TEXT NOT NULL DEFAULT '',
            message TEXT NOT NULL DEFAULT '', result TEXT, version INTEGER NOT NULL DEFAULT 0,
            created REAL NOT NULL, started REAL, finished REAL, deleted REAL);
        CREATE INDEX runs_by_time ON runs (created DESC);""",
    ),
    # until now a run's id was the hash of its settings, and an owner had only a run that was asked for here
    (
        "0003 runs have ids of their own",
        """ALTER TABLE runs ADD COLUMN spec_id TEXT NOT NULL DEFAULT '';
        ALTER TABLE runs ADD COLUMN user TEXT NOT NULL DEFAULT '';
        ALTER TABLE runs ADD COLUMN origin TEXT NOT NULL DEFAULT '';
        UPDATE runs SET spec_id = id, origin = CASE owner WHEN '' THEN 'file' ELSE '' END;
        CREATE INDEX runs_by_spec ON runs (spec_id);
        CREATE UNIQUE INDEX runs_asked_once ON runs (spec_id, user) WHERE origin = '';""",
    ),
    # of results of before nothing is known, so they are not compared
    ("0004 results have digests", "ALTER TABLE runs ADD COLUMN digest TEXT NOT NULL DEFAULT '';"),
    # preview: colours before there is a result; to_go: seconds that the run said it needs, at the time `told`
    (
        "0005 runs have previews",
        """ALTER TABLE runs ADD COLUMN preview TEXT;
        ALTER TABLE runs ADD COLUMN to_go REAL;
        ALTER TABLE runs ADD COLUMN told REAL NOT NULL DEFAULT 0;""",
    ),
    # finding and trust of a result, for a list of runs: written by whoever has first told of it
    ("0006 runs keep what is said of them", "ALTER TABLE runs ADD COLUMN said TEXT NOT NULL DEFAULT '';"),
    (
        "0007 runs know what they were begun from",
        """CREATE TABLE ways (before TEXT NOT NULL, after TEXT NOT NULL, made REAL NOT NULL,
            PRIMARY KEY (before, after)) WITHOUT ROWID;
        CREATE INDEX ways_back ON ways (after);""",
    ),
)
SPOILED = "Its result was damaged on the disk: resume to fit it anew. What was measured is kept."
_log = logging.getLogger(__name__)


def database(path: Path | str | None = None) -> Database:
    """The file of the runs, by default that of SPEXVIZ_HOME; opened when it is first used."""
    if path is None:
        path = home() / FILE
    return Database(path, MIGRATIONS, lazy=True, precious=True)


def copy_of(runs: Database) -> Path:
    """Where the latest copy of the file lies."""
    return runs.path.with_name(f"{runs.path.name}.copy")


def copied_result(runs: Database, run_id: str, digest: str) -> str | None:
    """The result with this digest, as the latest copy of the file holds it; None where it does not."""
    copy = copy_of(runs).resolve().as_uri()
    query = "SELECT result FROM runs WHERE id = ? AND digest = ?"
    try:
        with closing(sqlite3.connect(f"{copy}?mode=ro&immutable=1", uri=True)) as opened:
            (text,) = opened.execute(query, (run_id, digest)).fetchone() or (None,)
    except sqlite3.Error:  # there is none yet, or it is of an older version
        return None
    return text


def checked(runs: Database) -> str:
    """Look whether the file is whole, and set a damaged one aside; what a person should know of it, or ""."""
    try:
        runs.connection()
        runs.check()
    except StoreDamaged as error:
        return mend(runs, error)
    return ""


def mend(runs: Database, damage: StoreDamaged) -> str:
    """Set a damaged file aside and go on with all runs that can still be read; says so."""
    found = rescue(runs, "runs", copy_of(runs))
    if found is None:  # another process was faster, and says it
        return ""
    with runs.write() as connection:  # those of which only the settings could be read
        query = "UPDATE runs SET state = 'interrupted', message = ? WHERE state = 'done' AND result IS NULL"
        connection.execute(query, (SPOILED,))
    copied = ""
    if found.copied:
        copied = f", {found.copied} more from its last copy"
    notice = (
        f"The file of the runs was damaged and was set aside as {found.aside.name}. {found.rows} runs could "
        f"be read from it{copied}; they are listed. What is missing can be run again: its ablations are kept."
    )
    _log.warning("%s (%s; it lies in %s)", notice, damage, found.aside.parent)
    return notice

"""The environment variables, each with what it means, for the command line and the documents."""

from __future__ import annotations

from typing import NamedTuple


class Variable(NamedTuple):
    """One variable of the environment."""

    name: str
    meaning: str
    default: str


VARIABLES = (
    Variable("SPEXVIZ_HOME", "the folder of models, runs and ablations", "~/.cache/spexviz"),
    Variable(
        "SPEXVIZ_MODELS", "names of models that the browser may pick, separated by commas", "bundled,toy"
    ),
    Variable("SPEXVIZ_ENDPOINTS", "the file that names endpoints", "endpoints.toml in SPEXVIZ_HOME"),
    Variable(
        "SPEXVIZ_PRECISION",
        "what models compute in: auto, fp32, bf16 or fp16; also --precision",
        "auto: what the machine has instructions for",
    ),
    Variable("SPEXVIZ_THREADS", "threads for torch and the fits", "the cores"),
    Variable("SPEXVIZ_EXECUTOR", "where ablations are evaluated: local or ray; also --executor", "local"),
    Variable("SPEXVIZ_WORKERS", "replicas of the model with ray; also --workers", "2"),
    Variable(
        "SPEXVIZ_CACHE_MB", "size of the cache of ablations in MB; whole games go, least used first", "2048"
    ),
    Variable(
        "SPEXVIZ_TOKEN", "a token of your own, at least 16 letters", "made where others reach the server"
    ),
    Variable("SPEXVIZ_NO_TOKEN", "1: ask nobody for a token; also --no-token", "off"),
    Variable(
        "SPEXVIZ_ALLOW_HOSTS",
        "further names that the server answers to, separated by commas; also --allow-host",
        "none",
    ),
    Variable("SPEXVIZ_LOG_JSON", "1: the log as JSON lines; also --log-json", "off"),
    Variable("SPEXVIZ_METRICS", "1: figures for Prometheus at /metrics; also --metrics", "off"),
    Variable(
        "SPEXVIZ_EMBED_ORIGINS",
        "sites that may show single runs in a frame, as https://wiki.example.org, separated by commas",
        "none",
    ),
)


def listed() -> str:
    """All of them, a line each, for a terminal."""
    widest = max(len(one.name) for one in VARIABLES)
    lines = [f"  {one.name:{widest}}  {one.meaning} (default: {one.default})" for one in VARIABLES]
    return "\n".join(["environment variables:", *lines])

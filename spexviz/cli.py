"""The command line: spexviz explain | report | serve | models."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import spexviz
from spexviz.errors import ServeError, SpecError, SpexvizError
from spexviz.kit.paths import APP
from spexviz.models.machine import PRECISIONS, SETTING

if TYPE_CHECKING:
    from spexviz.ablate.cache import Cache
    from spexviz.run.cost import Cost
    from spexviz.run.plan import Request


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 if it worked, 1 with the reason on standard error, 130 after Ctrl+C."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    parser = _parser(arguments)
    options, options.unknown = parser.parse_known_args(arguments)
    if options.unknown and options.command is not _explain:
        parser.error(f"there is no {options.unknown[0]}")
    if options.precision:
        os.environ[SETTING] = options.precision
    try:
        return options.command(options)
    except (SpexvizError, OSError) as error:
        print(f"spexviz: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\nspexviz: stopped; what was measured is kept, so the same command goes on from here.",
            file=sys.stderr,
        )
        return 130


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parser; the settings of the game and the solver that `arguments` name are among its options."""
    from spexviz.kit import variables

    parser = argparse.ArgumentParser(
        prog="spexviz",
        description="See which parts of a language model's world act together.",
        epilog=variables.listed(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"spexviz {spexviz.__version__}")
    commands = parser.add_subparsers(required=True, metavar="explain | report | serve | models")
    explain = commands.add_parser(
        "explain", help="explain a prompt, or another game, and save the run as JSON", allow_abbrev=False
    )
    _explain_options(explain, arguments)
    _report_options(commands.add_parser("report", help="one HTML file of runs, to send or to print"))
    _serve_options(commands.add_parser("serve", help="serve the dashboard on this machine"))
    _models_options(commands.add_parser("models", help="list models and solvers"))
    return parser


def _explain_options(explain: argparse.ArgumentParser, arguments: Sequence[str]) -> None:
    from spexviz.kit import flags
    from spexviz.kit.registry import offered
    from spexviz.spec import SCORINGS

    solvers = ", ".join(offered("spexviz.solvers"))
    games = ", ".join(name for name, kind in offered("spexviz.games").items() if flags.typeable(kind))
    add = explain.add_argument
    add("--game", default="prompt", help=f"what is ablated: {games}; its settings follow")
    add("--solver", default="auto", help=f"one of {solvers}; its settings follow")
    add("--budget", type=int, default=512, help="ablations that the fit may see; by default 512")
    add("--seed", type=int, default=0, help="of all randomness: the same seed, the same numbers")
    add(
        "--check",
        action="store_true",
        help="check the strongest sets on the model, up to 25 %% more ablations",
    )
    add("--target-r2", type=float, help="stop at the first checkpoint whose interval of R² lies above this")
    add(
        "--stop-when-flat",
        action="store_true",
        help="stop when two doublings have gained less than .01 of R² each",
    )
    add(
        "--scoring",
        choices=tuple(SCORINGS),
        help="where R² is measured: folds, on every ablation by a fit that has not seen it (where the solver "
        "fits any masks), or held-out, on further ones",
    )
    add(
        "--near",
        type=float,
        help="share of the ablations that remove one to three players; by folds a tenth",
    )
    add("--index", default="mean", help="index of the sets that are printed; by default their mean effect")
    add("--order", type=int, default=3, help="highest order of the sets that are printed")
    add("--out", type=Path, help="file for the run; opens in the app and in the library")
    add(
        "--executor",
        help="where ablations are evaluated: local or ray; by default SPEXVIZ_EXECUTOR, else local",
    )
    add(
        "--workers",
        type=int,
        help="replicas of the model for --executor ray; by default SPEXVIZ_WORKERS, else 2",
    )
    _add_precision(explain)
    explain.set_defaults(command=_explain)
    if "explain" not in arguments[:1]:
        return
    without_help = [one for one in arguments[1:] if one not in ("-h", "--help")]
    named, _ = explain.parse_known_args(without_help)
    for prefix, name in (("game", named.game), ("solver", named.solver)):
        kind = offered(f"spexviz.{prefix}s").get(name)
        if kind is not None:  # another name is refused when the run is made
            flags.add(explain, kind, prefix)


def _report_options(report: argparse.ArgumentParser) -> None:
    from spexviz.views.story import DEPTHS

    add = report.add_argument
    add("runs", nargs="+", metavar="RUN_OR_FILE", help="runs of this SPEXVIZ_HOME by their ids, or files")
    add("--out", type=Path, required=True, help="the HTML file to write")
    add("--title", default="", help="of the report; by default that of its run")
    add("--depth", choices=DEPTHS, default=DEPTHS[0], help="for whom it is told")
    add("--index", default="mean", help="index of the sets; by default their mean effect")
    add("--order", type=int, help="highest order of the sets that are shown")
    report.set_defaults(command=_report, precision=None)


def _serve_options(serve: argparse.ArgumentParser) -> None:
    add = serve.add_argument
    add("--port", type=int, default=8501, help="by default 8501")
    add(
        "--host",
        default="127.0.0.1",
        help="loopback unless you say otherwise; on another the dashboard asks for a token, which it prints",
    )
    add(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a further name by which browsers reach this server, as behind a proxy; several times if needed",
    )
    add(
        "--no-token",
        action="store_true",
        help="ask nobody for a token; to choose your own, set SPEXVIZ_TOKEN",
    )
    add("--log-json", action="store_true", help="write the log as JSON, a line each, without what was typed")
    add("--metrics", action="store_true", help="offer figures for Prometheus at /metrics")
    add(
        "--model",
        action="append",
        default=[],
        metavar="ID_OR_FOLDER",
        help="a model to offer in the browser, before those of SPEXVIZ_MODELS; may be given several times",
    )
    _add_precision(serve)
    serve.set_defaults(command=_serve)


def _models_options(models: argparse.ArgumentParser) -> None:
    models.add_argument(
        "--fetch", action="store_true", help="make the bundled model and the encoder minilm ready"
    )
    _add_precision(models)
    models.set_defaults(command=_models)


def _add_precision(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--precision",
        choices=("auto", *PRECISIONS),
        help=f"what models compute in; by default {SETTING}, else auto: bf16 where the processor has "
        "instructions for it, fp16 on a GPU, else fp32",
    )


def _explain(options: argparse.Namespace) -> int:
    from spexviz import views
    from spexviz.ablate import executors
    from spexviz.ablate.cache import SqliteCache
    from spexviz.indices import interactions
    from spexviz.kit.files import new_file
    from spexviz.run import pipeline
    from spexviz.run.bar import bar
    from spexviz.spectrum import Spectrum

    if options.out:
        new_file(options.out)
    # a wrong index or order is refused now, not after the run
    interactions(Spectrum(1, {(): 0.0}), options.index, options.order)
    request = _request(options)
    cache = SqliteCache()
    exact = ", all masks there are, so the result is exact" if request.plan.exact else ""
    print(f"this run: {_cost(request, cache)}{exact}", file=sys.stderr)
    with bar(stays=True) as tell:
        hooks = pipeline.Hooks(
            cache=cache, progress=tell, executor=executors.get(options.executor, options.workers)
        )
        result = pipeline.run(request, hooks)
    if options.out:
        result.save(options.out)
    print(views.finding(result))
    if measured := views.without_text(result):
        print(f"Measured on the input itself: {measured}")
    print(views.honesty(result))
    empty, full = map(result.subject.say, result.ends)
    print(f"With everything kept: {full}; with nothing: {empty}.")
    if result.precision:
        print(f"The model computed in {result.precision}.")
    print(result.interactions(options.index, options.order).top(10))
    for check in result.checks:
        print(views.checked(result, check))
    return 0


def _request(options: argparse.Namespace) -> Request:
    """What the command line asks for.

    Raises SpecError for a setting that neither the game nor the solver has.
    """
    from spexviz.kit import flags
    from spexviz.kit.registry import offered
    from spexviz.run.plan import Request, new_options
    from spexviz.spec import build

    if options.unknown:
        name = options.unknown[0].lstrip("-").partition("=")[0].replace("-", "_")
        raise SpecError(
            f"The game {options.game} and the solver {options.solver} have no setting {name!r}: "
            "spexviz explain --help lists them."
        )

    def made(what: str, name: str) -> Any:
        kinds = offered(f"spexviz.{what}s")
        settings = flags.given(options, kinds.get(name), what)
        return build(kinds, {"name": name, **settings}, what)

    game = made("game", options.game)
    solver = made("solver", options.solver)
    rules = {
        "validate": options.check,
        "target_r2": options.target_r2,
        "stop_when_flat": options.stop_when_flat,
    }
    asked = new_options(solver, options.scoring, options.near, **rules)
    return Request(game, solver, options.budget, options.seed, asked)


def _cost(request: Request, cache: Cache) -> Cost:
    """What the run will cost; the model is loaded and measured for it."""
    from spexviz import models
    from spexviz.run import cost

    request.game.check()
    if request.game.model_name is not None:
        cost.probe(models.load(request.game.model_name))
    return cost.of(request, cache)


def _report(options: argparse.Namespace) -> int:
    from spexviz.indices import interactions
    from spexviz.jobs import found
    from spexviz.kit.files import new_file
    from spexviz.spectrum import Spectrum
    from spexviz.views.document import Chapter, report

    out = new_file(options.out)
    interactions(Spectrum(1, {(): 0.0}), options.index, options.order or 1)  # what cannot be is refused now
    given = vars(options)
    look = {name: given[name] for name in ("depth", "index", "order") if given[name] is not None}
    runs = map(found.run, options.runs)
    chapters = [Chapter(one.explanation, one.title, when=one.when) for one in runs]
    text = report(*chapters, out=out, title=options.title, **look)
    print(f"{out}: {len(text.encode()) / 1e6:.1f} MB; it opens in any browser.")
    return 0


def _serve(options: argparse.Namespace) -> int:
    if find_spec("streamlit") is None:
        raise ServeError("The dashboard is not installed: pip install 'spexviz[app]'.")
    from spexviz import models
    from spexviz.jobs import metrics
    from spexviz.kit import logs
    from spexviz.models import checkpoint
    from spexviz.ui import access

    offered = models.offer(options.model)
    environment = os.environ | {models.OFFERED: ",".join(offered)}
    if options.allow_host:
        environment[access.HOSTS] = access.joined(options.allow_host)
    for name in (access.NO_TOKEN, logs.LOG_JSON, metrics.METRICS):
        if getattr(options, name.removeprefix("SPEXVIZ_").lower()):
            environment[name] = "1"
    access.read(options.host, environment)  # what cannot be is refused now
    command = [sys.executable, "-m", "streamlit", "run", str(APP)]
    command += ["--server.address", options.host, "--server.port", str(options.port)]
    for name in offered:
        if checkpoint.backend(name) and not checkpoint.exists(name):
            print(f"{name} is no folder here: the Hugging Face hub is asked for it when it is first used")
    print("spexviz is starting …", flush=True)
    try:
        return subprocess.call(command, env=environment)
    except KeyboardInterrupt:
        return 0


def _models(options: argparse.Namespace) -> int:
    from spexviz import models
    from spexviz.kit import plugins
    from spexviz.kit.registry import offered
    from spexviz.models import bundled, endpoints, machine

    if options.fetch:
        return _fetch()
    print("this machine:", machine.described())
    print("models the browser may pick (SPEXVIZ_MODELS):", ", ".join(models.configured()))
    print("bundled model:", "ready" if bundled.is_fetched() else "not converted yet: spexviz models --fetch")
    for name, endpoint in endpoints.configured().items():
        key = f"; key in ${endpoint.key_env}" if endpoint.key_env else ""
        print(f"{endpoints.PREFIX}{name}: {endpoint.host} {endpoint.model}".rstrip() + key)
    print(f"endpoints are named in {endpoints.path()}")
    print("solvers:", ", ".join(offered("spexviz.solvers")))
    print("games:", ", ".join(offered("spexviz.games")))
    print("kinds of models:", ", ".join(models.backends()))
    for said in plugins.left_out():
        print(said)
    return 0


def _fetch() -> int:
    from spexviz.models import bundled, packages

    missing = packages.missing()
    if missing:
        print(f"fetching {' and '.join(missing)} …", flush=True)
        packages.install(missing)
    if not bundled.is_fetched():
        print("converting the bundled model, once …", flush=True)
    print(f"bundled model: {bundled.fetch()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

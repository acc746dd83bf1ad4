"""The command line: spexviz explain | serve | models."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from spexviz.errors import SpexvizError
from spexviz.kit.paths import ROOT
from spexviz.models.machine import PRECISIONS, SETTING

if TYPE_CHECKING:
    from spexviz.ablate.cache import Cache
    from spexviz.run.cost import Cost
    from spexviz.spec import RunSpec


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 if it worked, 1 with the reason on standard error, 130 after Ctrl+C."""
    options = _parser().parse_args(arguments)
    if options.precision:
        os.environ[SETTING] = options.precision
    try:
        return options.command(options)
    except (SpexvizError, OSError) as error:
        print(f"spexviz: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nspexviz: stopped; what was measured is kept, so the same command goes on from here.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="spexviz", description="See which parts of a language model's world act together.")
    commands = parser.add_subparsers(required=True, metavar="explain | serve | models")
    explain = commands.add_parser("explain", help="explain a prompt and save the run as JSON")
    explain.add_argument("--prompt", required=True, help="the text whose parts are ablated; - reads standard input")
    explain.add_argument("--model", default="bundled", help='"bundled", "toy", a hub id, a folder, a .gguf file, "endpoint:NAME" or "llamacpp:FILE"')
    explain.add_argument("--template", default="Review: {}\nSentiment (positive or negative):", help="{} stands for the prompt; \\n for a new line")
    explain.add_argument("--target", default=" positive", help="the answer to look at: a word with its leading space, or a classifier's label")
    explain.add_argument("--contrast", default=" negative", help="the answer to compare with")
    explain.add_argument("--split", default="words", help="words, tokens, sentences, lines or regex")
    explain.add_argument("--pattern", help="the regular expression for --split regex")
    explain.add_argument("--masking", default="delete", help="delete, replace, mask-token or attention")
    explain.add_argument("--value", default="log-odds", help="log-odds, log-probability or greedy")
    explain.add_argument("--chat", action="store_true", help="use the model's chat template")
    explain.add_argument("--solver", default="auto", help="a name that `spexviz models` lists under solvers")
    explain.add_argument("--max-order", type=int, help="largest set of parts that is looked for, by default the solver's own")
    explain.add_argument("--budget", type=int, default=512, help="ablations that the fit may see")
    explain.add_argument("--seed", type=int, default=0)
    explain.add_argument("--check", action="store_true", help="check the strongest sets on the model, up to 25 %% more ablations")
    explain.add_argument("--target-r2", type=float, help="stop at the first checkpoint whose interval of R² lies above this")
    explain.add_argument("--stop-when-flat", action="store_true", help="stop when two doublings have gained less than .01 of R² each")
    explain.add_argument("--index", default="FBII", help="index of the sets that are printed")
    explain.add_argument("--order", type=int, default=3, help="highest order of the sets that are printed")
    explain.add_argument("--out", type=Path, help="file for the run; opens in the app and in the library")
    explain.add_argument("--executor", help="where ablations are evaluated: local or ray; by default SPEXVIZ_EXECUTOR, else local")
    explain.add_argument("--workers", type=int, help="replicas of the model for --executor ray; by default SPEXVIZ_WORKERS, else 2")
    _add_precision(explain)
    explain.set_defaults(command=_explain)
    serve = commands.add_parser("serve", help="serve the dashboard on this machine")
    serve.add_argument("--port", type=int, default=8501)
    serve.add_argument("--host", default="127.0.0.1", help="loopback unless you say otherwise; the dashboard has no login of its own")
    _add_precision(serve)
    serve.set_defaults(command=_serve)
    models = commands.add_parser("models", help="list models and solvers")
    models.add_argument("--fetch", action="store_true", help="make the bundled model ready")
    _add_precision(models)
    models.set_defaults(command=_models)
    return parser


def _add_precision(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--precision",
        choices=("auto", *PRECISIONS),
        help=f"what models compute in; by default {SETTING}, else auto: bf16 where the processor has instructions for it, fp16 on a GPU, else fp32",
    )


def _explain(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from spexviz import views
    from spexviz.ablate import executors
    from spexviz.ablate.cache import SqliteCache
    from spexviz.indices import interactions
    from spexviz.run import pipeline
    from spexviz.spec import RunSpec
    from spexviz.spectrum import Spectrum

    if options.out and (options.out.is_dir() or not options.out.parent.is_dir()):
        raise OSError(f"{options.out} is a folder, or lies in none: give a file in a folder that is there.")
    interactions(Spectrum(1, {(): 0.0}), options.index, options.order)  # a wrong index or order is refused now, not after the run
    prompt = sys.stdin.read() if options.prompt == "-" else options.prompt
    names = ("model", "target", "contrast", "split", "pattern", "masking", "value", "chat")
    game = {"name": "prompt", "prompt": prompt, "template": options.template.replace("\\n", "\n"), **{name: getattr(options, name) for name in names}}
    solver = {"name": options.solver} | ({} if options.max_order is None else {"max_order": options.max_order})
    run = {"validate": options.check, "target_r2": options.target_r2, "stop_when_flat": options.stop_when_flat}
    spec = pipeline.canonical(RunSpec(game, solver, options.budget, options.seed, run))
    cache = SqliteCache()
    print(f"this run: {_cost(spec, cache)}", file=sys.stderr)
    with tqdm(unit=" ablations", dynamic_ncols=True, disable=None) as bar:

        def tell(progress: object) -> None:
            bar.total, bar.n = progress.total, progress.done
            bar.set_description_str(progress.phase, refresh=True)

        result = pipeline.explain_spec(spec, cache=cache, progress=tell, executor=executors.get(options.executor, options.workers))
    if options.out:
        options.out.write_text(result.to_json(), encoding="utf-8")
    print(views.honesty(result))
    if result.precision:
        print(f"The model computed in {result.precision}.")
    print(result.interactions(options.index, options.order).top(10))
    for check in result.checks:
        print(views.checked(result, check))
    return 0


def _cost(spec: RunSpec, cache: Cache) -> Cost:
    """What the run will cost; the model is loaded and measured for it."""
    from spexviz.games.base import keep_of
    from spexviz.run import cost, pipeline

    game, solver = pipeline.build_game(spec), pipeline.build_solver(spec)
    game.check()
    cost.probe(game.language_model)
    planned = pipeline.plan(len(game.players), solver, spec.budget, spec.seed, keep=keep_of(game))
    return cost.estimate(game, planned, solver, cache, planned.checks if "validate" in spec.options else 0)


def _serve(options: argparse.Namespace) -> int:
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py")]
    command += ["--server.address", options.host, "--server.port", str(options.port)]
    print(f"spexviz serves on http://{options.host}:{options.port} (Ctrl+C ends it)", flush=True)
    try:
        return subprocess.call(command, cwd=ROOT, env=os.environ.copy())
    except KeyboardInterrupt:
        return 0


def _models(options: argparse.Namespace) -> int:
    from spexviz import models
    from spexviz.kit.registry import offered
    from spexviz.models import bundled, endpoints, machine

    if options.fetch:
        if not bundled.is_fetched():
            print("converting the bundled model, once …", flush=True)
        print(f"bundled model: {bundled.fetch()}")
        return 0
    print("this machine:", machine.described())
    print("models the browser may pick (SPEXVIZ_MODELS):", ", ".join(models.configured()))
    print("bundled model:", "ready" if bundled.is_fetched() else "not converted yet: spexviz models --fetch")
    for name, endpoint in endpoints.configured().items():
        key = f"; key in ${endpoint.key_env}" if endpoint.key_env else ""
        print(f"{endpoints.PREFIX}{name}: {endpoint.host} {endpoint.model}".rstrip() + key)
    print(f"endpoints are named in {endpoints.path()}")
    print("solvers:", ", ".join(offered("spexviz.solvers")))
    return 0


if __name__ == "__main__":
    sys.exit(main())

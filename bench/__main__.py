"""What calls cost on this machine: cores per 1,000 calls, delay, loss, CPU per answered call.

Starts the switch with bench/config.toml on loopback, calls it with simulated phones, and prints tables, ratios first.
Linux only (it reads /proc). Nothing passes or fails here; runs in which the phones themselves were late are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from bench import media, report, servers, signalling
from bench.independent import Generator, Reading
from bench.servers import BenchError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.figures import Run
    from bench.servers import Server


@dataclass(frozen=True, slots=True)
class Plan:
    levels: tuple[int, ...] = (100, 400, 1000)
    scenarios: tuple[str, ...] = tuple(media.SCENARIOS)
    rates: tuple[int, ...] = (25, 100, 200)
    repeats: int = 3
    window: float = 5.0
    """Seconds of each measurement."""
    minutes: float = 9.0
    """No repeat is begun after so long that it would not be finished by then."""
    c_echo: bool = True
    loadgen: Path | None = None


QUICK = Plan(levels=(100,), rates=(100,), repeats=1, window=4.0)


@dataclass(slots=True)
class Results:
    runs: list[Run] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    problem: str = ""
    """What ended the benchmark before its time."""


def repeat_once(plan: Plan, place: Place, folder: Path, program: Path | None, repeat: int) -> Iterator[Run | Reading]:
    """All that one repeat measures, on one run of the switch."""
    with servers.switch(place, folder) as switch:
        yield from signalling.measure(place, switch, rates=plan.rates, window=plan.window, repeat=repeat)
        yield from media.measure(
            place,
            switch,
            program,
            folder,
            levels=plan.levels,
            scenarios=plan.scenarios,
            window=plan.window,
            repeat=repeat,
        )
        if plan.loadgen is not None:
            yield from independently(plan, plan.loadgen, place, switch, folder)


def independently(plan: Plan, program: Path, place: Place, switch: Server, folder: Path) -> Iterator[Reading]:
    generator = Generator(program)
    yield from generator.short(place, switch, plan.rates, plan.window)
    yield from generator.lasting(place, switch, folder, plan.levels, plan.scenarios, plan.window)


def measure(plan: Plan, place: Place, console: Console) -> Results:
    results = Results()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="softswitch-bench-") as name:
        folder = Path(name)
        program = servers.compile_echo(folder) if plan.c_echo else None
        if plan.c_echo and program is None:
            console.print("no C compiler: nothing is compared with a C echo")
        for repeat in range(1, plan.repeats + 1):
            started = time.monotonic()
            try:
                for item in repeat_once(plan, place, folder, program, repeat):
                    if isinstance(item, Reading):
                        results.readings.append(item)
                    else:
                        results.runs.append(item)
                    console.print(_progress(repeat, item), highlight=False)
            except BenchError as error:
                results.problem = str(error)
                break
            now = time.monotonic()
            if repeat < plan.repeats and now - began + (now - started) > 60 * plan.minutes:
                console.print(f"{repeat} of {plan.repeats} repeats: the {plan.minutes:g} minutes are up")
                break
    return results


def _progress(repeat: int, item: Run | Reading) -> str:
    if isinstance(item, Reading):
        return f"{repeat}: {item.level} {item.scenario} (independent): {item.figure:.2f} {item.objection}"
    if item.scenario == signalling.SCENARIO:
        figure = f"{1000 * item.cpu_per_call():.2f} ms per call"
    else:
        figure = f"{item.cores:.3f} cores"
    return f"{repeat}: {item.level} {item.scenario}: {figure} {item.objection}"


def show(results: Results, console: Console) -> None:
    for table in report.tables(results.runs):
        console.print()
        console.print(table)
    if results.readings:
        console.print()
        console.print(report.compare(results.runs, results.readings))
    for line in report.objections(results.runs):
        console.print(line)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    plan = QUICK if options.quick else Plan()
    chosen = {
        name: value
        for name in ("levels", "scenarios", "rates", "repeats", "window", "minutes", "loadgen")
        if (value := getattr(options, name)) is not None
    }
    plan = replace(plan, c_echo=not options.no_c_echo, **chosen)
    if not Path("/proc/self/stat").exists():
        print("the benchmarks read /proc, which only Linux has", file=sys.stderr)
        return 2
    place = Place(options.sip_port, options.rtp_port, options.answer_port, options.echo_port)
    console = Console(width=max(140, Console().width))
    load = os.getloadavg()[0]
    console.print(f"{os.cpu_count()} CPUs, load {load:.1f} before the start; every figure is CPU time, not waiting")
    results = measure(plan, place, console)
    show(results, console)
    if options.json:
        raw = {
            "runs": [asdict(run) for run in results.runs],
            "independent": [asdict(reading) for reading in results.readings],
        }
        Path(options.json).write_text(json.dumps(raw, indent=1))
    if results.problem:
        print(f"bench: {results.problem}", file=sys.stderr)
        return 1
    return 0


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(",") if part)


def _scenarios(text: str) -> tuple[str, ...]:
    names = tuple(part for part in text.split(",") if part)
    if unknown := set(names) - media.SCENARIOS.keys():
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: not one of {', '.join(media.SCENARIOS)}")
    return names


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="100 calls of each kind, once; under a minute")
    parser.add_argument("--levels", type=_numbers, help="calls at the same time, as 100,400,1000")
    parser.add_argument("--scenarios", type=_scenarios, help="some of echo,music,bridge")
    parser.add_argument("--rates", type=_numbers, help="short calls a second, as 25,100,200")
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--window", type=float, help="seconds of each measurement")
    parser.add_argument("--minutes", type=float, help="begin no repeat that would not be finished by then")
    parser.add_argument("--no-c-echo", action="store_true", help="do not compare with a C echo")
    parser.add_argument("--loadgen", type=Path, help="measure with this independent generator, too")
    parser.add_argument("--json", help="write all figures to this file")
    for name, what in (("sip", "SIP"), ("rtp", "first RTP"), ("answer", "answering phones'"), ("echo", "first C echo")):
        default = getattr(Place(), name)
        parser.add_argument(f"--{name}-port", type=int, default=default, help=f"the {what} port, {default}")
    return parser


if __name__ == "__main__":
    sys.exit(main())

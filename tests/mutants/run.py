#!/usr/bin/env python3
"""Puts faults into a copy of the tree, one at a time, and asks whether the tests notice.

The faults stand in `list.toml`. The copy and what is built of it are kept, so that only this crate
is compiled anew; the tree that this file lies in is not touched. Needs Python 3.11 and cargo.

    python3 tests/mutants/run.py                     all faults
    python3 tests/mutants/run.py NAME...             those whose names contain one of these
    python3 tests/mutants/run.py --folder DIR ...    with the copy in DIR

A fault is killed if every test target that it names fails. The exit code is 0 if all are.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).resolve().with_name("list.toml")
LEFT_OUT = {".git", "target", "proptest-regressions"}
# A fault may make a loop endless.
MOST_SECONDS = 1800


def files_below(root):
    """All files of a tree but for what is built, by their names from its root."""
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        for name in names:
            yield (Path(folder) / name).relative_to(root)


def copy_tree(to):
    """Makes `to` a copy; a file that is one already keeps its time, so that nothing is rebuilt."""
    there = set(files_below(to)) if to.exists() else set()
    here = {name for name in files_below(ROOT) if (ROOT / name).is_file()}
    for name in there - here:
        (to / name).unlink()
    for name in here:
        text = (ROOT / name).read_bytes()
        if name not in there or (to / name).read_bytes() != text:
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            (to / name).write_bytes(text)


def command_of(test):
    """`lib: part of a name` or `target: part of a name` as a cargo command."""
    target, _, part = (word.strip() for word in test.partition(":"))
    which = ["--lib"] if target == "lib" else ["--test", target]
    return ["cargo", "test", "--locked", *which, "--", *([part] if part else [])]


def ask(tree, target, test):
    """Whether tests pass (`passed`), fail (`failed`), or what else happens; and what they said."""
    env = os.environ | {
        "CARGO_TARGET_DIR": str(target),
        "INSTA_UPDATE": "no",
        # A seed that failed for one fault is no test of the next.
        "PROPTEST_DISABLE_FAILURE_PERSISTENCE": "true",
    }
    env.pop("SHORTFALL_FULL", None)
    try:
        done = subprocess.run(
            command_of(test), cwd=tree, env=env, timeout=MOST_SECONDS, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace",
        )
    except subprocess.TimeoutExpired:
        return "failed", f"no end after {MOST_SECONDS} s"
    said = done.stdout
    counts = [int(n) for n in re.findall(r"^running (\d+) tests?$", said, re.MULTILINE)]
    if not counts:
        return "does not build", said
    if sum(counts) == 0:
        return "no such test", said
    return ("passed" if done.returncode == 0 else "failed"), said


def first_failure(said):
    failed = re.findall(r"^test (\S+).*FAILED$", said, re.MULTILINE)
    return failed[0] if failed else said.strip().splitlines()[-1]


def judge(mutant, tree, target):
    """What becomes of a fault, and why."""
    path = tree / mutant["file"]
    text = path.read_text()
    if text.count(mutant["old"]) != 1:
        return "not applicable", f"{mutant['file']} has it {text.count(mutant['old'])} times"
    try:
        path.write_text(text.replace(mutant["old"], mutant["new"]))
        notes = []
        for test in mutant["fails"]:
            verdict, said = ask(tree, target, test)
            if verdict == "passed":
                return "survived", f"{test} passes"
            if verdict != "failed":
                return verdict, f"{test}:\n{said[-2000:]}"
            notes.append(first_failure(said))
        return "killed", ", ".join(notes)
    finally:
        path.write_text(text)


def main():
    usage = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    usage.add_argument("names", nargs="*", help="faults whose names contain one of these")
    usage.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "shortfall-mutants")
    args = usage.parse_args()
    mutants = tomllib.loads(LIST.read_text())["mutant"]
    if args.names:
        mutants = [it for it in mutants if any(name in it["name"] for name in args.names)]
    tree, target = args.folder / "tree", args.folder / "target"
    copy_tree(tree)
    # A test that fails anyway notices nothing.
    for test in sorted({test for mutant in mutants for test in mutant["fails"]}):
        verdict, said = ask(tree, target, test)
        if verdict != "passed":
            print(said)
            sys.exit(f"{test}: {verdict}, without any fault: mend that first")
    print(f"{len(mutants)} faults, of whose tests all pass without them", flush=True)
    counts = {}
    for mutant in mutants:
        begun = time.monotonic()
        verdict, why = judge(mutant, tree, target)
        counts[verdict] = counts.get(verdict, 0) + 1
        seconds = time.monotonic() - begun
        print(f"{verdict:8}  {mutant['name']} ({seconds:.0f} s): {why}", flush=True)
        if verdict != "killed":
            print(f"          {mutant['file']}: {mutant['breaks']}", flush=True)
    print(", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items())))
    sys.exit(0 if counts.get("killed", 0) == len(mutants) else 1)


if __name__ == "__main__":
    main()

"""Runs all cases once and prints the table of what became of them."""
import collections
import concurrent.futures
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

import cases  # noqa: E402
import engine  # noqa: E402

_OUTCOMES = []
_TOLD = []  # (operator, verdict) by other processes


@pytest.fixture(scope="session")
def outcomes(pytestconfig):
    if engine.program() is None:
        pytest.fail(f"{engine.PEEL} is not there: run `make build` first", pytrace=False)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        _OUTCOMES.extend(pool.map(engine.run_case, cases.all_cases()))
    if hasattr(pytestconfig, "workeroutput"):  # one of several processes: the first of them prints the table
        pytestconfig.workeroutput["onnx"] = [(outcome.operator, outcome.verdict) for outcome in _OUTCOMES]
    return _OUTCOMES


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    _TOLD.extend(getattr(node, "workeroutput", {}).get("onnx", []))


def _rows(verdicts, columns=3):
    cells = [f"{name:<26}{count['passed']:>4}{count['unsupported']:>5}{count['failed']:>5}"
             for name, count in verdicts]
    depth = -(-len(cells) // columns)
    heading = f"{'operator':<26}{'pass':>4}{'uns.':>5}{'fail':>5}"
    yield "   ".join([heading] * min(columns, len(cells)))
    for row in range(depth):
        yield "   ".join(cells[row::depth])


def pytest_terminal_summary(terminalreporter):
    table = collections.defaultdict(collections.Counter)
    for operator, verdict in _TOLD + [(outcome.operator, outcome.verdict) for outcome in _OUTCOMES]:
        table[operator][verdict] += 1
    if not table:
        return
    write = terminalreporter.write_line
    terminalreporter.section("ONNX conformance")
    for line in _rows([(name, count) for name, count in sorted(table.items())
                       if count["passed"] or count["failed"]]):
        write(line)
    lacking = [name for name, count in sorted(table.items())
               if not count["passed"] and not count["failed"]]
    write("not supported at all: " + ", ".join(lacking))
    total = sum(table.values(), collections.Counter())
    write(f"conformance: {total['passed']} passed, {total['unsupported']} unsupported, "
          f"{total['failed']} failed of {total.total()} cases")

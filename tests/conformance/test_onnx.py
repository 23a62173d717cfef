"""Every case that the standard ships: it passes, or it is on the list of what Peel lacks."""
import pathlib

LIST = pathlib.Path(__file__).with_name("unsupported.txt")


def listed():
    lines = (line.split(" # ")[0].strip() for line in LIST.read_text(encoding="utf-8").splitlines())
    return {line for line in lines if line and not line.startswith("#")}


def test_no_case_fails(outcomes):
    failed = [f"{o.case} ({o.operator}): {o.reason}" for o in outcomes if o.verdict == "failed"]
    assert not failed, f"{len(failed)} cases fail:\n" + "\n".join(failed)


def test_nothing_becomes_unsupported(outcomes):
    lost = [f"{o.case}: {o.reason}" for o in outcomes
            if o.verdict == "unsupported" and o.case not in listed()]
    assert not lost, f"cases that {LIST.name} does not list are unsupported:\n" + "\n".join(lost)


def test_list_has_nothing_that_passes(outcomes):
    passed = sorted({o.case for o in outcomes if o.verdict == "passed"} & listed())
    assert not passed, f"these pass: take them off {LIST.name}:\n" + "\n".join(passed)


def test_every_refusal_names_its_reason(outcomes):
    """A refusal names the file and the node, input or type that is to blame."""
    vague = [f"{o.case}: {o.reason}" for o in outcomes if o.verdict == "unsupported" and not (
        "model.onnx" in o.reason and "'" in o.reason)]
    assert not vague, "\n".join(vague)

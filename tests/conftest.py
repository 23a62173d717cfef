"""What all tests share."""
import signal
import subprocess
import sys

import pytest

# Where the tests run in the background of a shell, Ctrl-C is ignored, and under nohup a hang-up; every
# program they start would inherit that.
for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)

LEAN = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)")


@pytest.fixture(scope="session")
def peak_memory():
    """The most memory a run has at once, in MB, by the system's own count: looks at intervals miss a
    short run's. By a small process between, because a child counts what its parent had before exec."""
    def peak(command, **how):
        lean = subprocess.run([sys.executable, "-S", "-c", LEAN, *map(str, command)], check=True,
                              stderr=subprocess.PIPE, **how)
        return int(lean.stderr.split()[-1]) / 1024
    return peak


@pytest.fixture(scope="session")
def quick_model(tmp_path_factory):
    """A network of next to no work, for tests of all that lies around one: what is bright is the subject."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper

    nodes = [helper.make_node("ReduceMean", ["x"], ["mean"], axes=[1], keepdims=1),
             helper.make_node("Sigmoid", ["mean"], ["y"])]
    graph = helper.make_graph(
        nodes, "bright", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 64, 64])])
    path = tmp_path_factory.mktemp("quick") / "bright.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path

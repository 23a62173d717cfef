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

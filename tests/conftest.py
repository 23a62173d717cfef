"""What all tests share."""
import signal

# Where the tests run in the background of a shell, Ctrl-C is ignored, and every program they start
# would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

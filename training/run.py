"""The whole recipe in one command: from the photographs to the file that Peel embeds.

    python -m training.run [--out FILE]

Prepares what the store lacks, trains (going on where an earlier run stopped), sets what the
outputs mean and exports. Each step can be run alone; all obey the same configuration.
"""

import argparse
import pathlib
import sys

from training import calibrate as calibrate_lib
from training import checkpoint as checkpoint_lib
from training import config as config_lib
from training import export as export_lib
from training import inherit
from training import model as model_lib
from training import prepare as prepare_lib
from training import store as store_lib
from training import train as train_lib


def run(config: config_lib.Config, out: pathlib.Path, count: int, threads: int) -> None:
    """`count`: pictures on which the subject score is set."""
    prepare_lib.prepare(config, threads)
    train_lib.Trainer(config).run()
    net = model_lib.PeelNet(**vars(config.model))
    checkpoint_lib.load_weights(pathlib.Path(config.paths.run) / "last.pt", config, net)
    threshold = calibrate_lib.calibrate(net, store_lib.Store.open(config.paths.store), config, count)
    export_lib.to_onnx(net, config.data.size, threshold, out)
    print(f"{out}: {out.stat().st_size / 1e6:.2f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--config", default="training/config.yaml", type=pathlib.Path)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--out", default="out/training/peel.onnx", type=pathlib.Path)
    parser.add_argument("--count", default=1500, type=int, help="pictures for the subject score")
    parser.add_argument("--threads", default=2, type=int)
    args = parser.parse_args()
    try:
        run(config_lib.load(args.config, args.set), args.out, args.count, args.threads)
    except (checkpoint_lib.CheckpointError, config_lib.ConfigError, inherit.InheritError,
            train_lib.NotANumber) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()

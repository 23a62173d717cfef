#!/usr/bin/env python3
"""Writes a published network with random weights, after checking that it has the published numbers of
parameters and multiply-adds.

usage: bench/models/make.py {u2netp,u2net,isnet,modnet} OUTPUT.onnx [--size N] [--opset 13]
       bench/models/make.py --check      builds all of them at their published sizes, writes nothing
"""
import argparse
import sys

import onnx

import modnet
import u2net

# Side of the input; millions of parameters as the training code counts them; 10⁹ multiply-adds of the
# convolutions at that side. U²-Net: 176.3 and 4.7 MB of float32 (Qin et al., 2020, table 2); IS-Net: 176.6 MB
# (Qin et al., 2022, table 3); MODNet: 6.5 million (Ke et al., 2022, table 4; the export drops two heads of
# 10 thousand). The multiply-adds of U²-Net and IS-Net are the sums over the authors' layers.
PUBLISHED = {
    "u2netp": (320, 1.131, 19.8),
    "u2net": (320, 44.01, 58.6),
    "isnet": (1024, 44.05, 159.7),
    "modnet": (512, 6.5, None),
}


def build(kind, size, opset):
    return modnet.build(size, opset) if kind == "modnet" else u2net.build(kind, size, opset)


def check(kind, builder):
    """What differs from the published figures, or an empty string."""
    _, millions, giga = PUBLISHED[kind]
    wrong = []
    if abs(builder.parameters / 1e6 - millions) > 0.005 * millions:
        wrong.append(f"{builder.parameters / 1e6:.3f} million parameters, published {millions}")
    if giga and abs(builder.multiply_adds / 1e9 - giga) > 0.05:
        wrong.append(f"{builder.multiply_adds / 1e9:.2f} GMAC, published {giga}")
    return "; ".join(wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=sorted(PUBLISHED), nargs="?")
    parser.add_argument("output", nargs="?")
    parser.add_argument("--size", type=int, help="side of the input; the published one by default")
    parser.add_argument("--opset", type=int, default=13)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    if not args.check and not args.output:
        parser.error("a network and an output file, or --check")
    failed = False
    for kind in sorted(PUBLISHED) if args.check else [args.kind]:
        published = PUBLISHED[kind][0]
        model, builder = build(kind, args.size or published, args.opset)
        text = f"{kind}: {builder.parameters} parameters, {builder.multiply_adds / 1e9:.2f} GMAC"
        if not args.size or args.size == published:
            wrong = check(kind, builder)
            failed |= bool(wrong)
            text += f" (not as published: {wrong})" if wrong else " (as published)"
        if not args.check and not failed:
            onnx.save(model, args.output)
            text = f"{args.output}: {text}"
        print(text)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

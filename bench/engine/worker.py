#!/usr/bin/env python3
"""One engine, one model, one process: loads, computes a first result, warms up, times. Prints one JSON object.

usage: bench/engine/worker.py ENGINE MODEL PRECISION THREADS WARMUP REPEAT INPUT.npy OUTPUT.npy
  BENCH_MASKED, BENCH_ANSWERER   what mask_cpuid.py prints
  ENGINE PRECISION   onnxruntime fp32|int8, openvino fp32|bf16|int8, ncnn fp32
                     (int8: MODEL is the quantised file; ncnn: MODEL is the .param, its .bin beside it)

Load starts when the engine's library is in memory and ends when a session stands; first is load and the
first result. The peak is of the whole process less what the interpreter and NumPy had before the engine
came in. Only the first output is asked for.
"""
import ctypes
import json
import os
import sys
import time

import numpy as np


def resident(key):
    """VmRSS or VmHWM of this process in bytes. getrusage would count what the parent had before exec."""
    with open("/proc/self/status", encoding="utf-8") as status:
        for line in status:
            if line.startswith(key + ":"):
                return int(line.split()[1]) * 1024
    return 0


def start_onnxruntime(model, precision, threads, x):
    import onnxruntime as ort
    begin = time.perf_counter()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: x}
    wanted = [session.get_outputs()[0].name]
    return begin, lambda: session.run(wanted, feed)[0]


def start_openvino(model, precision, threads, x):
    import openvino as ov
    begin = time.perf_counter()
    core = ov.Core()
    network = core.read_model(model)
    if network.inputs[0].partial_shape.is_dynamic:
        network.reshape(list(x.shape))
    config = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads}
    # Without a hint the plug-in takes bf16 where the processor has it.
    if precision != "bf16":
        config["INFERENCE_PRECISION_HINT"] = "f32"
    compiled = core.compile_model(network, "CPU", config)
    if precision == "bf16" and compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name() != "bf16":
        raise SystemExit("this processor has no bf16 that OpenVINO would use")
    request = compiled.create_infer_request()
    output = compiled.outputs[0]
    return begin, lambda: request.infer([x], share_inputs=True)[output]


def start_ncnn(model, precision, threads, x):
    import ncnn
    begin = time.perf_counter()
    net = ncnn.Net()
    net.opt.num_threads = threads
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    net.opt.use_bf16_storage = False
    if net.load_param(model) != 0 or net.load_model(model.replace(".param", ".bin")) != 0:
        raise SystemExit("ncnn does not load its own conversion")
    entry, result = net.input_names()[0], net.output_names()[0]

    def run():
        extractor = net.create_extractor()
        extractor.input(entry, ncnn.Mat(x[0]))
        code, y = extractor.extract(result)
        if code != 0:
            raise SystemExit(f"ncnn fails with {code}")
        return np.array(y)[None]
    return begin, run


def put_on_mask():
    """The package's copy that takes this processor for a lesser one, where mask_cpuid.py has made one."""
    root, answerer = os.environ.get("BENCH_MASKED", ""), os.environ.get("BENCH_ANSWERER", "")
    if root:
        ctypes.CDLL(answerer)
        sys.path.insert(0, root)


def main():
    put_on_mask()
    engine, model, precision, threads, warmup, repeat, source, target = sys.argv[1:9]
    x = np.load(source)
    base = resident("VmRSS")
    begin, run = globals()["start_" + engine](model, precision, int(threads), x)
    load = time.perf_counter() - begin
    y = run()
    first = time.perf_counter() - begin
    for _ in range(int(warmup)):
        run()
    times = []
    for _ in range(int(repeat)):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    peak = resident("VmHWM")
    np.save(target, np.asarray(y, np.float32))
    print(json.dumps({"load_ms": load * 1e3, "first_ms": first * 1e3, "times_ms": times,
                      "peak_bytes": peak - base, "interpreter_bytes": base}))


if __name__ == "__main__":
    main()

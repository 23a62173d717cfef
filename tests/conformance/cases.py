"""The standard's own test cases, as the onnx package ships them."""
import dataclasses
import os
import warnings

import numpy as np
import onnx
import onnx.backend.test
import onnx.version_converter
from onnx import numpy_helper

DATA = os.path.join(os.path.dirname(onnx.backend.test.__file__), "data")
DIRECTORIES = ("simple", "pytorch-operator", "pytorch-converted")
# Models of earlier operator sets than the engine reads are brought up by onnx's own converter: what
# they test is worth having.
OLDEST, CONVERTED = 7, 13

# Cases whose expected values are themselves rounded more coarsely than their tolerance.
TOLERANCES = {
    # 78 operators, each rounded to float16: the engine's result is nearer to the exact one than the
    # expected values are. Two units in the last place.
    "test_attention_4d_causal_fp16_expanded": 2**-9,
}


@dataclasses.dataclass
class Case:
    name: str
    model: onnx.ModelProto
    inputs: dict  # by name; a value that is no array is a sequence, an optional or a map
    outputs: dict
    rtol: float
    atol: float

    @property
    def operators(self):
        """The operators of the graph, each once, and Constant only where there is no other."""
        names = sorted({(f"{n.domain}." if n.domain not in ("", "ai.onnx") else "") + n.op_type
                        for n in self.model.graph.node})
        return [n for n in names if n != "Constant"] or names or ["(none)"]

    @property
    def operator(self):
        """Where the case is counted."""
        names = self.operators
        return names[0] if len(names) == 1 else "(several)"


def _array(value):
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    return np.asarray(value) if isinstance(value, np.generic) else value


def _readable(model):
    version = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), OLDEST)
    if version >= OLDEST or any(n.op_type == "PRelu" for n in model.graph.node):
        return model  # the converter leaves a per-channel slope, which means something else since 7
    try:
        return onnx.version_converter.convert_version(model, CONVERTED)
    except (RuntimeError, onnx.version_converter.ConvertError):
        return model  # it stays what the engine refuses


def _named(ports, values):
    return {port.name: _array(value) for port, value in zip(ports, values)}


def node_cases():
    from onnx.backend.test.case.node import collect_testcases
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        collected = collect_testcases(None)
    for case in collected:
        for number, (inputs, outputs) in enumerate(case.data_sets):
            name = case.name if number == 0 else f"{case.name}#{number}"
            graph = case.model.graph
            yield Case(name, _readable(case.model), _named(graph.input, inputs),
                       _named(graph.output, outputs), TOLERANCES.get(name, case.rtol), case.atol)


def _tensor_file(path, kind):
    if kind.WhichOneof("value") != "tensor_type":
        return None
    with open(path, "rb") as file:
        return numpy_helper.to_array(onnx.TensorProto.FromString(file.read()))


def stored_cases():
    """Small models with stored inputs and outputs."""
    from onnx.backend.test.loader import load_model_tests
    for directory in DIRECTORIES:
        for test in sorted(load_model_tests(kind=directory), key=lambda t: t.name):
            model = onnx.load(os.path.join(test.model_dir, "model.onnx"))
            number = 0
            while os.path.isdir(data := os.path.join(test.model_dir, f"test_data_set_{number}")):
                def read(kind, ports, data=data):
                    paths = [os.path.join(data, f"{kind}_{i}.pb") for i in range(len(ports))]
                    return {port.name: _tensor_file(path, port.type)
                            for port, path in zip(ports, paths) if os.path.exists(path)}
                yield Case(f"{directory}/{test.name}" + (f"#{number}" if number else ""),
                           _readable(model),
                           read("input", model.graph.input), read("output", model.graph.output),
                           test.rtol, test.atol)
                number += 1


def light_cases():
    """Whole networks whose weights are constants: inputs count up from 0, outputs are stored."""
    from onnx.backend.test.loader import load_model_tests
    for test in sorted(load_model_tests(kind="real"), key=lambda t: t.name):
        file = os.path.join(DATA, "light", os.path.basename(test.url))
        model = onnx.load(file)
        constants = {i.name for i in model.graph.initializer}
        inputs = {}
        for port in model.graph.input:
            if port.name not in constants:
                shape = [d.dim_value or 1 for d in port.type.tensor_type.shape.dim]
                count = int(np.prod(shape))
                inputs[port.name] = (np.arange(count).reshape(shape) / count).astype(np.float32)
        with open(file.replace(".onnx", "_output_0.pb"), "rb") as stored:
            output = numpy_helper.to_array(onnx.TensorProto.FromString(stored.read()))
        yield Case(f"light/{test.name}", model, inputs, {model.graph.output[0].name: output},
                   test.rtol, test.atol)


def all_cases():
    yield from node_cases()
    yield from stored_cases()
    yield from light_cases()

"""Reads what a converter needs of a TensorFlow Lite file: operators, tensors, quantization.

The file is a FlatBuffer; field numbers are those of tensorflow/lite/schema/schema.fbs (version 3).
"""
import dataclasses
import struct

import numpy as np

# schema.fbs: BuiltinOperator, Padding, ActivationFunctionType, TensorType
OPERATORS = {0: "ADD", 1: "AVERAGE_POOL_2D", 3: "CONV_2D", 4: "DEPTHWISE_CONV_2D", 22: "RESHAPE", 25: "SOFTMAX"}
PADDINGS = {0: "SAME", 1: "VALID"}
ACTIVATIONS = {0: "NONE", 1: "RELU", 2: "RELU_N1_TO_1", 3: "RELU6"}
TYPES = {0: np.float32, 2: np.int32, 3: np.uint8, 9: np.int8}


class Table:
    """A table of the FlatBuffer: fields by their number, absent ones give the default."""

    def __init__(self, data, position):
        self.data, self.position = data, position
        self.vtable = position - struct.unpack_from("<i", data, position)[0]

    def _field(self, number):
        size, = struct.unpack_from("<H", self.data, self.vtable)
        at = 4 + 2 * number
        offset = struct.unpack_from("<H", self.data, self.vtable + at)[0] if at + 2 <= size else 0
        return self.position + offset if offset else None

    def _follow(self, number):
        at = self._field(number)
        return None if at is None else at + struct.unpack_from("<I", self.data, at)[0]

    def scalar(self, number, form, default=0):
        at = self._field(number)
        return default if at is None else struct.unpack_from("<" + form, self.data, at)[0]

    def table(self, number):
        at = self._follow(number)
        return None if at is None else Table(self.data, at)

    def vector(self, number, dtype):
        at = self._follow(number)
        if at is None:
            return np.zeros(0, dtype)
        count, = struct.unpack_from("<I", self.data, at)
        return np.frombuffer(self.data, np.dtype(dtype).newbyteorder("<"), count, at + 4).astype(dtype)

    def tables(self, number):
        at = self._follow(number)
        if at is None:
            return []
        count, = struct.unpack_from("<I", self.data, at)
        places = [at + 4 + 4 * i for i in range(count)]
        return [Table(self.data, p + struct.unpack_from("<I", self.data, p)[0]) for p in places]


@dataclasses.dataclass
class TensorInfo:
    shape: tuple
    type: type
    scale: float
    zero: int
    values: np.ndarray | None  # of a constant


@dataclasses.dataclass
class Operator:
    kind: str
    inputs: list
    outputs: list
    options: Table | None

    def convolution(self):
        """(padding, stride_w, stride_h, activation) of CONV_2D, DEPTHWISE_CONV_2D and AVERAGE_POOL_2D."""
        o = self.options
        activation = {"CONV_2D": 3, "DEPTHWISE_CONV_2D": 4, "AVERAGE_POOL_2D": 5}[self.kind]
        return (PADDINGS[o.scalar(0, "b")], o.scalar(1, "i"), o.scalar(2, "i"),
                ACTIVATIONS[o.scalar(activation, "b")])


class Model:
    """The first sub-graph of a file."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        if data[4:8] != b"TFL3":
            raise ValueError(f"{path} is no TensorFlow Lite file")
        model = Table(data, struct.unpack_from("<I", data)[0])
        # The newer field, with room for more operators, is absent where the old one is right.
        codes = [max(c.scalar(0, "b"), c.scalar(3, "i")) for c in model.tables(1)]
        buffers = [b.vector(0, np.uint8) for b in model.tables(4)]
        graph = model.tables(2)[0]
        self.tensors = [self._tensor(t, buffers) for t in graph.tables(0)]
        self.inputs = graph.vector(1, np.int32).tolist()
        self.outputs = graph.vector(2, np.int32).tolist()
        self.operators = []
        for o in graph.tables(3):
            code = codes[o.scalar(0, "I")]
            if code not in OPERATORS:
                raise ValueError(f"{path}: operator {code} is not known here")
            self.operators.append(Operator(OPERATORS[code], o.vector(1, np.int32).tolist(),
                                           o.vector(2, np.int32).tolist(), o.table(4)))

    @staticmethod
    def _tensor(table, buffers):
        shape, kind = tuple(table.vector(0, np.int32).tolist()), TYPES[table.scalar(1, "b")]
        quantization = table.table(4)
        scale = quantization.vector(2, np.float32) if quantization else []
        zero = quantization.vector(3, np.int64) if quantization else []
        raw = buffers[table.scalar(2, "I")]
        values = raw.view(np.dtype(kind)).reshape(shape) if len(raw) else None
        if len(scale) > 1:
            raise ValueError("weights with a scale per channel are not known here")
        return TensorInfo(shape, kind, float(scale[0]) if len(scale) else 0.0,
                          int(zero[0]) if len(zero) else 0, values)

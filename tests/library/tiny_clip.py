"""A CLIP of random weights, with the operators that exporters write, in the two forms that users have: open_clip's
(visual.onnx, textual.onnx) and transformers' (vision_model.onnx, text_model.onnx with a mask)."""
import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LENGTH, WIDTH, HEADS, OUT, SIZE, PATCH = 77, 16, 2, 8, 32, 8


class Graph:
    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.nodes, self.constants = [], []

    def constant(self, values):
        self.constants.append(numpy_helper.from_array(np.asarray(values), f"c{len(self.constants)}"))
        return self.constants[-1].name

    def weights(self, *shape):
        return self.constant(self.random.normal(0, 0.3, shape).astype(np.float32))

    def op(self, kind, *inputs, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))
        return name

    def shape(self, x, *extents):
        return self.op("Reshape", x, self.constant(np.int64(extents)))

    def norm(self, x):
        return self.op("LayerNormalization", x, self.constant(np.ones(WIDTH, np.float32)), self.weights(WIDTH),
                       axis=-1, epsilon=1e-5)

    def block(self, x, tokens, mask=None):
        """Attention and a small network of two layers, each added to what it reads."""
        def heads(values):
            return self.op("Transpose", self.shape(values, -1, tokens, HEADS, WIDTH // HEADS), perm=[0, 2, 1, 3])

        y = self.norm(x)
        q, k, v = (heads(self.op("MatMul", y, self.weights(WIDTH, WIDTH))) for _ in range(3))
        scores = self.op("Mul", self.op("MatMul", q, self.op("Transpose", k, perm=[0, 1, 3, 2])),
                         self.constant(np.float32((WIDTH // HEADS) ** -0.5)))
        if mask is not None:
            scores = self.op("Add", scores, mask)
        mixed = self.op("Transpose", self.op("MatMul", self.op("Softmax", scores, axis=-1), v), perm=[0, 2, 1, 3])
        x = self.op("Add", x, self.op("MatMul", self.shape(mixed, -1, tokens, WIDTH), self.weights(WIDTH, WIDTH)))
        y = self.op("MatMul", self.norm(x), self.weights(WIDTH, 2 * WIDTH))
        y = self.op("Mul", y, self.op("Sigmoid", self.op("Mul", y, self.constant(np.float32(1.702)))))
        return self.op("Add", x, self.op("MatMul", y, self.weights(2 * WIDTH, WIDTH)))

    def save(self, path, inputs, result, name, out):
        self.nodes.append(helper.make_node("Identity", [result], [name]))
        graph = helper.make_graph(self.nodes, "clip", inputs, [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", out])], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 8
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, path)


def save_image(path, name, out=OUT):
    g = Graph(1)
    patches = (SIZE // PATCH) ** 2
    x = g.op("Conv", "pixel_values", g.weights(WIDTH, 3, PATCH, PATCH), strides=[PATCH, PATCH])
    x = g.op("Transpose", g.shape(x, -1, WIDTH, patches), perm=[0, 2, 1])
    batch = g.op("Gather", g.op("Shape", x), g.constant(np.int64([0])))
    first = g.op("Expand", g.weights(1, 1, WIDTH), g.op("Concat", batch, g.constant(np.int64([1, WIDTH])), axis=0))
    x = g.op("Add", g.op("Concat", first, x, axis=1), g.weights(1 + patches, WIDTH))
    x = g.block(g.norm(x), 1 + patches)
    x = g.op("Gather", x, g.constant(np.int64(0)), axis=1)
    x = g.op("MatMul", g.norm(x), g.weights(WIDTH, out))
    g.save(path, [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["batch", 3, SIZE, SIZE])], x,
           name, out)


def save_text(path, name, vocabulary, mask):
    g = Graph(2)
    x = g.op("Add", g.op("Gather", g.weights(vocabulary, WIDTH), "input_ids"), g.weights(LENGTH, WIDTH))
    later = np.triu(np.full((LENGTH, LENGTH), -1e4, np.float32), 1)
    hidden = g.constant(later)
    inputs = [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", LENGTH])]
    if mask:
        inputs.append(helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["batch", LENGTH]))
        seen = g.op("Cast", g.op("Unsqueeze", "attention_mask", g.constant(np.int64([1, 2]))), to=TensorProto.FLOAT)
        unseen = g.op("Mul", g.op("Sub", g.constant(np.float32(1)), seen), g.constant(np.float32(-1e4)))
        hidden = g.op("Add", hidden, unseen)
    x = g.norm(g.block(x, LENGTH, hidden))
    # The vector of the last token, which has the highest id.
    end = g.op("ArgMax", "input_ids", axis=1, keepdims=1)
    place = g.op("OneHot", end, g.constant(np.int64([LENGTH])), g.constant(np.float32([0, 1])))
    x = g.shape(g.op("MatMul", place, x), -1, WIDTH)
    g.save(path, inputs, g.op("MatMul", x, g.weights(WIDTH, OUT)), name, OUT)


def merges_of(texts, count):
    """Byte pairs learnt from some texts, as lines of merges.txt."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation(),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=count + 400, end_of_word_suffix="</w>", show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [tuple(m) if isinstance(m, list) else tuple(m.split(" ")) for m in merges]


def vocabulary_of(merges):
    """Token to id, in the order of openai/CLIP."""
    shown = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    letters = [chr(b) for b in shown] + [chr(0x100 + n) for n in range(256 - len(shown))]
    tokens = [*letters, *(c + "</w>" for c in letters), *(a + b for a, b in merges),
              "<|startoftext|>", "<|endoftext|>"]
    return {token: number for number, token in enumerate(tokens)}


def save(folder, merges, transformers):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = vocabulary_of(merges)
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges), encoding="utf-8")
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    if transformers:
        save_image(folder / "vision_model.onnx", "image_embeds")
        save_text(folder / "text_model.onnx", "text_embeds", len(vocabulary), mask=True)
    else:
        save_image(folder / "visual.onnx", "output")
        save_text(folder / "textual.onnx", "output", len(vocabulary), mask=False)
    return vocabulary

#include "src/engine/quantize/qdq.h"

#include <algorithm>
#include <set>
#include <utility>

#include "src/engine/onnx/model_editor.h"

namespace peel::engine {
namespace {

using wire::FileNode;

Result<Tensor> ZeroPoint(int level, bool is_signed) {
  PEEL_ASSIGN_OR_RETURN(Tensor zero,
                        Tensor::Allocate(is_signed ? DataType::kInt8 : DataType::kUint8, {}));
  *zero.data<uint8_t>() = static_cast<uint8_t>(is_signed ? level - 128 : level);
  return zero;
}

Result<Tensor> Zeros(DataType type, const Shape& shape) {
  PEEL_ASSIGN_OR_RETURN(Tensor zeros, Tensor::Allocate(type, shape));
  std::fill_n(static_cast<uint8_t*>(zeros.raw()), zeros.bytes(), uint8_t{0});
  return zeros;
}

FileNode Dequantize(const std::string& name, const std::string& from, const std::string& scale,
                    const std::string& zero, bool per_channel) {
  FileNode node;
  node.op_type = "DequantizeLinear";
  node.name = name;
  node.inputs = {from, scale, zero};
  node.outputs = {name};
  if (per_channel) node.attributes.emplace("axis", int64_t{0});
  return node;
}

}  // namespace

std::map<std::string, bool> QdqWriter::ByteValues(std::span<const char> chosen) const {
  std::map<std::string, bool> bytes;
  for (size_t i = 0; i < chosen.size(); ++i) {
    if (chosen[i]) bytes[target_.layers[i].input] = false;
  }
  // Movers are in the order of execution, so from the last to the first whoever reads one is
  // settled before it.
  for (size_t m = target_.movers.size(); m-- > 0;) {
    const QuantMover& mover = target_.movers[m];
    const auto result = bytes.find(mover.output);
    if (result == bytes.end()) continue;
    result->second = true;
    for (const std::string& input : mover.inputs) bytes.emplace(input, false);
  }
  for (size_t i = 0; i < chosen.size(); ++i) {
    const auto result = bytes.find(target_.layers[i].result);
    if (chosen[i] && result != bytes.end()) result->second = true;
  }
  return bytes;
}

Result<std::string> QdqWriter::Write(std::span<const char> chosen,
                                     const std::map<std::string, std::string>& metadata) const {
  ModelEdits edits;
  edits.upgrade_opset = true;
  edits.ranks = target_.ranks;
  edits.metadata = metadata;
  const auto constant = [&](const std::string& name, Tensor tensor) {
    edits.constants.emplace_back(name, std::move(tensor));
    return name;
  };

  // Who reads each value as bytes: layers on integers and movers; all, where there is nothing else.
  std::set<std::string> consumers;
  const std::map<std::string, bool> bytes = ByteValues(chosen);
  for (size_t i = 0; i < chosen.size(); ++i) {
    if (chosen[i]) consumers.insert(target_.layers[i].output);
  }
  for (const QuantMover& mover : target_.movers) {
    if (bytes.contains(mover.output)) consumers.insert(mover.output);
  }
  for (const auto& [name, alone] : bytes) {
    const auto readers = target_.readers.find(name);
    if (readers == target_.readers.end()) continue;
    const ActivationCode& code = codes_.at(name);
    const std::string base = name + ".peel", real = base + ".real";
    const std::string scale = constant(base + ".scale", Tensor::Scalar(code.scale));
    PEEL_ASSIGN_OR_RETURN(Tensor zero_point, ZeroPoint(code.zero_point, signed_));
    const std::string zero = constant(base + ".zero", std::move(zero_point));
    FileNode quantize;
    quantize.op_type = "QuantizeLinear";
    quantize.name = base + ".levels";
    quantize.inputs = {name, scale, zero};
    quantize.outputs = {quantize.name};
    // In front of the first node that reads the value at all: the file is in order.
    NodeEdit& first = edits.nodes[readers->second.front().node];
    first.before.push_back(quantize);
    first.before.push_back(Dequantize(real, quantize.name, scale, zero, false));
    for (const Reader& reader : readers->second) {
      if (alone || consumers.contains(reader.node)) {
        edits.nodes[reader.node].inputs[reader.operand] = real;
      }
    }
  }

  for (size_t i = 0; i < target_.layers.size(); ++i) {
    if (!chosen[i]) continue;
    const QuantLayer& layer = target_.layers[i];
    const QuantWeights& w = weights_[i];
    NodeEdit& edit = edits.nodes[layer.output];
    const std::string base = layer.output + ".peel.weights";
    const std::string scale = constant(base + ".scale", w.scales);
    PEEL_ASSIGN_OR_RETURN(Tensor none, Zeros(DataType::kInt8, w.scales.shape()));
    const std::string zero = constant(base + ".zero", std::move(none));
    edit.before.push_back(
        Dequantize(base + ".real", constant(base + ".levels", w.weights), scale, zero, true));
    edit.inputs[1] = base + ".real";
    if (w.bias.defined()) {
      const std::string bias = layer.output + ".peel.bias";
      const std::string bias_scale = constant(bias + ".scale", w.bias_scales);
      PEEL_ASSIGN_OR_RETURN(Tensor nothing, Zeros(DataType::kInt32, w.bias.shape()));
      const std::string bias_zero = constant(bias + ".zero", std::move(nothing));
      edit.before.push_back(Dequantize(bias + ".real", constant(bias + ".levels", w.bias),
                                       bias_scale, bias_zero, true));
      edit.inputs[2] = bias + ".real";
    }
    if (!layer.folded_norm.empty()) {
      edit.outputs[0] = layer.folded_norm;
      edits.nodes[layer.folded_norm].remove = true;
    }
  }
  return EditOnnx(source_, directory_, edits);
}

}  // namespace peel::engine

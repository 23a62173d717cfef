#include <algorithm>
#include <array>
#include <cstring>

#include "src/engine/kernels/map/concat.h"
#include "src/engine/plan/byte_operand.h"

namespace peel::engine {
namespace {

// A part that could not be placed in its slice, copied row by row: rows are the batch's items.
struct PartCopy {
  Operand in;
  uint64_t offset = 0;  // of the slice in an item of the output, bytes
  uint64_t row_bytes = 0;
  int64_t rows = 1;
};

Result<Emitted> EmitCopies(EmitArgs& args, int64_t rows) {
  const Operand out = args.out[0];
  std::vector<PartCopy> copies;
  uint64_t offset = 0;
  for (size_t i = 0; i < args.in.size(); ++i) {
    PEEL_ASSIGN_OR_RETURN(const uint64_t bytes,
                          LayoutBytes(args.in[i].type, args.in[i].shape, args.in[i].layout));
    const uint64_t row_bytes = rows > 0 ? bytes / static_cast<uint64_t>(rows) : 0;
    if (!args.in_place[i] && row_bytes > 0) copies.push_back({args.in[i], offset, row_bytes, rows});
    offset += row_bytes;
  }
  Emitted step;
  if (copies.empty()) return step;
  // Rows along the batch may be strided; rows along inner axes are dense.
  const bool batch_rows = rows > 1 && !out.shape.empty() && rows == out.shape[0];
  const auto size = static_cast<int64_t>(DataTypeSize(out.type));
  const int64_t out_row = batch_rows ? out.batch_stride * size : static_cast<int64_t>(offset);
  step.run = [copies, out, out_row, batch_rows, size](const RunEnv& env) {
    for (const PartCopy& copy : copies) {
      const int64_t in_row =
          batch_rows ? copy.in.batch_stride * size : static_cast<int64_t>(copy.row_bytes);
      const uint8_t* from = copy.in.At<uint8_t>(env);
      uint8_t* to = out.At<uint8_t>(env) + copy.offset;
      // A part of many small rows is not worth waking the pool for.
      const int64_t group = std::max<int64_t>(1, (64 << 10) / static_cast<int64_t>(copy.row_bytes));
      const int64_t groups = (copy.rows + group - 1) / group;
      env.pool->ParallelFor(groups, [&](int64_t g, int) {
        const int64_t end = std::min(copy.rows, (g + 1) * group);
        for (int64_t r = g * group; r < end; ++r) {
          std::memcpy(to + r * out_row, from + r * in_row, copy.row_bytes);
        }
      });
    }
    return OkStatus();
  };
  return step;
}

// Blocked images whose channels do not end on a block have to be woven together.
Variant CopyChannels(const NodeView& view, double cost) {
  Variant variant = SameLayout(view, "concat_copy", Layout::kBlocked, cost);
  variant.strided = true;
  if (view.Output().type == DataType::kUint8) {
    variant.emit = [shape = ImageShape(view.OutputShape())](EmitArgs& args) -> Result<Emitted> {
      return Simple([shape, in = args.in, out = args.out[0]](const RunEnv& env) {
        std::vector<ByteConcatPart> parts;
        parts.reserve(in.size());
        for (const Operand& part : in) parts.push_back({ReadBytes(part, env), part.shape[1]});
        RunByteConcat(shape, parts, WriteBytes(out, env), *env.pool);
        return OkStatus();
      });
    };
    return variant;
  }
  variant.emit = [shape = ImageShape(view.OutputShape())](EmitArgs& args) -> Result<Emitted> {
    return Simple([shape, in = args.in, out = args.out[0]](const RunEnv& env) {
      std::array<ConcatPart, 16> few;  // a plan is shared: what a run writes is its own
      std::vector<ConcatPart> many(in.size() > few.size() ? in.size() : 0);
      const std::span<ConcatPart> parts =
          many.empty() ? std::span<ConcatPart>(few).first(in.size()) : std::span<ConcatPart>(many);
      for (size_t i = 0; i < in.size(); ++i) parts[i] = {Read(in[i], env), in[i].shape[1]};
      RunConcat(Layout::kBlocked, shape, parts, Write(out, env), *env.pool);
      return OkStatus();
    });
  };
  return variant;
}

}  // namespace

void ConcatVariants(const NodeView& view, Choices& choices) {
  const Node& node = view.node();
  const Shape& shape = view.OutputShape();
  const auto rank = static_cast<int64_t>(shape.size());
  int64_t axis = node.Int("axis", 1);
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) return;
  int64_t rows = 1;
  for (int64_t i = 0; i < axis; ++i) rows *= shape[static_cast<size_t>(i)];
  double bytes = 0;
  for (int i = 0; i < view.input_count(); ++i) {
    bytes += 2.0 * static_cast<double>(ElementCount(view.InputShape(i)).value()) *
             static_cast<double>(DataTypeSize(view.Input(i).type));
  }
  const int64_t batch = shape.empty() ? 1 : std::max<int64_t>(shape[0], 1);
  const bool slices = rows == 1 || (axis == 1 && rows == batch);
  const auto add = [&](Layout layout, const char* kernel) {
    Variant variant;
    variant.kernel = kernel;
    // Parts can lie side by side only where an item of the batch is one row.
    variant.kind = slices ? Variant::Kind::kConcat : Variant::Kind::kCompute;
    variant.in.assign(node.inputs.size(), layout);
    variant.out = layout;
    variant.strided = slices;
    variant.cost = slices ? 0.001 : StreamCost(bytes);
    variant.emit = [rows](EmitArgs& args) {
      args.in_place.resize(args.in.size(), 0);
      return EmitCopies(args, rows);
    };
    choices.variants.push_back(std::move(variant));
  };
  bool images = axis == 1, whole_blocks = true;
  for (int i = 0; i < view.input_count(); ++i) {
    const Value& part = view.Input(i);
    images =
        images && (NodeView::IsImage(part) || NodeView::IsByteImage(part)) && !part.is_constant();
    if (images && i + 1 < view.input_count()) whole_blocks &= view.InputShape(i)[1] % kBlock == 0;
  }
  if (images && whole_blocks) {
    add(Layout::kBlocked, "concat_blocked");
  } else if (images) {
    choices.rejections.push_back({"concat_blocked", "wants 16 channels at a time"});
    choices.variants.push_back(CopyChannels(view, StreamCost(bytes)));
  } else {
    choices.rejections.push_back({"concat_blocked", "wants images along their channels"});
  }
  add(Layout::kPlain, "concat");
}

}  // namespace peel::engine

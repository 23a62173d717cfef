#include <algorithm>
#include <cstring>
#include <optional>

#include "src/engine/graph/slice.h"
#include "src/engine/plan/image_operand.h"

namespace peel::engine {
namespace {

// What is copied: `rows` runs of `bytes` bytes, `step` apart in the input, dense in the output.
struct Runs {
  int64_t rows = 1, bytes = 0, step = 0, first = 0;
};

std::optional<std::vector<SliceRange>> RangesOf(const NodeView& view) {
  const Node& node = view.node();
  std::vector<int64_t> lists[4];
  const char* const names[] = {"starts", "ends", "axes", "steps"};
  for (int i = 0; i < 4; ++i) {
    auto& list = lists[i];
    list = node.Ints(names[i]);  // of early opsets
    if (!view.HasInput(i + 1)) continue;
    if (!view.Input(i + 1).is_constant()) return std::nullopt;
    auto values = view.Input(i + 1).constant.AsInt64s();
    if (!values.ok()) return std::nullopt;
    list = *std::move(values);
  }
  auto ranges = ResolveSlice(view.InputShape(0), lists[0], lists[1], lists[2], lists[3]);
  if (!ranges.ok()) return std::nullopt;
  return *std::move(ranges);
}

// One axis cut short in steps of one and the others whole; nothing where that is not so. element:
// bytes of an entry of the innermost axis.
std::optional<Runs> RunsOf(const Shape& shape, std::span<const SliceRange> ranges,
                           int64_t element) {
  Runs runs;
  runs.bytes = runs.step = element;
  size_t cut = shape.size();
  for (size_t i = shape.size(); i-- > 0;) {
    if (ranges[i].step != 1) return std::nullopt;
    const bool whole = ranges[i].start == 0 && ranges[i].count == shape[i];
    if (!whole && cut != shape.size()) return std::nullopt;
    if (cut != shape.size()) {
      runs.rows *= shape[i];
      continue;
    }
    runs.first = runs.bytes * ranges[i].start;
    runs.bytes *= ranges[i].count;
    runs.step *= shape[i];
    if (!whole) cut = i;
  }
  return runs;
}

void AddCopy(const NodeView& view, Choices& choices, const char* kernel, Layout layout,
             const Runs& runs) {
  Variant variant = SameLayout(view, kernel, Layout::kPlain,
                               StreamCost(2.0 * static_cast<double>(runs.rows * runs.bytes)));
  variant.in[0] = variant.out = layout;
  variant.emit = [runs](EmitArgs& args) -> Result<Emitted> {
    return Simple([runs, in = args.in[0], out = args.out[0]](const RunEnv& env) {
      const uint8_t* from = in.At<uint8_t>(env) + runs.first;
      uint8_t* to = out.At<uint8_t>(env);
      // Long runs in pieces, short ones many at a time.
      constexpr int64_t kPiece = 128 << 10;
      const int64_t pieces = std::max<int64_t>(1, DivideUp(runs.bytes, kPiece));
      const int64_t group = pieces > 1 ? 1 : std::max<int64_t>(1, kPiece / runs.bytes);
      const int64_t groups = DivideUp(runs.rows, group);
      env.pool->ParallelFor(groups * pieces, [&](int64_t item, int) {
        const int64_t begin = item % pieces * kPiece;
        const auto bytes = static_cast<size_t>(std::min(kPiece, runs.bytes - begin));
        const int64_t first = item / pieces * group, last = std::min(first + group, runs.rows);
        for (int64_t r = first; r < last; ++r) {
          std::memcpy(to + r * runs.bytes + begin, from + r * runs.step + begin, bytes);
        }
      });
      return OkStatus();
    });
  };
  choices.variants.push_back(std::move(variant));
}

}  // namespace

void SliceVariants(const NodeView& view, Choices& choices) {
  const auto reject = [&](const char* why) { choices.rejections.push_back({"slice", why}); };
  const auto ranges = RangesOf(view);
  if (!ranges) return reject("wants to know what it takes");
  const Value& x = view.Input(0);
  if (x.type != view.Output().type || ElementCount(view.OutputShape()).value() == 0) {
    return reject("takes nothing");
  }
  const auto size = static_cast<int64_t>(DataTypeSize(x.type));
  const auto plain = RunsOf(*x.shape, *ranges, size);
  if (!plain) return reject("wants one axis cut short, in steps of one");
  AddCopy(view, choices, "slice", Layout::kPlain, *plain);
  if (!NodeView::IsImage(x) && !NodeView::IsByteImage(x)) return;
  // Blocks of channels are an axis of their own; one cut short keeps its unused channels zero only
  // where it is the image's last.
  const SliceRange& channels = (*ranges)[1];
  const int64_t end = channels.start + channels.count;
  if (channels.start % kBlock != 0 || (end % kBlock != 0 && end != (*x.shape)[1])) {
    choices.rejections.push_back({"slice_blocked", "wants 16 channels at a time"});
    return;
  }
  Shape blocks = *x.shape;
  blocks[1] = DivideUp(blocks[1], kBlock);
  std::vector<SliceRange> cut = *ranges;
  cut[1] = {channels.start / kBlock, 1, DivideUp(channels.count, kBlock)};
  if (const auto runs = RunsOf(blocks, cut, size * kBlock)) {
    AddCopy(view, choices, "slice_blocked", Layout::kBlocked, *runs);
  }
}

}  // namespace peel::engine

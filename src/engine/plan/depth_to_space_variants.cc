#include "src/engine/plan/image_operand.h"

namespace peel::engine {
namespace {

// Where a pixel of the output comes from: channel * c + row * i + column * j of the input, (i, j)
// its place in the block.
struct Blocks {
  Shape4 in;
  int64_t size = 0, channel = 0, row = 0, column = 0;
};

// `B` pixels side by side from as many rows of the input, `apart` elements from each other. B is
// known to the compiler for the block of two, nearly the only one in use: it interleaves then.
template <typename T, int64_t B>
void Interleave(const T* from, int64_t apart, int64_t width, T* to) {
  for (int64_t x = 0; x < width; ++x) {
    for (int64_t j = 0; j < B; ++j) to[x * B + j] = from[j * apart + x];
  }
}

template <typename T>
void RunDepthToSpace(const Blocks& blocks, const T* in, T* out, ThreadPool& pool) {
  const int64_t b = blocks.size, width = blocks.in.width, plane = blocks.in.height * width;
  const int64_t channels = blocks.in.channels / (b * b), height = blocks.in.height * b;
  pool.ParallelFor(blocks.in.batch * channels * blocks.in.height, [&](int64_t item, int) {
    const int64_t y = item % blocks.in.height, image = item / blocks.in.height / channels;
    const int64_t c = item / blocks.in.height % channels;
    for (int64_t i = 0; i < b; ++i) {
      const T* from = in +
                      (image * blocks.in.channels + c * blocks.channel + i * blocks.row) * plane +
                      y * width;
      T* to = out + ((image * channels + c) * height + y * b + i) * width * b;
      if (b == 2) {
        Interleave<T, 2>(from, blocks.column * plane, width, to);
        continue;
      }
      for (int64_t j = 0; j < b; ++j) {
        const T* source = from + j * blocks.column * plane;
        for (int64_t x = 0; x < width; ++x) to[x * b + j] = source[x];
      }
    }
  });
}

}  // namespace

void DepthToSpaceVariants(const NodeView& view, Choices& choices) {
  const auto reject = [&](const char* why) {
    choices.rejections.push_back({"depth_to_space", why});
  };
  const Value& x = view.Input(0);
  const bool floats = NodeView::IsImage(x), bytes = NodeView::IsByteImage(x);
  if (!floats && !bytes) return reject("wants an image of float32 or uint8");
  const int64_t b = view.node().Int("blocksize", 0);
  const int64_t channels = (*x.shape)[1];
  if (b <= 0 || b > channels || channels % (b * b) != 0) {
    return reject("wants a block that divides the channels");
  }
  Blocks blocks;
  blocks.in = ImageShape(*x.shape);
  blocks.size = b;
  const bool crd = view.node().String("mode", "DCR") == "CRD";
  blocks.channel = crd ? b * b : 1;
  blocks.column = crd ? 1 : channels / (b * b);
  blocks.row = b * blocks.column;
  const double size = floats ? sizeof(float) : 1;
  Variant variant =
      SameLayout(view, "depth_to_space", Layout::kPlain, StreamCost(2 * size * Elements(*x.shape)));
  variant.emit = [blocks, floats](EmitArgs& args) -> Result<Emitted> {
    return Simple([blocks, floats, in = args.in[0], out = args.out[0]](const RunEnv& env) {
      if (floats) {
        RunDepthToSpace(blocks, in.At<float>(env), out.At<float>(env), *env.pool);
      } else {
        RunDepthToSpace(blocks, in.At<uint8_t>(env), out.At<uint8_t>(env), *env.pool);
      }
      return OkStatus();
    });
  };
  choices.variants.push_back(std::move(variant));
}

}  // namespace peel::engine

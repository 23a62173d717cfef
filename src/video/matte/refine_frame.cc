#include "src/video/matte/refine_frame.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "src/image/rows.h"
#include "src/matte/edges/guided.h"
#include "src/video/matte/refine_kernels.h"

namespace peel::video {
namespace {

using Model = GuidedModel;

// From a model of R'G'B' to one of samples.
void ReadSamples(const ColourCode& code, Model& model, ThreadPool* pool) {
  const ToRgbMatrix matrix = ToRgbOf(code);
  const auto width = static_cast<size_t>(model.width());
  ForRowBands(model.height(), pool, [&](int first, int last, int) {
    const size_t begin = static_cast<size_t>(first) * width,
                 end = static_cast<size_t>(last) * width;
    float* const a[3] = {model.plane(0), model.plane(1), model.plane(2)};
    float* const b = model.plane(Model::kConstant);
    for (size_t i = begin; i < end; ++i) {
      const float r = a[0][i], g = a[1][i], blue = a[2][i];
      float constant = b[i];
      for (size_t p = 0; p < 3; ++p) {
        const float v = r * matrix.gain[0][p] + g * matrix.gain[1][p] + blue * matrix.gain[2][p];
        a[p][i] = v;
        constant -= v * matrix.zero[p];
      }
      b[i] = constant;
    }
  });
}

// The samples [first, last) of row y of a plane at the size of luma, as floats. Chroma lies level
// with every other pixel of a row and between rows (as MPEG-2, H.264 and their like have it unless
// they say otherwise), and is interpolated.
template <typename T>
void TakeSamples(const Frame& frame, int plane, int y, int first, int last, float* to) {
  const FrameLayout& layout = frame.layout();
  const int sx = plane == 0 ? 0 : layout.chroma_shift_x;
  const int sy = plane == 0 ? 0 : layout.chroma_shift_y;
  const auto row = [&](int v) {
    v = std::clamp(v, 0, frame.plane_height(plane) - 1);
    return reinterpret_cast<const T*>(frame.plane(plane) +
                                      static_cast<size_t>(v) * frame.row_bytes(plane));
  };
  const T* const near = row(y >> sy);
  if (sx == 0 && sy == 0) {
    for (int x = first; x < last; ++x) to[x] = near[x];
    return;
  }
  const T* const far = sy == 0 ? near : row((y >> sy) + ((y & 1) != 0 ? 1 : -1));
  if (sx == 0) {
    for (int x = first; x < last; ++x) to[x] = 0.75f * near[x] + 0.25f * far[x];
    return;
  }
  const int most = frame.plane_width(plane) - 1;
  const auto at = [&](int u) { return 0.75f * near[u] + 0.25f * far[u]; };
  int x = first;
  if ((x & 1) != 0) {
    to[x] = 0.5f * (at(x >> 1) + at(std::min((x >> 1) + 1, most)));
    ++x;
  }
  if (x >= last) return;
  float now = at(x >> 1);
  for (; x < last; x += 2) {
    const float next = at(std::min((x >> 1) + 1, most));
    to[x] = now;
    if (x + 1 < last) to[x + 1] = 0.5f * (now + next);
    now = next;
  }
}

// Where one row of cells between grid samples is soft: runs of columns [first, last), in order. All
// else is the same on all four corners, and certain.
struct Run {
  int first, last;
  bool soft;
  uint8_t value;
};

std::vector<Run> RunsOf(const float* upper, const float* lower, int cells, int right) {
  std::vector<Run> runs;
  for (int c = 0; c < cells; ++c) {
    const float v = upper[c];
    const bool same = v == upper[c + right] && v == lower[c] && v == lower[c + right];
    const bool soft = !same || (v > 0 && v < 1);
    const uint8_t value = soft || v <= 0 ? 0 : 255;
    if (!runs.empty() && runs.back().soft == soft && runs.back().value == value) {
      runs.back().last = c + 1;
    } else {
      runs.push_back({c, c + 1, soft, value});
    }
  }
  return runs;
}

void Evaluate(const Model& model, const Frame& frame, ImageU8& out, ThreadPool* pool) {
  const int width = frame.width();
  const Between columns = Interpolation(model.width(), width);
  const Between rows = Interpolation(model.height(), frame.height());
  const auto grid = static_cast<size_t>(model.width());
  const int cells = std::max(model.width() - 1, 1), right = model.width() > 1 ? 1 : 0;
  const size_t below = model.height() > 1 ? grid : 0;
  // The first pixel of every cell.
  std::vector<int> begin(static_cast<size_t>(cells) + 1, width);
  for (int x = width - 1; x >= 0; --x)
    begin[static_cast<size_t>(columns.left[static_cast<size_t>(x)])] = x;
  for (size_t c = static_cast<size_t>(cells); c-- > 0;) begin[c] = std::min(begin[c], begin[c + 1]);
  const size_t padded = static_cast<size_t>(width) + kGuidedPadding;
  std::vector<int32_t> left(columns.left);
  left.resize(padded, columns.left.back());
  std::vector<float> share(columns.share);
  share.resize(padded, 0.0f);

  struct Scratch {
    std::vector<float> lines, samples;
  };
  std::vector<Scratch> scratch(static_cast<size_t>(Workers(pool)));
  ForRowBands(frame.height(), pool, [&](int first, int last, int worker) {
    Scratch& own = scratch[static_cast<size_t>(worker)];
    own.lines.resize(Model::kPlanes * (grid + 1));
    own.samples.resize(3 * padded);
    std::vector<Run> runs;
    int of = -1;
    for (int y = first; y < last; ++y) {
      const int top = rows.left[static_cast<size_t>(y)];
      const size_t upper = static_cast<size_t>(top) * grid;
      if (top != of) {
        const float* matte = model.plane(Model::kMatte) + upper;
        runs = RunsOf(matte, matte + below, cells, right);
        of = top;
      }
      for (const Run& run : runs) {
        const int x0 = begin[static_cast<size_t>(run.first)],
                  x1 = begin[static_cast<size_t>(run.last)];
        if (!run.soft) {
          std::fill(out.row(y) + x0, out.row(y) + x1, run.value);
          continue;
        }
        if (x0 == x1) continue;
        GuidedRun guided;
        for (size_t k = 0; k < Model::kPlanes; ++k) {
          guided.upper[k] = model.plane(k) + upper;
          guided.lower[k] = guided.upper[k] + below;
        }
        guided.share = rows.share[static_cast<size_t>(y)];
        guided.first_column = run.first;
        guided.last_column = std::min(run.last, model.width() - 1);
        guided.lines = own.lines.data();
        guided.grid = grid + 1;
        guided.left = left.data() + x0;
        guided.right_share = share.data() + x0;
        for (int p = 0; p < 3; ++p) {
          float* samples = own.samples.data() + static_cast<size_t>(p) * padded;
          if (frame.layout().depth > 8) {
            TakeSamples<uint16_t>(frame, p, y, x0, x1, samples);
          } else {
            TakeSamples<uint8_t>(frame, p, y, x0, x1, samples);
          }
          guided.samples[static_cast<size_t>(p)] = samples + x0;
        }
        guided.count = static_cast<size_t>(x1 - x0);
        guided.out = out.row(y) + x0;
        GuideRun(guided);
      }
    }
  });
}

// The part of a matte that holds all soft cells, [x0, x1) x [y0, y1); empty where there are none.
struct Part {
  int x0, y0, x1, y1;
  bool empty() const { return x0 >= x1; }
};

Part SoftPart(ImageView<const float> matte) {
  Part part{matte.width, matte.height, 0, 0};
  for (int y = 0; y < matte.height; ++y) {
    const float* row = matte.row(y);
    const float* next = matte.row(std::min(y + 1, matte.height - 1));
    const auto soft = [&](int x) {
      const float v = row[x];
      const int right = std::min(x + 1, matte.width - 1);
      return (v > 0 && v < 1) || v != row[right] || v != next[x] || v != next[right];
    };
    int first = 0, last = matte.width;
    while (first < last && !soft(first)) ++first;
    if (first == last) continue;
    while (!soft(last - 1)) --last;
    part = {std::min(part.x0, first), std::min(part.y0, y), std::max(part.x1, last + 1), y + 2};
  }
  return part;
}

template <typename T>
ImageView<const T> Crop(ImageView<const T> view, const Part& part) {
  view.data = view.row(part.y0) + ptrdiff_t{part.x0} * view.channels;
  view.width = part.x1 - part.x0;
  view.height = part.y1 - part.y0;
  return view;
}

// The model where the matte is soft; elsewhere only the matte.
Result<Model> FitSoftPart(ImageView<const float> matte, ImageView<const uint8_t> guide,
                          const ColourCode& code, ThreadPool* pool) {
  PEEL_ASSIGN_OR_RETURN(Model model, Model::Allocate(matte.width, matte.height));
  const auto width = static_cast<size_t>(matte.width);
  for (int y = 0; y < matte.height; ++y) {
    std::copy_n(matte.row(y), width, model.plane(Model::kMatte) + static_cast<size_t>(y) * width);
  }
  Part part = SoftPart(matte);
  if (part.empty()) return model;
  const GuidedOptions options;
  const int margin = 2 * options.radius;
  part = {std::max(part.x0 - margin, 0), std::max(part.y0 - margin, 0),
          std::min(part.x1 + margin, matte.width), std::min(part.y1 + margin, matte.height)};
  PEEL_ASSIGN_OR_RETURN(Model fitted,
                        FitGuided(Crop(matte, part), Crop(guide, part), options, pool));
  ReadSamples(code, fitted, pool);
  const auto columns = static_cast<size_t>(fitted.width());
  for (size_t k = 0; k <= Model::kConstant; ++k) {
    for (int y = 0; y < fitted.height(); ++y) {
      std::copy_n(
          fitted.plane(k) + static_cast<size_t>(y) * columns, columns,
          model.plane(k) + static_cast<size_t>(part.y0 + y) * width + static_cast<size_t>(part.x0));
    }
  }
  return model;
}

}  // namespace

Result<ImageU8> RefineFrame(ImageView<const float> matte, ImageView<const uint8_t> guide,
                            const Frame& frame, const ColourCode& code, ThreadPool* pool) {
  if (matte.empty() || matte.channels != 1 || guide.channels != 3 || guide.width != matte.width ||
      guide.height != matte.height) {
    return InvalidArgument("a matte and the colours that guide it have one size");
  }
  PEEL_ASSIGN_OR_RETURN(const Model model, FitSoftPart(matte, guide, code, pool));
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(frame.width(), frame.height(), 1));
  Evaluate(model, frame, out, pool);
  return out;
}

}  // namespace peel::video

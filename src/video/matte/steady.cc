#include "src/video/matte/steady.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <utility>

#include "src/base/checked.h"
#include "src/image/rows.h"
#include "src/video/matte/steady_kernels.h"

namespace peel::video {
namespace {

// Probabilities beyond these count as decided; see Settle in src/matte/matte.h, which follows.
constexpr float kBackground = 0.02f, kSubject = 0.96f;
// Pixels by which the way to a neighbour and back may miss.
constexpr float kMiss = 1.5f;
// What remains of a neighbour's weight beyond that.
constexpr float kMissed = 0.2f;

// A block's rows and columns of a picture.
struct Box {
  int x0, y0, x1, y1;
};

Box BlockAt(int column, int row, int width, int height) {
  const int x = column * kMotionBlock, y = row * kMotionBlock;
  return {x, y, std::min(x + kMotionBlock, width), std::min(y + kMotionBlock, height)};
}

struct Cell {
  int column, row;
};

// The block of a field in which the middle of another one lies that has moved.
Cell LandedAt(const MotionField& field, int column, int row, const MotionField::Motion& motion) {
  const float x = (static_cast<float>(column) + 0.5f) * kMotionBlock + motion.x;
  const float y = (static_cast<float>(row) + 0.5f) * kMotionBlock + motion.y;
  return {std::clamp(static_cast<int>(x) / kMotionBlock, 0, field.columns - 1),
          std::clamp(static_cast<int>(y) / kMotionBlock, 0, field.rows - 1)};
}

SeenFrame Seen(const FramePrediction& prediction) {
  const ImageF32& matte = prediction.matte;
  const ImageU8& luma = prediction.luma;
  return {matte.row(0), luma.row(0), matte.stride(), luma.stride(), matte.width(), matte.height()};
}

}  // namespace

bool IsCut(const FramePrediction& before, const FramePrediction& after) {
  constexpr int kBins = 16, kStep = 4;
  // Shares of the pixels that lie in other bins, and a mean difference, from which on it is one.
  constexpr double kOtherColours = 0.4, kOtherPicture = 24;
  std::array<std::array<int, kBins>, 3> bins{};
  int64_t difference = 0;
  int pixels = 0;
  for (int y = 0; y < before.colours.height(); y += kStep) {
    const uint8_t* a = before.colours.row(y);
    const uint8_t* b = after.colours.row(y);
    for (int x = 0; x < before.colours.width(); x += kStep, ++pixels) {
      for (size_t c = 0; c < 3; ++c) {
        const int u = a[3 * x + static_cast<int>(c)], v = b[3 * x + static_cast<int>(c)];
        ++bins[c][static_cast<size_t>(u * kBins / 256)];
        --bins[c][static_cast<size_t>(v * kBins / 256)];
        difference += std::abs(u - v);
      }
    }
  }
  int moved = 0;
  for (const auto& channel : bins) {
    for (const int n : channel) moved += std::abs(n);
  }
  const double other = moved / 6.0 / pixels;
  const double mean = static_cast<double>(difference) / 3 / pixels;
  return other > kOtherColours && mean > kOtherPicture;
}

void Steadier::Add(std::shared_ptr<const FramePrediction> prediction) {
  Entry entry;
  const ImageF32& matte = prediction->matte;
  const int columns = static_cast<int>(DivideUp(matte.width(), kMotionBlock));
  const int rows = static_cast<int>(DivideUp(matte.height(), kMotionBlock));
  entry.open.resize(static_cast<size_t>(columns) * static_cast<size_t>(rows));
  entry.side.resize(entry.open.size());
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      const Box box = BlockAt(column, row, matte.width(), matte.height());
      float least = 1, most = 0;
      for (int y = std::max(box.y0 - 2, 0); y < std::min(box.y1 + 2, matte.height()); ++y) {
        const float* p = matte.row(y);
        for (int x = std::max(box.x0 - 2, 0); x < std::min(box.x1 + 2, matte.width()); ++x) {
          least = std::min(least, p[x]);
          most = std::max(most, p[x]);
        }
      }
      const size_t i =
          static_cast<size_t>(row) * static_cast<size_t>(columns) + static_cast<size_t>(column);
      entry.open[i] = least < kSubject && most > kBackground ? 1 : 0;
      entry.side[i] = most > kBackground ? 1 : 0;
    }
  }
  entry.pyramid = MotionPyramid::Of(prediction->luma);
  entry.cut = !entries_.empty() && IsCut(*entries_.back().prediction, *prediction);
  entry.prediction = std::move(prediction);
  entries_.push_back(std::move(entry));

  const size_t now = entries_.size() - 1;
  bool same = !entries_[now].cut;
  for (int back = 1; back <= kSearched && same && static_cast<size_t>(back) <= now; ++back) {
    Entry& a = entries_[now - static_cast<size_t>(back)];
    Entry& b = entries_[now];
    std::vector<uint8_t> wanted(b.open.size());
    for (size_t i = 0; i < wanted.size(); ++i) {
      wanted[i] = a.open[i] | b.open[i] | static_cast<uint8_t>(a.side[i] ^ b.side[i]);
    }
    Field(a, back) = EstimateMotion(a.pyramid, b.pyramid, wanted, pool_);
    Field(b, -back) = EstimateMotion(b.pyramid, a.pyramid, wanted, pool_);
    same = !a.cut;
  }
}

void Steadier::Window(size_t i, int* before, int* after) const {
  *before = *after = 0;
  while (*before < options_.reach && static_cast<size_t>(*before) < i &&
         !entries_[i - static_cast<size_t>(*before)].cut) {
    ++*before;
  }
  while (*after < options_.reach && i + static_cast<size_t>(*after) + 1 < entries_.size() &&
         !entries_[i + static_cast<size_t>(*after) + 1].cut) {
    ++*after;
  }
}

int Steadier::Ready(bool ended) const {
  const auto waiting = static_cast<int>(entries_.size() - next_);
  if (ended) return waiting;
  // A cut among those that wait ends the windows of all before it.
  for (int k = waiting - 1; k > 0; --k) {
    if (entries_[next_ + static_cast<size_t>(k)].cut) return std::max(k, waiting - options_.reach);
  }
  return std::max(waiting - options_.reach, 0);
}

Result<FramePrediction> Steadier::Take() {
  const Entry& entry = entries_[next_];
  const FramePrediction& own = *entry.prediction;
  FramePrediction out;
  PEEL_ASSIGN_OR_RETURN(out.matte, ImageF32::Allocate(own.matte.width(), own.matte.height(), 1));
  for (int y = 0; y < own.matte.height(); ++y) {
    std::copy_n(own.matte.row(y), own.matte.width(), out.matte.row(y));
  }
  PEEL_ASSIGN_OR_RETURN(out.colours,
                        ImageU8::Allocate(own.colours.width(), own.colours.height(), 3));
  for (int y = 0; y < own.colours.height(); ++y) {
    std::copy_n(own.colours.row(y), ptrdiff_t{3} * own.colours.width(), out.colours.row(y));
  }
  int before, after;
  Window(next_, &before, &after);
  out.subject = own.subject;
  float score = 0;
  for (int k = -before; k <= after; ++k) {
    const auto at = static_cast<size_t>(static_cast<ptrdiff_t>(next_) + k);
    score += entries_[at].prediction->subject.score;
  }
  if (before + after > 0) out.subject.score = score / static_cast<float>(before + after + 1);
  Blend(next_, out.matte);
  ++next_;
  while (next_ > static_cast<size_t>(options_.reach)) {
    entries_.pop_front();
    --next_;
  }
  return out;
}

void Steadier::Blend(size_t i, ImageF32& matte) const {
  int before, after;
  Window(i, &before, &after);
  if (before + after == 0) return;
  const SeenFrame own = Seen(*entries_[i].prediction);
  const int columns = static_cast<int>(DivideUp(matte.width(), kMotionBlock));
  const int rows = static_cast<int>(DivideUp(matte.height(), kMotionBlock));
  ForRowBands(
      rows, pool_,
      [&](int first, int last, int) {
        std::vector<BlendBlock> blocks;
        for (int row = first; row < last; ++row) {
          for (int column = 0; column < columns; ++column) {
            BlendBlock block;
            if (Describe(i, before, after, column, row, block)) blocks.push_back(block);
          }
        }
        BlendBlocks(options_, own, blocks.data(), blocks.size(), matte.row(0));
      },
      1);
}

// To a frame that blocks were looked for in.
Steadier::Way Steadier::Hop(size_t i, int offset, int column, int row) const {
  Way way;
  way.motion = Field(entries_[i], offset).at(column, row);
  if (!way.motion.known) return way;
  const size_t there = static_cast<size_t>(static_cast<ptrdiff_t>(i) + offset);
  const MotionField& back = Field(entries_[there], -offset);
  const Cell landed = LandedAt(back, column, row, way.motion);
  const MotionField::Motion& home = back.at(landed.column, landed.row);
  if (home.known &&
      std::max(std::fabs(home.x + way.motion.x), std::fabs(home.y + way.motion.y)) > kMiss) {
    way.missed = kMissed;
  }
  return way;
}

// To any frame within reach: further away by several such hops.
Steadier::Way Steadier::WayTo(size_t i, int offset, int column, int row) const {
  Way way;
  Cell cell = {column, row};
  for (int done = 0; done != offset;) {
    const int step = std::clamp(offset - done, -kSearched, kSearched);
    const auto at = static_cast<size_t>(static_cast<ptrdiff_t>(i) + done);
    if (done != 0) cell = LandedAt(Field(entries_[at], step), column, row, way.motion);
    const Way hop = Hop(at, step, cell.column, cell.row);
    if (done == 0) way.motion.known = hop.motion.known;
    way.motion.x += hop.motion.x;
    way.motion.y += hop.motion.y;
    way.missed *= hop.missed;
    done += step;
  }
  return way;
}

// What neighbours have to say about a block; false where nobody was asked.
bool Steadier::Describe(size_t i, int before, int after, int column, int row,
                        BlendBlock& block) const {
  const ImageF32& matte = entries_[i].prediction->matte;
  const Box box = BlockAt(column, row, matte.width(), matte.height());
  block.x0 = box.x0;
  block.y0 = box.y0;
  block.x1 = box.x1;
  block.y1 = box.y1;
  bool any = false;
  for (int k = -before; k <= after; ++k) {
    if (k == 0) continue;
    const Entry& other = entries_[static_cast<size_t>(static_cast<ptrdiff_t>(i) + k)];
    const Way way = WayTo(i, k, column, row);
    any = any || way.motion.known;
    BlendBlock::Neighbour& neighbour = block.neighbours[block.count];
    neighbour.frame = Seen(*other.prediction);
    neighbour.motion_x = way.motion.x;
    neighbour.motion_y = way.motion.y;
    neighbour.missed = way.missed;
    neighbour.weight = options_.weights[static_cast<size_t>(std::abs(k)) - 1];
    if (k == -1) block.before = static_cast<int>(block.count);
    if (k == 1) block.after = static_cast<int>(block.count);
    ++block.count;
  }
  return any;
}

}  // namespace peel::video

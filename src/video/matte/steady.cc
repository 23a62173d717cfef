#include "src/video/matte/steady.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <utility>

#include "src/base/checked.h"
#include "src/image/rows.h"

namespace peel::video {
namespace {

// Probabilities beyond these count as decided; see Settle in src/matte/matte.h, which follows.
constexpr float kBackground = 0.02f, kSubject = 0.96f;
// Pixels by which the way to a neighbour and back may miss.
constexpr float kMiss = 1.5f;
// What remains of a neighbour's weight beyond that.
constexpr float kMissed = 0.2f;
// MODNet's rule: how much neighbours may differ from each other, and the frame at least from both.
constexpr float kAlike = 0.1f, kApart = 0.1f;

// A block's rows and columns of a picture.
struct Box {
  int x0, y0, x1, y1;
};

Box BlockAt(int column, int row, int width, int height) {
  const int x = column * kMotionBlock, y = row * kMotionBlock;
  return {x, y, std::min(x + kMotionBlock, width), std::min(y + kMotionBlock, height)};
}

// Catmull-Rom weights of four samples around one that lies `t` beyond the second.
std::array<float, 4> Weights(float t) {
  const float t2 = t * t, t3 = t2 * t;
  return {0.5f * (-t + 2 * t2 - t3), 0.5f * (2 - 5 * t2 + 3 * t3), 0.5f * (t + 4 * t2 - 3 * t3),
          0.5f * (t3 - t2)};
}

// Pixels of a block, with a ring of one around it.
constexpr int kRing = kMotionBlock + 2;

// What a neighbour says about a block: its matte and the difference of its picture, moved.
struct Moved {
  std::array<float, size_t{kMotionBlock} * kMotionBlock> matte, trust;
};

// A block as a neighbour has it: its matte there (bicubic), and how far the neighbour is trusted,
// which is as far as the means of 3 x 3 differences of luma (bilinear) are small.
void Sample(const ImageF32& matte, const ImageU8& luma, const ImageU8& own, const Box& box,
            const MotionField::Motion& motion, float missed, const SteadyOptions& options,
            Moved& moved) {
  const int width = matte.width(), height = matte.height();
  const auto whole_x = static_cast<int>(std::floor(motion.x));
  const auto whole_y = static_cast<int>(std::floor(motion.y));
  const std::array<float, 4> wx = Weights(motion.x - static_cast<float>(whole_x));
  const std::array<float, 4> wy = Weights(motion.y - static_cast<float>(whole_y));
  const float fx = motion.x - static_cast<float>(whole_x);
  const float fy = motion.y - static_cast<float>(whole_y);

  // The block's surroundings in the neighbour, borders repeated.
  constexpr int kSide = kMotionBlock + 4;
  std::array<float, size_t{kSide} * kSide> m, l;
  const int left = box.x0 + whole_x - 2;
  const bool inside = left >= 0 && left + kSide <= width;
  for (int j = 0; j < kSide; ++j) {
    const int y = std::clamp(box.y0 + whole_y + j - 2, 0, height - 1);
    float* const m_row = &m[static_cast<size_t>(j) * kSide];
    float* const l_row = &l[static_cast<size_t>(j) * kSide];
    const float* const matte_row = matte.row(y);
    const uint8_t* const luma_row = luma.row(y);
    if (inside) {
      std::copy_n(matte_row + left, kSide, m_row);
      for (int i = 0; i < kSide; ++i) l_row[i] = static_cast<float>(luma_row[left + i]);
      continue;
    }
    for (int i = 0; i < kSide; ++i) {
      const int x = std::clamp(left + i, 0, width - 1);
      m_row[i] = matte_row[x];
      l_row[i] = static_cast<float>(luma_row[x]);
    }
  }
  // Differences of luma, for the block and the ring around it.
  std::array<float, size_t{kRing} * kRing> differences;
  for (int j = 0; j < kRing; ++j) {
    const int y = std::clamp(box.y0 + j - 1, 0, height - 1);
    for (int i = 0; i < kRing; ++i) {
      const int x = std::clamp(box.x0 + i - 1, 0, width - 1);
      const float* p = &l[(static_cast<size_t>(j) + 1) * kSide + static_cast<size_t>(i) + 1];
      const float upper = p[0] + fx * (p[1] - p[0]);
      const float lower = p[kSide] + fx * (p[kSide + 1] - p[kSide]);
      const float there = upper + fy * (lower - upper);
      differences[static_cast<size_t>(j) * kRing + static_cast<size_t>(i)] =
          std::fabs(there - static_cast<float>(own.row(y)[x]));
    }
  }
  // Rows first, then columns, in loops of known length: beyond the picture too.
  std::array<float, size_t{kRing} * kMotionBlock> sums;
  for (size_t j = 0; j < kRing; ++j) {
    const float* const d = &differences[j * kRing];
    for (size_t i = 0; i < kMotionBlock; ++i) {
      sums[j * kMotionBlock + i] = d[i] + d[i + 1] + d[i + 2];
    }
  }
  std::array<float, size_t{kSide} * kMotionBlock> lines;
  for (size_t j = 1; j < kSide; ++j) {
    const float* const p = &m[j * kSide + 1];
    for (size_t i = 0; i < kMotionBlock; ++i) {
      lines[j * kMotionBlock + i] =
          wx[0] * p[i] + wx[1] * p[i + 1] + wx[2] * p[i + 2] + wx[3] * p[i + 3];
    }
  }
  const float scale = 1.0f / (options.distrusted - options.trusted);
  const float most = options.distrusted * scale, steep = scale / 9;
  for (size_t j = 0; j < kMotionBlock; ++j) {
    const float* const d = &sums[j * kMotionBlock];
    const float* const v = &lines[(j + 1) * kMotionBlock];
    float* const trust = &moved.trust[j * kMotionBlock];
    float* const value = &moved.matte[j * kMotionBlock];
    for (size_t i = 0; i < kMotionBlock; ++i) {
      const float sum = d[i] + d[i + kMotionBlock] + d[i + size_t{2} * kMotionBlock];
      trust[i] = std::min(std::max(most - sum * steep, 0.0f), 1.0f) * missed;
      const float mean = wy[0] * v[i] + wy[1] * v[i + kMotionBlock] +
                         wy[2] * v[i + size_t{2} * kMotionBlock] +
                         wy[3] * v[i + size_t{3} * kMotionBlock];
      value[i] = std::min(std::max(mean, 0.0f), 1.0f);
    }
  }
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
  for (int back = 1; back <= kReach && same && static_cast<size_t>(back) <= now; ++back) {
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
  while (*before < kReach && static_cast<size_t>(*before) < i &&
         !entries_[i - static_cast<size_t>(*before)].cut) {
    ++*before;
  }
  while (*after < kReach && i + static_cast<size_t>(*after) + 1 < entries_.size() &&
         !entries_[i + static_cast<size_t>(*after) + 1].cut) {
    ++*after;
  }
}

int Steadier::Ready(bool ended) const {
  const auto waiting = static_cast<int>(entries_.size() - next_);
  if (ended) return waiting;
  // A cut among those that wait ends the windows of all before it.
  for (int k = waiting - 1; k > 0; --k) {
    if (entries_[next_ + static_cast<size_t>(k)].cut) return std::max(k, waiting - kReach);
  }
  return std::max(waiting - kReach, 0);
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
  while (next_ > kReach) {
    entries_.pop_front();
    --next_;
  }
  return out;
}

void Steadier::Blend(size_t i, ImageF32& matte) const {
  const Entry& entry = entries_[i];
  int before, after;
  Window(i, &before, &after);
  if (before + after == 0) return;
  const int width = matte.width(), height = matte.height();
  const int columns = static_cast<int>(DivideUp(width, kMotionBlock));
  const int rows = static_cast<int>(DivideUp(height, kMotionBlock));
  ForRowBands(
      rows, pool_,
      [&](int first_row, int last_row, int) {
        std::array<Moved, size_t{2} * kReach> moved;
        for (int row = first_row; row < last_row; ++row) {
          for (int column = 0; column < columns; ++column) {
            const Box box = BlockAt(column, row, width, height);
            size_t count = 0;
            std::array<float, size_t{2} * kReach> weight{};
            int next[2] = {-1, -1};  // of the direct neighbours, in `moved`
            bool any = false;
            for (int k = -before; k <= after; ++k) {
              if (k == 0) continue;
              const Entry& other = entries_[static_cast<size_t>(static_cast<ptrdiff_t>(i) + k)];
              const MotionField& field = Field(entry, k);
              const MotionField::Motion& motion = field.at(column, row);
              any = any || motion.known;
              float missed = 1;
              if (motion.known) {
                const float cx = static_cast<float>(box.x0) + 0.5f * kMotionBlock + motion.x;
                const float cy = static_cast<float>(box.y0) + 0.5f * kMotionBlock + motion.y;
                const MotionField& back = Field(other, -k);
                const MotionField::Motion& home =
                    back.at(std::clamp(static_cast<int>(cx) / kMotionBlock, 0, columns - 1),
                            std::clamp(static_cast<int>(cy) / kMotionBlock, 0, rows - 1));
                if (home.known &&
                    std::max(std::fabs(home.x + motion.x), std::fabs(home.y + motion.y)) > kMiss) {
                  missed = kMissed;
                }
              }
              Sample(other.prediction->matte, other.prediction->luma, entry.prediction->luma, box,
                     motion, missed, options_, moved[count]);
              weight[count] = options_.weights[static_cast<size_t>(std::abs(k)) - 1];
              if (std::abs(k) == 1) next[k < 0 ? 0 : 1] = static_cast<int>(count);
              ++count;
            }
            if (!any) continue;
            for (int y = box.y0; y < box.y1; ++y) {
              float* own = matte.row(y);
              for (int x = box.x0; x < box.x1; ++x) {
                const auto at = static_cast<size_t>((y - box.y0) * kMotionBlock + x - box.x0);
                float value = own[x];
                if (options_.mend && next[0] >= 0 && next[1] >= 0) {
                  const Moved& a = moved[static_cast<size_t>(next[0])];
                  const Moved& b = moved[static_cast<size_t>(next[1])];
                  const float u = a.matte[at], v = b.matte[at];
                  if (std::min(a.trust[at], b.trust[at]) > 0.5f && std::fabs(u - v) < kAlike &&
                      std::fabs(value - u) > kApart && std::fabs(value - v) > kApart) {
                    value = 0.5f * (u + v);
                  }
                }
                float sum = 0, total = 1;
                for (size_t k = 0; k < count; ++k) {
                  const float w = weight[k] * moved[k].trust[at];
                  sum += w * (moved[k].matte[at] - value);
                  total += w;
                }
                own[x] = value + sum / total;
              }
            }
          }
        }
      },
      1);
}

}  // namespace peel::video

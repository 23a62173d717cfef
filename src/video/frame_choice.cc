#include "src/video/frame_choice.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

namespace peel::video {
namespace {

// Scenes are told by a picture of so many columns and rows, and so many shades.
constexpr int kColumns = 32, kRows = 18, kShades = 32;

template <typename T>
std::optional<T> Number(std::string_view text) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// The luma's mean over each part of the frame, in 8 bits.
std::vector<uint8_t> InSmall(const Frame& frame) {
  std::vector<uint8_t> small;
  small.reserve(size_t{kColumns} * kRows);
  const int shift = frame.layout().depth - 8;
  for (int row = 0; row < kRows; ++row) {
    const int top = row * frame.height() / kRows;
    const int bottom = std::max((row + 1) * frame.height() / kRows, top + 1);
    for (int column = 0; column < kColumns; ++column) {
      const int left = column * frame.width() / kColumns;
      const int right = std::max((column + 1) * frame.width() / kColumns, left + 1);
      // Eight by eight samples of it say enough.
      const int down = std::max(1, (bottom - top) / 8), along = std::max(1, (right - left) / 8);
      uint64_t sum = 0, count = 0;
      for (int y = top; y < bottom; y += down) {
        const uint8_t* const line = frame.plane(0) + static_cast<size_t>(y) * frame.row_bytes(0);
        for (int x = left; x < right; x += along, ++count) {
          sum += shift > 0 ? reinterpret_cast<const uint16_t*>(line)[x] : line[x];
        }
      }
      small.push_back(static_cast<uint8_t>((sum / count) >> shift));
    }
  }
  return small;
}

std::vector<int> HistogramOf(const std::vector<uint8_t>& small) {
  std::vector<int> histogram(kShades);
  for (const uint8_t value : small) ++histogram[value * kShades / 256];
  return histogram;
}

}  // namespace

Result<FrameChoice> ParseFrameChoice(std::string_view text) {
  FrameChoice choice;
  std::string_view rest = text;
  if (text == "scene" || text == "key") {
    choice.kind = text == "scene" ? FrameChoice::Kind::kScene : FrameChoice::Kind::kKey;
    return choice;
  }
  if (rest.starts_with("every=")) {
    rest.remove_prefix(6);
    if (rest.ends_with("s")) {
      const bool milliseconds = rest.ends_with("ms");
      rest.remove_suffix(milliseconds ? 2 : 1);
      const auto seconds = Number<double>(rest);
      if (seconds && *seconds >= 0.001 && *seconds <= 1e6) {
        choice.seconds = milliseconds ? *seconds / 1000 : *seconds;
        return choice;
      }
    } else if (const auto number = Number<int64_t>(rest); number && *number >= 1) {
      choice.kind = FrameChoice::Kind::kEveryFrames;
      choice.number = *number;
      return choice;
    }
  } else if (const auto number = Number<int64_t>(rest);
             number && *number >= 1 && *number <= 1'000'000) {
    choice.kind = FrameChoice::Kind::kSpread;
    choice.number = *number;
    return choice;
  }
  return InvalidArgument(std::string("\"").append(text).append(
      "\" says no frames; write every=2s, every=30 (frames), 12 (spread over "
      "the film), scene or key"));
}

Result<FrameChooser> FrameChooser::Create(const FrameChoice& choice, double from,
                                          std::optional<double> to) {
  if (choice.kind == FrameChoice::Kind::kSpread && !(to && *to > from)) {
    return InvalidArgument(
        "the film does not tell how long it is, so no number of frames can be spread over it; "
        "give --to, or every=SECONDSs");
  }
  return FrameChooser(choice, from, to.value_or(from));
}

bool FrameChooser::Takes(const Frame& frame, double seconds) {
  // Half a millisecond is less than any frame, and more than what time bases round off.
  constexpr double kSame = 0.0005;
  const int64_t number = frames_++;
  bool takes = false;
  switch (choice_.kind) {
    case FrameChoice::Kind::kEverySeconds:
      takes = seconds + kSame >= from_ + static_cast<double>(taken_) * choice_.seconds;
      // Where frames are further apart than that, the times in between are nobody's.
      if (takes) {
        const double due = std::floor((seconds + kSame - from_) / choice_.seconds);
        taken_ = std::max(taken_ + 1, static_cast<int64_t>(due) + 1);
      }
      return takes;
    case FrameChoice::Kind::kEveryFrames:
      return number % choice_.number == 0;
    case FrameChoice::Kind::kSpread: {
      // The middles of as many equal parts.
      const double part = (to_ - from_) / static_cast<double>(choice_.number);
      takes = taken_ < choice_.number &&
              seconds + kSame >= from_ + (static_cast<double>(taken_) + 0.5) * part;
      break;
    }
    case FrameChoice::Kind::kScene:
      takes = BeginsScene(frame);
      break;
    case FrameChoice::Kind::kKey:
      takes = true;
      break;
  }
  taken_ += takes;
  return takes;
}

// A cut changes both where the light is and how much of it: the mean difference of the small
// pictures jumps far above what it was of late, and the shades are others.
bool FrameChooser::BeginsScene(const Frame& frame) {
  constexpr double kJump = 12;          // of 255
  constexpr double kOverUsual = 3;      // times
  constexpr double kShadesMoved = 0.2;  // share of the frame
  constexpr int64_t kShortest = 5;      // frames: flashes begin no scene
  std::vector<uint8_t> small = InSmall(frame);
  std::vector<int> histogram = HistogramOf(small);
  const auto size = static_cast<double>(small.size());
  bool begins = small_.empty();
  if (!begins) {
    double difference = 0, moved = 0;
    for (size_t i = 0; i < small.size(); ++i) difference += std::abs(small[i] - small_[i]);
    for (size_t i = 0; i < histogram.size(); ++i) moved += std::abs(histogram[i] - histogram_[i]);
    difference /= size;
    moved /= 2 * size;
    begins = since_ >= kShortest && difference > std::max(kJump, kOverUsual * usual_) &&
             moved > kShadesMoved;
    usual_ = begins ? 0 : usual_ * 0.8 + difference * 0.2;
  }
  since_ = begins ? 1 : since_ + 1;
  small_ = std::move(small);
  histogram_ = std::move(histogram);
  return begins;
}

}  // namespace peel::video

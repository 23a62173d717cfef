#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace peel {

// A tone curve of an ICC profile, from a device value to a connection value, both 0 to 1: a 'curv'
// tag (identity, gamma or table) or a 'para' tag (ICC.1:2022, 10.6 and 10.18).
class IccCurve {
 public:
  // Nothing where the tag is of another type, cut short or no function of its device value.
  static std::optional<IccCurve> Read(std::span<const uint8_t> tag);

  double operator()(double v) const;
  // The tag's bytes without what may lie behind them.
  const std::vector<uint8_t>& tag() const { return tag_; }

 private:
  std::vector<uint8_t> tag_;
  std::vector<uint16_t> table_;  // two entries or more; else the parameters count
  int function_ = 0;             // of 'para': 0 to 4
  std::array<double, 7> p_ = {1, 1, 0, 0, 0, 0, 0};  // g a b c d e f
};

}  // namespace peel

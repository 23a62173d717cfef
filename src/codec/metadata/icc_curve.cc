#include "src/codec/metadata/icc_curve.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>

#include "src/codec/bytes.h"

namespace peel {
namespace {

double Fixed(const uint8_t* p) { return static_cast<int32_t>(ReadBig32(p)) / 65536.0; }

}  // namespace

std::optional<IccCurve> IccCurve::Read(std::span<const uint8_t> tag) {
  IccCurve curve;
  if (tag.size() < 12) return {};
  size_t used = 12;
  if (std::memcmp(tag.data(), "curv", 4) == 0) {
    const size_t count = ReadBig32(tag.data() + 8);
    if (count > (tag.size() - 12) / 2) return {};
    used += 2 * count;
    if (count == 1) curve.p_[0] = ReadBig16(tag.data() + 12) / 256.0;
    if (count > 1) {
      curve.table_.resize(count);
      for (size_t i = 0; i < count; ++i) curve.table_[i] = ReadBig16(tag.data() + 12 + 2 * i);
    }
  } else if (std::memcmp(tag.data(), "para", 4) == 0) {
    constexpr std::array<size_t, 5> kParameters = {1, 3, 4, 5, 7};
    const size_t function = ReadBig16(tag.data() + 8);
    if (function >= kParameters.size()) return {};
    const size_t count = kParameters[function];
    if (4 * count > tag.size() - 12) return {};
    used += 4 * count;
    for (size_t i = 0; i < count; ++i) curve.p_[i] = Fixed(tag.data() + 12 + 4 * i);
    curve.function_ = static_cast<int>(function);
    if (function > 0 && curve.p_[1] == 0) return {};
  } else {
    return {};
  }
  if (curve.table_.empty() && !(curve.p_[0] > 0)) return {};
  curve.tag_.assign(tag.begin(), tag.begin() + static_cast<ptrdiff_t>(used));
  return curve;
}

double IccCurve::operator()(double v) const {
  v = std::clamp(v, 0.0, 1.0);
  if (!table_.empty()) {
    const double at = v * static_cast<double>(table_.size() - 1);
    const size_t i = std::min(static_cast<size_t>(at), table_.size() - 2);
    const double part = at - static_cast<double>(i);
    return (table_[i] * (1 - part) + table_[i + 1] * part) / 65535;
  }
  const auto& [g, a, b, c, d, e, f] = p_;
  const double power = std::pow(std::max(a * v + b, 0.0), g);
  double y = 0;
  switch (function_) {
    case 0:
      y = std::pow(v, g);
      break;
    case 1:
      y = v >= -b / a ? power : 0;
      break;
    case 2:
      y = v >= -b / a ? power + c : c;
      break;
    case 3:
      y = v >= d ? power : c * v;
      break;
    default:
      y = v >= d ? power + e : c * v + f;
  }
  return std::isfinite(y) ? std::clamp(y, 0.0, 1.0) : 0;
}

}  // namespace peel

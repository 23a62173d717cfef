#pragma once

#include <cmath>
#include <cstdint>

#include "src/engine/kernels/reference/op_helpers.h"
#include "src/engine/kernels/reference/type_dispatch.h"

namespace peel::engine::reference {

// x rounded half to even plus the zero point, saturated to T.
template <typename T>
T Quantize(double scaled, int64_t zero_point) {
  return Truncate<T>(std::nearbyint(scaled) + static_cast<double>(zero_point));
}

// Which scale and zero point an element has: one for all, one for each position of an axis, or one
// for each block of positions of an axis.
class QuantisationGrid {
 public:
  // The operand has one element, or one for each position of x's axis, or x's rank with the axis
  // divided into blocks.
  static Result<QuantisationGrid> Make(const Shape& x, const Tensor& scale, int64_t axis,
                                       int64_t block_size);
  // f(element, parameter) for each element of x.
  template <typename F>
  void ForEach(F&& f) const {
    int64_t at = 0;
    for (int64_t o = 0; o < view_.outer; ++o) {
      for (int64_t k = 0; k < view_.extent; ++k) {
        const int64_t first = blocks_ == 0 ? k * step_ : (o * blocks_ + k / block_) * view_.inner;
        for (int64_t i = 0; i < view_.inner; ++i, ++at) f(at, blocks_ == 0 ? first : first + i);
      }
    }
  }

 private:
  AxisView view_;
  int64_t step_ = 0, blocks_ = 0, block_ = 1;
};

// An integer operand's values less its zero points, as int32 (of another tensor). The zero points
// are absent, one, or one for each position of the axis.
Result<Tensor> Centred(const Tensor& t, const Tensor* zero_points, int64_t axis);

}  // namespace peel::engine::reference

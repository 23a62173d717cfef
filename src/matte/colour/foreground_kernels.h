#pragma once

#include <cstddef>
#include <vector>

// The sweeps of foreground estimation over one rectangle of one level (foreground.h), one
// implementation an instruction set.
namespace peel {

// A rectangle of cells in planes of floats. Cells of a row depend on their neighbours to the left
// and right, so even and odd columns lie apart: each half is solved at once from the other one.
class ForegroundGrid {
 public:
  enum Plane {
    kAlpha,
    kColour,
    kForeground = kColour + 3,
    kBackground = kForeground + 3,
    kPlanes = 10
  };

  // Keeps its memory where it is enough; contents are undefined, but finite.
  void Resize(int width, int height);
  int width() const { return width_; }
  int height() const { return height_; }

  // Where column x stands in a row.
  size_t Column(int x) const {
    return static_cast<size_t>(x & 1) * half_ + kMargin + static_cast<size_t>(x >> 1);
  }
  float* row(int plane, int y) {
    return &cells_[(static_cast<size_t>(plane) * static_cast<size_t>(height_) +
                    static_cast<size_t>(y)) *
                   2 * half_];
  }
  size_t half() const { return half_; }  // floats from even column 2k to odd column 2k + 1

  static constexpr size_t kMargin = 16;  // floats before a half, for a neighbour at the border

 private:
  int width_ = 0, height_ = 0;
  size_t half_ = 0;
  std::vector<float> cells_;
};

// Sweeps downwards over all cells, in each row first the even and then the odd columns: every
// cell's foreground and background become the solution of
//   I = alpha F + (1 - alpha) B,  sum over its four neighbours of da |F - F_n|^2 + da |B - B_n|^2
// with da = regularization + gradient_weight |alpha - alpha_n|, clamped to 0..1. At the rectangle's
// border a cell is its own neighbour.
void SweepForeground(float regularization, float gradient_weight, ForegroundGrid* grid);

}  // namespace peel

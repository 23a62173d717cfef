#include "src/video/matte/predict_frame.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "src/image/colour.h"
#include "src/image/resize.h"
#include "src/image/rows.h"
#include "src/video/matte/reduce_frame.h"

namespace peel::video {
namespace {

// HDR is shown to the network as it would look without.
void ToneMapPicture(const ColourCode& code, ImageU8& rgb, ThreadPool* pool) {
  ForRowBands(rgb.height(), pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      uint8_t* p = rgb.row(y);
      for (int x = 0; x < rgb.width(); ++x, p += 3) {
        std::array<float, 3> v{};
        for (size_t c = 0; c < 3; ++c) v[c] = static_cast<float>(p[c]) / 255.0f;
        ToneMap(code.curve, code.wide, v);
        for (size_t c = 0; c < 3; ++c) {
          p[c] = static_cast<uint8_t>(std::clamp(v[c], 0.0f, 1.0f) * 255.0f + 0.5f);
        }
      }
    }
  });
}

Result<ImageU8> Copy(const ImageU8& from) {
  PEEL_ASSIGN_OR_RETURN(ImageU8 to,
                        ImageU8::Allocate(from.width(), from.height(), from.channels()));
  for (int y = 0; y < from.height(); ++y) {
    std::copy_n(from.row(y), ptrdiff_t{from.width()} * from.channels(), to.row(y));
  }
  return to;
}

}  // namespace

Result<std::unique_ptr<FramePrediction>> PredictFrame(const MattingModel& model, const Frame& frame,
                                                      const ColourCode& code, ThreadPool* pool) {
  const Profile& profile = model.profile();
  PEEL_ASSIGN_OR_RETURN(ImageU8 seen,
                        ReduceToRgb(frame, code, profile.width, profile.height, pool));
  auto out = std::make_unique<FramePrediction>();
  Result<Prediction> prediction = Internal("");
  if (code.curve != ColourCode::Curve::kVideo) {
    PEEL_ASSIGN_OR_RETURN(ImageU8 toned, Copy(seen));
    ToneMapPicture(code, toned, pool);
    prediction = model.Predict(std::as_const(toned).view(), pool);
  } else {
    prediction = model.Predict(std::as_const(seen).view(), pool);
  }
  if (!prediction.ok()) return std::move(prediction).status();
  ImageF32 mask = std::move(prediction->mask);
  for (int y = 0; y < mask.height(); ++y) {
    float* row = mask.row(y);
    for (int x = 0; x < mask.width(); ++x) {
      row[x] = row[x] > 0 ? std::min(row[x], 1.0f) : 0.0f;  // NaN becomes 0; any class counts
    }
  }
  out->subject = ScoreSubject(*prediction, mask, profile);
  const int width = std::min(frame.width(), mask.width());
  const int height = std::min(frame.height(), mask.height());
  if (width != mask.width() || height != mask.height()) {
    PEEL_ASSIGN_OR_RETURN(
        mask, ResizeF32(std::as_const(mask).view(), width, height, ResizeFilter::kBilinear, pool));
  }
  out->matte = std::move(mask);
  if (width != seen.width() || height != seen.height()) {
    PEEL_ASSIGN_OR_RETURN(seen, ReduceToRgb(frame, code, width, height, pool));
  }
  out->colours = std::move(seen);
  PEEL_ASSIGN_OR_RETURN(out->luma, Luma(std::as_const(out->colours).view(), pool));
  return out;
}

}  // namespace peel::video

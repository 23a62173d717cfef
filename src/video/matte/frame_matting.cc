#include "src/video/matte/frame_matting.h"

#include <algorithm>
#include <deque>
#include <string>
#include <utility>

#include "src/image/resize.h"
#include "src/video/matte/colour_code.h"
#include "src/video/matte/predict_frame.h"
#include "src/video/matte/refine_frame.h"
#include "src/video/matte/steady.h"

namespace peel::video {
namespace {

SteadyOptions OptionsOf(Steady steady) {
  SteadyOptions options;
  if (steady == Steady::kStrong) {
    options.reach = SteadyOptions::kMostReach;
    options.weights.fill(1.0f);
  }
  return options;
}

class Matting final : public FrameMatting {
 public:
  Matting(const MattingModel& model, const FrameFormat& format, const MattingChoices& choices,
          ThreadPool* pool)
      : model_(model),
        format_(format),
        code_(ColourCodeOf(format)),
        choices_(choices),
        pool_(pool),
        steadier_(OptionsOf(choices.steady), pool) {}

  int look_ahead() const override {
    return choices_.steady == Steady::kOff ? 0 : OptionsOf(choices_.steady).reach;
  }

  Result<std::unique_ptr<Predicted>> Predict(const Frame& frame) const override {
    PEEL_RETURN_IF_ERROR(Check(frame));
    return PredictFrame(model_, frame, code_, pool_);
  }

  Result<std::vector<MattedFrame>> Add(Frame frame, std::unique_ptr<Predicted> predicted) override {
    PEEL_RETURN_IF_ERROR(Check(frame));
    if (predicted == nullptr) return InvalidArgument("a frame needs the network's prediction");
    if (choices_.steady == Steady::kOff) {
      std::vector<MattedFrame> ready;
      PEEL_ASSIGN_OR_RETURN(MattedFrame matted, Enlarge(std::move(frame), std::move(*predicted)));
      ready.push_back(std::move(matted));
      return ready;
    }
    waiting_.push_back(std::move(frame));
    steadier_.Add(std::move(predicted));
    return TakeReady(false);
  }

  Result<std::vector<MattedFrame>> Finish() override { return TakeReady(true); }

 private:
  Status Check(const Frame& frame) const {
    if (frame.layout() == format_.layout && frame.width() == format_.width &&
        frame.height() == format_.height) {
      return OkStatus();
    }
    return InvalidArgument("a frame of " + std::to_string(frame.width()) + " x " +
                           std::to_string(frame.height()) + " in a film of " +
                           std::to_string(format_.width) + " x " + std::to_string(format_.height) +
                           ", or of other samples");
  }

  Result<std::vector<MattedFrame>> TakeReady(bool ended) {
    std::vector<MattedFrame> ready;
    for (int n = steadier_.Ready(ended); n > 0; --n) {
      PEEL_ASSIGN_OR_RETURN(FramePrediction steadied, steadier_.Take());
      PEEL_ASSIGN_OR_RETURN(MattedFrame matted,
                            Enlarge(std::move(waiting_.front()), std::move(steadied)));
      waiting_.pop_front();
      ready.push_back(std::move(matted));
    }
    return ready;
  }

  // From the network's size to the frame's.
  Result<MattedFrame> Enlarge(Frame frame, FramePrediction prediction) const {
    MattedFrame out;
    out.subject_score = prediction.subject.score;
    out.has_subject = prediction.subject.found();
    if (out.has_subject) Settle(&prediction.matte);
    const ImageF32& matte = prediction.matte;
    const double growth = std::max(static_cast<double>(frame.width()) / matte.width(),
                                   static_cast<double>(frame.height()) / matte.height());
    if (out.has_subject && GuidedByPhoto(choices_.edges, growth)) {
      PEEL_ASSIGN_OR_RETURN(
          out.alpha,
          RefineFrame(matte.view(), std::as_const(prediction.colours).view(), frame, code_, pool_));
    } else {
      PEEL_ASSIGN_OR_RETURN(const ImageU8 bytes, MatteBytes(matte));
      PEEL_ASSIGN_OR_RETURN(out.alpha, Resize(bytes.view(), frame.width(), frame.height(),
                                              ResizeFilter::kBicubic, pool_));
    }
    out.coverage = Coverage(std::as_const(out.alpha).view());
    out.frame = std::move(frame);
    return out;
  }

  const MattingModel& model_;
  const FrameFormat format_;
  const ColourCode code_;
  const MattingChoices choices_;
  ThreadPool* const pool_;
  Steadier steadier_;
  std::deque<Frame> waiting_;  // those the steadier still has
};

}  // namespace

Result<std::unique_ptr<FrameMatting>> FrameMatting::Create(const MattingModel& model,
                                                           const FrameFormat& format,
                                                           const MattingChoices& choices,
                                                           ThreadPool* pool) {
  if (choices.edges == Edges::kMatting) {
    return InvalidArgument(
        "matting takes seconds a frame and is for pictures; films have the edges auto, off and "
        "refine");
  }
  return std::unique_ptr<FrameMatting>(std::make_unique<Matting>(model, format, choices, pool));
}

}  // namespace peel::video

#include "src/server/canary.h"

#include <cstdint>
#include <utility>

#include "src/codec/encode.h"
#include "src/image/image.h"

namespace peel::server {
namespace {

// A bright ball on a dark ground: every model has an opinion on it.
Result<std::vector<uint8_t>> Ball() {
  constexpr int kSide = 96, kRadius = 30;
  PEEL_ASSIGN_OR_RETURN(ImageU8 image, ImageU8::Allocate(kSide, kSide, 3));
  for (int y = 0; y < kSide; ++y) {
    uint8_t* row = image.row(y);
    for (int x = 0; x < kSide; ++x, row += 3) {
      const int dx = x - kSide / 2, dy = y - kSide / 2;
      const bool inside = dx * dx + dy * dy < kRadius * kRadius;
      row[0] = inside ? static_cast<uint8_t>(235 - dx) : 40;
      row[1] = inside ? static_cast<uint8_t>(150 - dy) : 52;
      row[2] = inside ? 60 : 66;
    }
  }
  return Encode(std::as_const(image).view(), {});
}

}  // namespace

Result<std::unique_ptr<Canary>> Canary::Make(WorkerPool& pool, std::chrono::milliseconds deadline) {
  PEEL_ASSIGN_OR_RETURN(std::vector<uint8_t> picture, Ball());
  std::unique_ptr<Canary> canary(new Canary(pool, deadline));
  canary->picture_ = std::make_shared<const std::vector<uint8_t>>(std::move(picture));
  return canary;
}

void Canary::Ask(Answer answer) {
  waiting_.push_back(std::move(answer));
  if (waiting_.size() > 1) return;
  JobFiles files;
  files.picture = *picture_;
  files.keeper = picture_;
  CutJob job;
  job.mask_only = true;
  job.deadline = deadline_;
  pool_.Submit(job, std::move(files), [this](const Outcome& outcome) { End(outcome); });
}

void Canary::End(const Outcome& outcome) {
  // A full queue is no fault: a balancer that took a busy server out would bury the others.
  const bool busy = !outcome.ok() && outcome.failure.kind == Failure::Kind::kBusy;
  last_well_ = busy || (outcome.ok() && outcome.done->width > 0);
  const std::string why = outcome.ok() ? "" : outcome.failure.message;
  for (Answer& answer : std::exchange(waiting_, {})) answer(last_well_, why);
}

}  // namespace peel::server

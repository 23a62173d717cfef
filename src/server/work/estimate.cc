#include "src/server/work/estimate.h"

#include <string>

#include "src/pipeline/folder/memory_budget.h"
#include "src/server/work/job_options.h"

namespace peel::server {

uint64_t PixelsOf(const PictureInfo& picture) {
  return static_cast<uint64_t>(picture.width) * static_cast<uint64_t>(picture.height);
}

uint64_t EstimateJob(const CutJob& job, const PictureInfo& picture, uint64_t bytes) {
  constexpr uint64_t kAny = 40;  // bytes a pixel, for options that are refused anyway
  const auto options = OptionsWithoutFiles(job);
  if (!options.ok()) return PixelsOf(picture) * kAny + bytes;
  // The PNG that a ZIP's files are made from is decoded once more.
  const uint64_t again = IsZip(job) ? PixelsOf(picture) * 8 : 0;
  return EstimateMemory(picture, bytes, *options) + again;
}

std::optional<Failure> TooLarge(const CutJob& job, const PictureInfo& picture, uint64_t memory,
                                uint64_t most_memory) {
  Failure failure = {Failure::Kind::kRefused, StatusCode::kLimit, "", 0};
  if (PixelsOf(picture) > job.max_pixels) {
    failure.message = "the picture has " + std::to_string(picture.width) + " x " +
                      std::to_string(picture.height) + " pixels, and no more than " +
                      std::to_string(job.max_pixels) + " are taken; send it smaller";
    return failure;
  }
  if (memory > most_memory) {
    failure.message = "the picture would take about " + std::to_string(memory >> 20) +
                      " MB of memory, and " + std::to_string(most_memory >> 20) +
                      " MB is all there is for pictures; send it smaller";
    return failure;
  }
  return std::nullopt;
}

}  // namespace peel::server

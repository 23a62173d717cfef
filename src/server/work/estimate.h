#pragma once

#include <cstdint>
#include <optional>

#include "src/codec/picture.h"
#include "src/server/work/job.h"

namespace peel::server {

uint64_t PixelsOf(const PictureInfo& picture);

// The most memory that a job is going to take at one time, its files of so many bytes included
// (pipeline/folder/memory_budget.h).
uint64_t EstimateJob(const CutJob& job, const PictureInfo& picture, uint64_t bytes);

// Why a picture is refused by its size: more pixels than the job lets pass, or more memory (by the
// estimate) than there is at all; else nullopt.
std::optional<Failure> TooLarge(const CutJob& job, const PictureInfo& picture, uint64_t memory,
                                uint64_t most_memory);

}  // namespace peel::server

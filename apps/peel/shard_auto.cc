#include "apps/peel/shard_auto.h"

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <system_error>
#include <vector>

#include <fmt/format.h>

namespace peel {
namespace {

constexpr int64_t kMostParts = 65536;  // as ParseShard

Result<int64_t> Number(const char* name, const std::string& text) {
  if (text.empty()) return InvalidArgument(fmt::format("{} is not set", name));
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0 ||
      number > INT32_MAX) {
    return InvalidArgument(fmt::format("{} is no number: \"{}\"", name, text));
  }
  return number;
}

// place: from 0.
Result<Shard> Part(int64_t place, int64_t count, const char* what) {
  if (count < 1 || count > kMostParts) {
    return InvalidArgument(
        fmt::format("{}: {} parts; a list has from 1 to {}", what, count, kMostParts));
  }
  if (place < 0 || place >= count) {
    return InvalidArgument(fmt::format(
        "{}: number {} is none of {} parts, which count from 0; --shards says how many there are",
        what, place, count));
  }
  return Shard{.index = static_cast<int>(place) + 1, .count = static_cast<int>(count)};
}

Result<Shard> FromSlurm(const EnvironmentReader& variable) {
  PEEL_ASSIGN_OR_RETURN(const int64_t id,
                        Number("SLURM_ARRAY_TASK_ID", variable("SLURM_ARRAY_TASK_ID")));
  PEEL_ASSIGN_OR_RETURN(const int64_t least,
                        Number("SLURM_ARRAY_TASK_MIN", variable("SLURM_ARRAY_TASK_MIN")));
  PEEL_ASSIGN_OR_RETURN(const int64_t most,
                        Number("SLURM_ARRAY_TASK_MAX", variable("SLURM_ARRAY_TASK_MAX")));
  int64_t step = 1;
  if (!variable("SLURM_ARRAY_TASK_STEP").empty()) {
    PEEL_ASSIGN_OR_RETURN(step, Number("SLURM_ARRAY_TASK_STEP", variable("SLURM_ARRAY_TASK_STEP")));
  }
  if (step < 1 || most < least || id < least || (id - least) % step != 0) {
    return InvalidArgument(fmt::format("Slurm: task {} is none of an array from {} to {} by {}", id,
                                       least, most, step));
  }
  const int64_t count = (most - least) / step + 1;
  if (!variable("SLURM_ARRAY_TASK_COUNT").empty()) {
    PEEL_ASSIGN_OR_RETURN(const int64_t told,
                          Number("SLURM_ARRAY_TASK_COUNT", variable("SLURM_ARRAY_TASK_COUNT")));
    if (told != count) {
      return InvalidArgument(fmt::format(
          "Slurm: the array has {} tasks with gaps between {} and {}, so that it is not "
          "clear which part this is; use --array=0-{} without a list, or give "
          "--shard I/N",
          told, least, most, told > 0 ? told - 1 : 0));
    }
  }
  return Part((id - least) / step, count, "Slurm");
}

Result<Shard> FromBatch(const EnvironmentReader& variable) {
  PEEL_ASSIGN_OR_RETURN(const int64_t place,
                        Number("AWS_BATCH_JOB_ARRAY_INDEX", variable("AWS_BATCH_JOB_ARRAY_INDEX")));
  PEEL_ASSIGN_OR_RETURN(const int64_t count,
                        Number("AWS_BATCH_JOB_ARRAY_SIZE", variable("AWS_BATCH_JOB_ARRAY_SIZE")));
  return Part(place, count, "AWS Batch");
}

Result<Shard> FromKubernetes(int shards, const EnvironmentReader& variable) {
  PEEL_ASSIGN_OR_RETURN(const int64_t place,
                        Number("JOB_COMPLETION_INDEX", variable("JOB_COMPLETION_INDEX")));
  if (shards == 0) {
    return InvalidArgument(
        "Kubernetes does not tell a pod how many completions its job has: give --shards N, the "
        "number under spec.completions");
  }
  return Part(place, shards, "JOB_COMPLETION_INDEX");
}

}  // namespace

Result<Shard> ShardFromScheduler(int shards, const EnvironmentReader& variable) {
  std::vector<std::string> found;
  std::optional<Result<Shard>> shard;
  if (!variable("SLURM_ARRAY_TASK_ID").empty()) {
    found.emplace_back("SLURM_ARRAY_TASK_ID");
    shard = FromSlurm(variable);
  }
  if (!variable("AWS_BATCH_JOB_ARRAY_INDEX").empty()) {
    found.emplace_back("AWS_BATCH_JOB_ARRAY_INDEX");
    shard = FromBatch(variable);
  }
  if (!variable("JOB_COMPLETION_INDEX").empty()) {
    found.emplace_back("JOB_COMPLETION_INDEX");
    shard = FromKubernetes(shards, variable);
  }
  if (!shard) {
    return InvalidArgument(
        "none of SLURM_ARRAY_TASK_ID, AWS_BATCH_JOB_ARRAY_INDEX and JOB_COMPLETION_INDEX is set: "
        "this is no task of an array; give the part itself, as 3/8");
  }
  if (found.size() > 1) {
    return InvalidArgument(
        fmt::format("{} are set at the same time, and each would be a part; "
                    "give the part itself, as 3/8",
                    fmt::join(found, " and ")));
  }
  if (shard->ok() && shards != 0 && (**shard).count != shards) {
    return InvalidArgument(
        fmt::format("{} belongs to an array of {}, --shards says {}; a part that is done again by "
                    "itself is given as --shard {}",
                    found.front(), (**shard).count, shards, fmt::format("I/{}", shards)));
  }
  return *std::move(shard);
}

Result<Shard> ReadShard(std::string_view shard, int shards) {
  if (shards != 0 && shard != "auto") {
    return InvalidArgument("--shards N is for --shard auto; --shard I/N says it itself");
  }
  if (shard.empty()) return Shard();
  auto part = shard == "auto" ? ShardFromScheduler(shards,
                                                   [](const char* name) -> std::string {
                                                     const char* const value = std::getenv(name);
                                                     return value == nullptr ? "" : value;
                                                   })
                              : ParseShard(shard);
  if (!part.ok()) {
    return std::move(part).status().WithContext(shard == "auto" ? "--shard auto" : "--shard");
  }
  return part;
}

}  // namespace peel

#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/pipeline/folder/inputs.h"

namespace peel {

// A variable's value; "" where it is not set.
using EnvironmentReader = std::function<std::string(const char* name)>;

// The part of a list that a job's scheduler has given to this process:
//   Slurm              SLURM_ARRAY_TASK_ID of _MIN, _MAX, _STEP and _COUNT (sbatch --array=0-7)
//   AWS Batch          AWS_BATCH_JOB_ARRAY_INDEX (from 0) of AWS_BATCH_JOB_ARRAY_SIZE
//   Kubernetes, Volcano, … JOB_COMPLETION_INDEX (from 0) of `shards`, as an indexed Job does not
//                      tell its pods how many they are
// `shards`: how many parts there are, 0 where the user has not said; where the scheduler says it
// too, both must agree: a job sent in again for one lost task is then no list of one part.
// kInvalidArgument, with what to give instead, where nothing, too little or two schedulers speak.
Result<Shard> ShardFromScheduler(int shards, const EnvironmentReader& variable);

// What --shard and --shards say: "" (all of the list), "I/N" or "auto". kInvalidArgument, with the
// option's name.
Result<Shard> ReadShard(std::string_view shard, int shards);

}  // namespace peel

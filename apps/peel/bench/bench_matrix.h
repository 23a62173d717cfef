#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/peel/bench/bench_case.h"
#include "src/base/status.h"

namespace peel {

// What `peel bench` measures.
struct BenchPlan {
  std::vector<std::string> models = {""};
  std::vector<std::string> devices;     // empty: all that nothing stands in the way of
  std::vector<std::string> precisions;  // empty: those that make sense on each device
  std::vector<int> sizes = {640, 1024, 2048};
  std::vector<std::string> pictures;
  int rounds = 5, warmup = 1, threads = 0;
  std::string ort, folder = "peel-bench";
  // Cutting out and straightening is what is measured; then sizes bound the straightened result.
  bool pipeline = false;
  bool fresh = false;  // measure again what results.json in the folder has already
};

// Fills in devices where none are named. kInvalidArgument for names that are none.
Status CompletePlan(BenchPlan& plan);

// Runs what the folder's results.json does not have yet, each case in a process of its own, the
// CPU in float32 first for every model: the others are compared with it. results.json is written
// after every case, so that a run that was stopped goes on where it was. The document:
//   {"version", "machine", "pictures", "rounds", "cases": [what RunBenchCase gives with "key",
//    "model", "label", "asked_precision", "folder", and for each size "mean_difference",
//    "worst_difference", "iou", "worst_iou", "faithful"], "recommendations": [...]}
// With pipeline also "pipeline": true, and for each size "straightened" (how many pictures),
// "same_decisions" (of how many pictures it is straightened or not as by the CPU) and
// "corner_difference", the mean distance of the corners in shares of the picture's diagonal.
Result<nlohmann::ordered_json> RunBenchPlan(
    const BenchPlan& plan, const std::function<void(const std::string&, int, int)>& progress);

// The fastest case of each model whose mattes are the CPU's: {"model", "source", "label", "device",
// "backend", "precision", "speed_up", "images_per_s", "text"}. Speeds count over all sizes.
nlohmann::ordered_json Recommend(const nlohmann::ordered_json& document);

}  // namespace peel

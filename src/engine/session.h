#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "src/base/os/source_file.h"
#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/engine/device.h"
#include "src/engine/graph/graph.h"
#include "src/engine/plan/precision.h"

namespace peel::engine {

struct SessionOptions {
  // What runs it, and packs its weights; must outlive the session. Null: the calling thread alone.
  // ONNX Runtime, which has threads of its own, starts as many (LibraryThreads).
  ThreadPool* pool = nullptr;
  // kBf16 lets every convolution round its operands to bfloat16 (sums stay float32) where this CPU
  // has instructions for it and the planner expects that to be faster; all others give float32.
  Precision precision = Precision::kAuto;
  // Nodes that get another precision than the rest, by the name that the file gives them (a
  // convolution keeps its name through the passes). Empty: none. Unknown names do no harm.
  std::map<std::string, Precision, std::less<>> node_precisions;
  std::vector<std::string> disabled_passes;
  // Kernels that no plan takes, by the names that PlanText shows; "all" leaves the plain references
  // alone. Those in the environment variable PEEL_KERNELS_OFF (comma-separated) come on top.
  std::vector<std::string> disabled_kernels;
  // Values inside the graph, by the names that the file gives them, that become outputs behind its
  // own ones: how calibration sees activations. Naming one may keep passes from fusing it away.
  std::vector<std::string> extra_outputs;
  uint64_t max_memory_bytes = 0;  // refuse a plan that needs more; 0: than the machine has
};

// A model file in memory.
struct ModelBytes {
  std::span<const uint8_t> bytes;
  std::shared_ptr<const void> owner;         // keeps the bytes alive; null: the caller does
  std::string name;                          // for messages
  std::string directory;                     // where external data lie; "" for none
  std::shared_ptr<const SourceFile> file{};  // that they were read from, all of it; null: none
};

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

// Time and choice of one step of the last run.
struct StepProfile {
  std::string node, op_type, kernel;  // kernel: "winograd_f4", "reference", …
  std::string detail;                 // shapes
  double milliseconds = 0;
  int64_t multiply_adds = 0;
};

// Which numbers a plan's convolutions (and matrix products) really compute with, by count.
struct NumberReport {
  int fp32 = 0, bf16 = 0, int8 = 0, fp16 = 0;
};

// What a session runs on, as it was read back and not as it was asked for.
struct RunsOn {
  BackendKind backend = BackendKind::kNative;
  Device device = Device::kCpu;
  std::string version{};               // of the backend; "" for the native one
  std::map<std::string, int> nodes{};  // by ONNX Runtime's provider; empty where nothing was read
};

struct MemoryReport {
  uint64_t arena_bytes = 0, weight_bytes = 0, scratch_bytes = 0;
};

// What a model is made of, as the file has it (before any rewrite).
struct ModelInfo {
  std::string graph_name;
  int ir_version = 0;
  std::map<std::string, int, std::less<>> opsets;  // domain ("" is ONNX's own) -> version
  std::map<std::string, int> operators;            // "Conv" -> how many
  int64_t parameters = 0;                          // elements of all initialisers
};

class Session;

// What one thread needs to run a session: an arena and its views. Several contexts of one session
// may run at the same time; one context runs one inference at a time.
class Context {
 public:
  virtual ~Context() = default;
  // feeds: every input by name (any order). fetches: names of outputs; empty means all, in order.
  // What no fetched output needs is not computed. Results are copies that outlive the context.
  virtual Result<std::vector<Tensor>> Run(std::span<const NamedTensor> feeds,
                                          std::span<const std::string> fetches) = 0;
  // All that Run does before it computes: the plan, packed weights, memory; a later Run with inputs
  // of these shapes need not. Only the feeds' types and shapes are looked at, unless a value
  // decides shapes. Same errors as Run's.
  virtual Status Prepare(std::span<const NamedTensor> feeds,
                         std::span<const std::string> fetches) = 0;
  // Off by default: timing every step costs a little.
  virtual void EnableProfile(bool on) = 0;
  virtual std::vector<StepProfile> LastProfile() const = 0;
  virtual MemoryReport Memory() const = 0;
  // Of what was prepared or run last.
  virtual NumberReport Numbers() const { return {}; }
  // Nodes that compute in bfloat16 there, by name.
  virtual std::vector<std::string> Bfloat16Nodes() const { return {}; }
};

// A loaded model. Immutable after loading but for its cache of plans (one per set of input shapes),
// safe to share between threads.
class Session {
 public:
  // Reads the file. Errors name the file; an operator nothing here has is kUnsupported and
  // names operator, node and file.
  static Result<std::unique_ptr<Session>> Load(const std::string& path,
                                               const SessionOptions& options);
  // bytes must stay alive while owner does (null: while the session does). directory: where the
  // model's external data lie; empty: it may have none. file: the bytes are all that it holds and
  // need only live until this returns; weights are read from it anew when a plan packs them, kIo
  // if it was written into meanwhile.
  static Result<std::unique_ptr<Session>> LoadBytes(
      std::span<const uint8_t> bytes, std::shared_ptr<const void> owner, const std::string& name,
      const SessionOptions& options, const std::string& directory = "",
      std::shared_ptr<const SourceFile> file = nullptr);
  virtual ~Session() = default;

  virtual const std::vector<Port>& inputs() const = 0;
  virtual const std::vector<Port>& outputs() const = 0;
  virtual const std::map<std::string, std::string, std::less<>>& metadata() const = 0;
  virtual ModelInfo Info() const = 0;
  virtual std::unique_ptr<Context> NewContext() const = 0;
  // Human-readable: inputs, outputs, operators with counts, parameters, multiply-adds, passes.
  virtual std::string Summary() const = 0;
  // The steps for these input shapes with the kernel chosen and why the others were not.
  virtual Result<std::string> PlanText(
      const std::map<std::string, Shape, std::less<>>& shapes) const = 0;
  virtual int threads() const = 0;
  virtual RunsOn runs_on() const { return {}; }
};

}  // namespace peel::engine

#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "src/base/function_ref.h"
#include "src/base/status.h"
#include "src/engine/backend.h"
#include "src/engine/session.h"

namespace peel::library {

// Where a network's ONNX file is: on disk, or where there is no path in memory that outlives the
// network.
struct NetworkFile {
  std::string path;
  std::span<const uint8_t> bytes;
  std::string name;  // for messages; "" with a path
};

// How networks run. kAuto computes in float32, so that a library's labels do not depend on the
// machine that scanned it.
struct NetworkOptions {
  engine::DeviceRequest place;
  engine::Precision precision = engine::Precision::kAuto;
  uint64_t max_memory_bytes = 0;  // of one run; 0: what the machine has
};

// What runs in fact.
struct NetworkInfo {
  std::string name;       // the file's metadata "name", or the file's
  std::string device;     // "cpu", "cuda" …
  std::string backend;    // "native", "onnxruntime 1.31.1"
  std::string precision;  // "fp32", "bf16", "int8"; the narrowest in use
  std::string warning;    // a fall-back as a sentence; "" if none
};

// A session with one thread a run and as many contexts as runs have overlapped. Any thread may run.
class Network {
 public:
  // Errors name the file. What was asked of device and precision happens, or info().warning says
  // what happens instead; with place.strict that is kDeviceRefused or kUnsupported. kUnsupported
  // too for more than `max_inputs` inputs.
  static Result<std::unique_ptr<Network>> Load(const NetworkFile& file,
                                               const NetworkOptions& options,
                                               size_t max_inputs = 1);

  const std::vector<engine::Port>& inputs() const { return session_->inputs(); }
  const engine::Port& input() const { return session_->inputs().front(); }
  const std::vector<engine::Port>& outputs() const { return session_->outputs(); }
  // A value of the file's metadata; "" where there is none.
  std::string Metadata(std::string_view key) const;
  // Pictures that one run may take: 1, or where the file leaves that open any number (0).
  int64_t fixed_batch() const;
  const NetworkInfo& info() const { return info_; }

  // Runs on an input of this shape that `fill` writes; the outputs in the order of their names.
  // kOutOfMemory where it does not fit.
  Result<std::vector<engine::Tensor>> Run(const engine::Shape& shape,
                                          FunctionRef<Status(engine::Tensor&)> fill,
                                          std::span<const std::string> outputs) const;

  // The same with every input made by the caller. Outputs as floats.
  Result<std::vector<engine::Tensor>> Run(std::span<const engine::NamedTensor> feeds,
                                          std::span<const std::string> outputs) const;

  // Plans for that shape ahead and settles info().precision. Before other threads run.
  Status Prepare(const engine::Shape& shape, std::span<const std::string> outputs);

 private:
  // What one run needs; inputs of one shape come back to the seat that has its plan.
  struct Seat {
    std::unique_ptr<engine::Context> context;
    engine::Tensor input;
  };

  Network() = default;
  Result<std::vector<engine::Tensor>> RunOn(engine::Context& context,
                                            std::span<const engine::NamedTensor> feeds,
                                            std::span<const std::string> outputs) const;
  Seat Take(const engine::Shape& shape) const;
  void Give(Seat seat) const;

  std::unique_ptr<engine::Session> session_;
  NetworkInfo info_;
  engine::Precision wish_ = engine::Precision::kAuto;
  bool strict_ = false;
  mutable std::mutex mutex_;
  mutable std::vector<Seat> idle_;
};

// How a batch goes.
struct BatchReport {
  size_t batch = 1;  // pictures at once, at most
  int halvings = 0;  // how often memory has run out
};

// Calls run(first, n) until `count` pictures are through, with at most `most` of them and
// report->batch at once. Out of memory halves report->batch and goes on at the same position; a
// single picture's error comes back, as does any other.
Status RunInBatches(size_t count, size_t most, BatchReport* report,
                    FunctionRef<Status(size_t first, size_t n)> run);

// The lines of a text, without those that are empty.
std::vector<std::string> SplitLines(std::string_view text);

}  // namespace peel::library

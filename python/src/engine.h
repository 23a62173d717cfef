#pragma once

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <peel/peel.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "python/src/run.h"

namespace peel::python {

// A loaded model. Usable from any number of threads, and after a fork, which leaves the child
// without the threads of the parent's engine: there the model is loaded anew at its first use.
class Engine {
 public:
  using Text = std::optional<std::string>;

  // Loads without the GIL. model_data: an ONNX file's bytes, or None. Throws the exception of
  // peel._errors.
  Engine(Text model, int device, int precision, int threads, bool strict, Text family, Text backend,
         Text runtime_options, Text runtime_folders, nb::object model_data, int jobs,
         uint64_t memory_limit);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // With the GIL held. What is returned lives on through Close. Throws peel.InvalidArgument after
  // Close.
  std::shared_ptr<peel_engine> Get();
  // The model goes when the last call that uses it has ended.
  void Close();
  bool closed() const { return closed_; }

 private:
  void Load();

  Text model_, family_, backend_, runtime_options_, runtime_folders_;
  nb::object model_data_;  // bytes, which the library does not copy
  peel_engine_options options_ = {};
  // All below is looked at and changed with the GIL held; loading_ keeps a second thread from
  // loading meanwhile.
  std::shared_ptr<peel_engine> engine_;
  pid_t process_ = -1;
  bool closed_ = false;
  std::mutex loading_;
};

}  // namespace peel::python

#include "python/src/engine.h"

#include <unistd.h>

#include <utility>

#include "python/src/gil.h"

namespace peel::python {
namespace {

// In a child the parent's engine is left alone: its threads, which freeing it would wait for, do
// not exist there.
struct FreeInItsProcess {
  pid_t process;
  void operator()(peel_engine* engine) const {
    if (process == getpid()) peel_engine_free(engine);
  }
};

}  // namespace

Engine::Engine(Text model, int device, int precision, int threads, bool strict, Text family,
               Text backend, Text runtime_options, Text runtime_folders, nb::object model_data,
               int jobs, uint64_t memory_limit)
    : model_(std::move(model)),
      family_(std::move(family)),
      backend_(std::move(backend)),
      runtime_options_(std::move(runtime_options)),
      runtime_folders_(std::move(runtime_folders)),
      model_data_(std::move(model_data)) {
  peel_engine_options_init(&options_, sizeof(options_));
  options_.device = static_cast<peel_device>(device);
  options_.precision = static_cast<peel_precision>(precision);
  options_.threads = threads;
  options_.strict = strict ? 1 : 0;
  options_.model = model_ ? model_->c_str() : nullptr;
  options_.family = family_ ? family_->c_str() : nullptr;
  options_.backend = backend_ ? backend_->c_str() : nullptr;
  options_.runtime_options = runtime_options_ ? runtime_options_->c_str() : nullptr;
  options_.runtime_folders = runtime_folders_ ? runtime_folders_->c_str() : nullptr;
  if (!model_data_.is_none()) {
    const auto bytes = nb::cast<nb::bytes>(model_data_);
    options_.model_data = bytes.data();
    options_.model_size = bytes.size();
  }
  options_.jobs = jobs;
  options_.memory_limit = memory_limit;
  Load();
}

Engine::~Engine() { Close(); }

std::shared_ptr<peel_engine> Engine::Get() {
  const auto check = [&] {
    if (closed_) Throw(PEEL_INVALID_ARGUMENT, "the session is closed; make another one");
  };
  check();
  if (process_ == getpid()) return engine_;
  std::unique_lock lock(loading_, std::defer_lock);
  {
    const ReleaseGil release;
    lock.lock();
  }
  check();
  if (process_ != getpid()) Load();
  return engine_;
}

void Engine::Close() {
  closed_ = true;
  if (engine_ == nullptr) return;
  std::shared_ptr<peel_engine> last = std::move(engine_);
  const ReleaseGil release;
  last.reset();
}

void Engine::Load() {
  std::shared_ptr<peel_engine> engine;
  {
    const ReleaseGil release;
    const CallUnderWay under_way(nullptr);
    engine.reset(peel_engine_create(&options_), FreeInItsProcess{getpid()});
  }
  const peel_status status = peel_engine_status(engine.get());
  if (status != PEEL_OK) Throw(status, peel_engine_error(engine.get()));
  engine_ = std::move(engine);
  process_ = getpid();
}

}  // namespace peel::python

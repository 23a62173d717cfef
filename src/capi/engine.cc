// Engines, cancelling, model lists and names: see include/peel/peel.h.
#include <peel/peel.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "src/base/block_cache.h"
#include "src/base/cpu.h"
#include "src/base/os/memory.h"
#include "src/base/sentences.h"
#include "src/capi/handles.h"
#include "src/capi/options.h"
#include "src/matte/model/catalogue.h"

#define PEEL_STRING_INNER(x) #x
#define PEEL_STRING(x) PEEL_STRING_INNER(x)

namespace peel {

peel_status ToC(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return PEEL_OK;
    case StatusCode::kInvalidArgument:
      return PEEL_INVALID_ARGUMENT;
    case StatusCode::kNotFound:
      return PEEL_NOT_FOUND;
    case StatusCode::kIo:
      return PEEL_IO_ERROR;
    case StatusCode::kCorrupt:
      return PEEL_CORRUPT;
    case StatusCode::kUnsupported:
      return PEEL_UNSUPPORTED;
    case StatusCode::kLimit:
      return PEEL_LIMIT;
    case StatusCode::kOutOfMemory:
      return PEEL_OUT_OF_MEMORY;
    case StatusCode::kCancelled:
      return PEEL_CANCELLED;
    case StatusCode::kDeviceRefused:
      return PEEL_DEVICE_REFUSED;
    case StatusCode::kInternal:
      break;
  }
  return PEEL_INTERNAL;
}

namespace {

const ModelInfo* InfoOf(const peel_engine* engine) {
  return engine != nullptr && engine->status == PEEL_OK && engine->cutter ? &engine->cutter->info()
                                                                          : nullptr;
}

}  // namespace
}  // namespace peel

extern "C" {

const char* peel_version(void) {
  return PEEL_STRING(PEEL_VERSION_MAJOR) "." PEEL_STRING(PEEL_VERSION_MINOR) "." PEEL_STRING(
      PEEL_VERSION_PATCH);
}

int peel_version_number(void) { return PEEL_NUMERIC_VERSION; }

const char* peel_status_name(peel_status status) {
  switch (status) {
    case PEEL_OK:
      return "ok";
    case PEEL_INVALID_ARGUMENT:
      return "invalid argument";
    case PEEL_NOT_FOUND:
      return "not found";
    case PEEL_IO_ERROR:
      return "input or output failed";
    case PEEL_CORRUPT:
      return "corrupt data";
    case PEEL_UNSUPPORTED:
      return "unsupported";
    case PEEL_LIMIT:
      return "limit exceeded";
    case PEEL_OUT_OF_MEMORY:
      return "out of memory";
    case PEEL_CANCELLED:
      return "cancelled";
    case PEEL_DEVICE_REFUSED:
      return "device refused";
    case PEEL_INTERNAL:
      return "internal error";
  }
  return "unknown status";
}

void peel_engine_options_init(peel_engine_options* options, size_t size) {
  peel::InitOptions(options, size, peel_engine_options{});
}

peel_engine* peel_engine_create(const peel_engine_options* options) {
  return peel::Guarded<peel_engine>([&](peel_engine& engine) -> peel::Status {
    PEEL_ASSIGN_OR_RETURN(peel::EngineChoices choices, peel::ToEngineChoices(options));
    engine.executor = std::move(choices.executor);
    engine.films = std::make_unique<peel::EngineFilms>(choices.model);
    auto cutter = peel::Cutter::Start(choices.model);
    PEEL_RETURN_IF_ERROR(cutter->Wait());
    if (choices.memory_limit > 0) {
      engine.memory = std::make_unique<peel::MemoryBudget>(choices.memory_limit);
    }
    engine.cutter = std::move(cutter);
    engine.warning = peel::CpuNote();
    peel::AddSentence(engine.cutter->info().warning, &engine.warning);
    return peel::OkStatus();
  });
}

void peel_engine_free(peel_engine* engine) { delete engine; }

peel_status peel_engine_status(const peel_engine* engine) {
  return engine != nullptr ? engine->status : PEEL_OUT_OF_MEMORY;
}

const char* peel_engine_error(const peel_engine* engine) {
  return engine != nullptr ? engine->error.c_str() : "out of memory";
}

const char* peel_engine_warning(const peel_engine* engine) {
  return engine != nullptr ? engine->warning.c_str() : "";
}

const char* peel_engine_model(const peel_engine* engine) {
  const peel::ModelInfo* info = peel::InfoOf(engine);
  return info != nullptr ? info->name.c_str() : "";
}

const char* peel_engine_precision(const peel_engine* engine) {
  const peel::ModelInfo* info = peel::InfoOf(engine);
  return info != nullptr ? info->precision.c_str() : "";
}

const char* peel_engine_device(const peel_engine* engine) {
  const peel::ModelInfo* info = peel::InfoOf(engine);
  return info != nullptr ? info->device.c_str() : "";
}

const char* peel_engine_device_asked(const peel_engine* engine) {
  const peel::ModelInfo* info = peel::InfoOf(engine);
  return info != nullptr ? info->device_asked.c_str() : "";
}

const char* peel_engine_device_reason(const peel_engine* engine) {
  const peel::ModelInfo* info = peel::InfoOf(engine);
  return info != nullptr ? info->device_reason.c_str() : "";
}

const char* peel_engine_backend(const peel_engine* engine) {
  const peel::ModelInfo* info = peel::InfoOf(engine);
  return info != nullptr ? info->backend.c_str() : "";
}

int peel_engine_threads(const peel_engine* engine) {
  const peel::ModelInfo* info = peel::InfoOf(engine);
  return info != nullptr ? info->threads : 0;
}

void peel_trim_memory(const peel_engine* engine) {
  if (engine != nullptr && engine->cutter != nullptr) engine->cutter->TrimMemory();
  peel::BlockCache::Process().MakeRoom(SIZE_MAX);
  peel::ReturnFreeMemory();
}

peel_cancel* peel_cancel_create(void) { return new (std::nothrow) peel_cancel; }

void peel_cancel_set(peel_cancel* cancel) {
  if (cancel != nullptr) cancel->token.Cancel();
}

void peel_cancel_free(peel_cancel* cancel) { delete cancel; }

peel_model_list* peel_models(void) {
  try {
    auto list = std::make_unique<peel_model_list>();
    for (const peel::CatalogueEntry& entry : peel::Catalogue()) {
      peel_model_list::Entry listed = {std::string(entry.name), ""};
      const auto where = peel::LocateModel(entry.name);
      if (where.ok()) listed.path = where.value().embedded() ? "(embedded)" : where.value().path;
      list->entries.push_back(std::move(listed));
    }
    return list.release();
  } catch (...) {  // nothing but memory can be lacking
    return nullptr;
  }
}

void peel_model_list_free(peel_model_list* list) { delete list; }

int peel_model_list_count(const peel_model_list* list) {
  return list != nullptr ? static_cast<int>(list->entries.size()) : 0;
}

const char* peel_model_list_name(const peel_model_list* list, int index) {
  if (index < 0 || index >= peel_model_list_count(list)) return nullptr;
  return list->entries[static_cast<size_t>(index)].name.c_str();
}

const char* peel_model_list_path(const peel_model_list* list, int index) {
  if (index < 0 || index >= peel_model_list_count(list)) return nullptr;
  return list->entries[static_cast<size_t>(index)].path.c_str();
}

}  // extern "C"

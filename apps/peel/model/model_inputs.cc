#include "apps/peel/model/model_inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>

#include "src/base/float16.h"
#include "src/engine/memory_limit.h"

namespace peel {
namespace {

using engine::DataType;
using engine::NamedTensor;
using engine::Session;
using engine::Tensor;

template <typename T, typename Distribution>
void Fill(Tensor& tensor, std::mt19937& random, Distribution distribution) {
  T* p = tensor.data<T>();
  for (int64_t i = 0; i < tensor.elements(); ++i) p[i] = static_cast<T>(distribution(random));
}

// Real numbers in [0, 1), whole ones in 0..3 (an index into almost anything), booleans.
Status FillRandom(Tensor& t, std::mt19937& random) {
  std::uniform_real_distribution<float> real(0.0f, 1.0f);
  std::uniform_int_distribution<int> whole(0, 3), flag(0, 1);
  switch (t.type()) {
    case DataType::kFloat32:
      Fill<float>(t, random, real);
      break;
    case DataType::kFloat64:
      Fill<double>(t, random, real);
      break;
    case DataType::kFloat16:
      Fill<uint16_t>(t, random, [&](auto& r) { return FloatToHalf(real(r)); });
      break;
    case DataType::kBfloat16:
      Fill<uint16_t>(t, random, [&](auto& r) { return FloatToBfloat16(real(r)); });
      break;
    case DataType::kBool:
      Fill<uint8_t>(t, random, flag);
      break;
    case DataType::kInt8:
    case DataType::kUint8:
      Fill<uint8_t>(t, random, whole);
      break;
    case DataType::kInt16:
    case DataType::kUint16:
      Fill<uint16_t>(t, random, whole);
      break;
    case DataType::kInt32:
    case DataType::kUint32:
      Fill<uint32_t>(t, random, whole);
      break;
    case DataType::kInt64:
    case DataType::kUint64:
      Fill<uint64_t>(t, random, whole);
      break;
    case DataType::kUndefined:
    case DataType::kString:
      return Unsupported(std::string("no random values of type ") + engine::DataTypeName(t.type()));
  }
  return OkStatus();
}

// Inputs of more than kMuch together are not filled before it is known that the machine has the
// memory for them and for the run: until then their pages take none. Small ones are, as their
// values may decide shapes.
constexpr size_t kSmall = size_t{1} << 20, kMuch = size_t{1} << 30;

Status CheckMemory(const Session& session, std::span<const NamedTensor> feeds,
                   std::span<const std::string> fetches) {
  const uint64_t most = engine::MemoryCeiling();
  if (most == 0) return OkStatus();
  uint64_t inputs = 0;
  for (const NamedTensor& feed : feeds) inputs += feed.tensor.bytes();
  uint64_t need = 0;
  if (inputs <= most) {
    const std::unique_ptr<engine::Context> context = session.NewContext();
    PEEL_RETURN_IF_ERROR(context->Prepare(feeds, fetches));
    const engine::MemoryReport memory = context->Memory();
    need = memory.arena_bytes + memory.weight_bytes + memory.scratch_bytes;
  }
  if (inputs + need <= most) return OkStatus();
  const bool open = std::any_of(session.inputs().begin(), session.inputs().end(),
                                [](const auto& port) { return !TakenAsOne(port).empty(); });
  return LimitExceeded(
      fmt::format("its inputs ({} MB) and what the run needs besides are more than the {} MB of "
                  "memory that this machine has{}",
                  inputs >> 20, most >> 20, open ? "; give smaller ones with --shape" : ""));
}

}  // namespace

engine::Shape ShapeOfOnes(const engine::Port& port) {
  engine::Shape shape = port.shape;
  for (int64_t& extent : shape) extent = extent < 0 ? 1 : extent;
  return shape;
}

std::string TakenAsOne(const engine::Port& port) {
  std::string names, example;
  for (size_t i = 0; i < port.shape.size(); ++i) {
    example += (i == 0 ? "" : ",");
    example += port.shape[i] < 0 ? "N" : std::to_string(port.shape[i]);
    if (port.shape[i] >= 0) continue;
    const bool named = i < port.dim_names.size() && !port.dim_names[i].empty();
    names += (names.empty() ? "" : ", ") + (named ? port.dim_names[i] : std::to_string(i));
  }
  if (names.empty()) return "";
  return fmt::format(
      "input '{}': dimensions left open ({}) are taken as 1; give them with --shape {}={}",
      port.name, names, port.name, example);
}

Status FillRandomly(const Session& session, std::span<const std::string> fetches,
                    std::span<const size_t> which, std::vector<NamedTensor>& feeds) {
  std::mt19937 random(12345);
  const auto fill = [&](bool large) -> Status {
    for (const size_t i : which) {
      Tensor& tensor = feeds[i].tensor;
      if ((tensor.bytes() > kSmall) == large) PEEL_RETURN_IF_ERROR(FillRandom(tensor, random));
    }
    return OkStatus();
  };
  size_t much = 0;
  for (const size_t i : which) much += feeds[i].tensor.bytes();
  PEEL_RETURN_IF_ERROR(fill(false));
  if (much > kMuch) PEEL_RETURN_IF_ERROR(CheckMemory(session, feeds, fetches));
  return fill(true);
}

}  // namespace peel

#include "src/library/labels/network.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "src/base/os/source_file.h"

namespace peel::library {
namespace {

using engine::Precision;

// The file's name without folder and extension.
std::string Stem(std::string_view path) {
  if (const size_t slash = path.find_last_of('/'); slash != std::string_view::npos) {
    path.remove_prefix(slash + 1);
  }
  if (path.ends_with(".onnx")) path.remove_suffix(5);
  return std::string(path);
}

Result<engine::ModelBytes> ReadFile(const NetworkFile& file) {
  engine::ModelBytes model;
  model.name = file.name;
  model.bytes = file.bytes;
  if (file.path.empty()) return model;
  model.name = file.path;
  auto source = SourceFile::Open(file.path);
  if (!source.ok()) return std::move(source).status().WithContext(file.path);
  auto bytes = (*source)->ReadAll();
  if (!bytes.ok()) return std::move(bytes).status().WithContext(file.path);
  model.bytes = (*bytes)->span();
  model.owner = *std::move(bytes);
  const size_t slash = file.path.find_last_of('/');
  model.directory = slash == std::string::npos ? "." : file.path.substr(0, slash);
  model.file = *std::move(source);
  return model;
}

std::string NarrowestOf(const engine::NumberReport& numbers) {
  if (numbers.int8 > 0) return "int8";
  if (numbers.bf16 > 0) return "bf16";
  return numbers.fp16 > 0 ? "fp16" : "fp32";
}

// Why another precision runs than was asked for; "" where it does not.
std::string PrecisionMissed(Precision wish, const engine::NumberReport& numbers) {
  switch (wish) {
    case Precision::kBf16:
      if (numbers.bf16 > 0) return "";
      return "--precision bf16: nothing in it computes faster in bfloat16 on this processor";
    case Precision::kFp16:
      if (numbers.fp16 > 0) return "";
      return "--precision fp16: half precision is TensorRT's";
    case Precision::kInt8:
      if (numbers.int8 > 0) return "";
      return "--precision int8: it holds no integers";
    case Precision::kFp32:
      if (numbers.int8 == 0 && numbers.bf16 == 0) return "";
      return "--precision fp32: it is quantised and holds no other numbers";
    case Precision::kAuto:
      break;
  }
  return "";
}

}  // namespace

Result<std::unique_ptr<Network>> Network::Load(const NetworkFile& file,
                                               const NetworkOptions& options, size_t max_inputs) {
  PEEL_ASSIGN_OR_RETURN(const engine::ModelBytes model, ReadFile(file));
  engine::SessionOptions session;
  session.precision = options.precision == Precision::kAuto ? Precision::kFp32 : options.precision;
  session.max_memory_bytes = options.max_memory_bytes;
  PEEL_ASSIGN_OR_RETURN(engine::PlacedSession placed,
                        engine::LoadPlaced(model, session, options.place));
  std::unique_ptr<Network> network(new Network);
  network->session_ = std::move(placed.session);
  const size_t inputs = network->session_->inputs().size();
  if (inputs < 1 || inputs > max_inputs || network->session_->outputs().empty()) {
    return Unsupported(model.name + ": it has " + std::to_string(inputs) +
                       " inputs, which is not what a network for labels has");
  }
  network->wish_ = options.precision;
  network->strict_ = options.place.strict;
  NetworkInfo& info = network->info_;
  info.name = network->Metadata("name");
  if (info.name.empty()) info.name = Stem(model.name);
  const engine::RunsOn runs_on = network->session_->runs_on();
  info.device = engine::DeviceName(runs_on.device);
  info.backend = engine::BackendName(runs_on.backend);
  if (!runs_on.version.empty()) info.backend += " " + runs_on.version;
  info.warning = std::move(placed.warning);
  return network;
}

std::string Network::Metadata(std::string_view key) const {
  const auto& metadata = session_->metadata();
  const auto found = metadata.find(key);
  return found == metadata.end() ? "" : found->second;
}

int64_t Network::fixed_batch() const {
  const engine::Port& port = input();
  return port.has_shape && !port.shape.empty() && port.shape[0] > 0 ? port.shape[0] : 0;
}

Network::Seat Network::Take(const engine::Shape& shape) const {
  {
    const std::scoped_lock lock(mutex_);
    const auto same = std::find_if(idle_.rbegin(), idle_.rend(),
                                   [&](const Seat& s) { return s.input.shape() == shape; });
    if (!idle_.empty()) {
      const auto at = same == idle_.rend() ? idle_.begin() : same.base() - 1;
      Seat seat = std::move(*at);
      idle_.erase(at);
      return seat;
    }
  }
  return {session_->NewContext(), {}};
}

void Network::Give(Seat seat) const {
  const std::scoped_lock lock(mutex_);
  idle_.push_back(std::move(seat));
}

Result<std::vector<engine::Tensor>> Network::Run(const engine::Shape& shape,
                                                 FunctionRef<Status(engine::Tensor&)> fill,
                                                 std::span<const std::string> outputs) const {
  Seat seat = Take(shape);
  if (seat.input.shape() != shape) {
    seat.input = {};
    PEEL_ASSIGN_OR_RETURN(seat.input, engine::Tensor::Allocate(input().type, shape));
  }
  PEEL_RETURN_IF_ERROR(fill(seat.input));
  const engine::NamedTensor feeds[] = {{input().name, seat.input}};
  // A seat whose run failed is not used again: what it holds of memory goes back.
  PEEL_ASSIGN_OR_RETURN(std::vector<engine::Tensor> results, RunOn(*seat.context, feeds, outputs));
  Give(std::move(seat));
  return results;
}

Result<std::vector<engine::Tensor>> Network::Run(std::span<const engine::NamedTensor> feeds,
                                                 std::span<const std::string> outputs) const {
  Seat seat = Take(feeds.front().tensor.shape());
  PEEL_ASSIGN_OR_RETURN(std::vector<engine::Tensor> results, RunOn(*seat.context, feeds, outputs));
  seat.input = feeds.front().tensor;
  Give(std::move(seat));
  return results;
}

Result<std::vector<engine::Tensor>> Network::RunOn(engine::Context& context,
                                                   std::span<const engine::NamedTensor> feeds,
                                                   std::span<const std::string> outputs) const {
  PEEL_ASSIGN_OR_RETURN(std::vector<engine::Tensor> results, context.Run(feeds, outputs));
  if (results.size() != outputs.size()) return Internal(info_.name + ": outputs are missing");
  for (engine::Tensor& tensor : results) {
    if (tensor.type() == engine::DataType::kFloat32) continue;
    PEEL_ASSIGN_OR_RETURN(const std::vector<float> floats, tensor.AsFloats());
    const engine::Shape extents = tensor.shape();
    PEEL_ASSIGN_OR_RETURN(tensor,
                          engine::Tensor::Of(std::span<const float>(floats)).Reshaped(extents));
  }
  return results;
}

Status Network::Prepare(const engine::Shape& shape, std::span<const std::string> outputs) {
  Seat seat = Take(shape);
  PEEL_ASSIGN_OR_RETURN(seat.input, engine::Tensor::Allocate(input().type, shape));
  const engine::NamedTensor feeds[] = {{input().name, seat.input}};
  PEEL_RETURN_IF_ERROR(seat.context->Prepare(feeds, outputs));
  const engine::NumberReport numbers = seat.context->Numbers();
  info_.precision = NarrowestOf(numbers);
  if (std::string missed = PrecisionMissed(wish_, numbers); !missed.empty()) {
    missed = info_.name + ": " + missed + "; " + info_.precision + " is used";
    if (strict_) return Unsupported(missed + " without --strict");
    info_.warning += info_.warning.empty() ? missed : ". " + missed;
  }
  Give(std::move(seat));
  return OkStatus();
}

Status RunInBatches(size_t count, size_t most, BatchReport* report,
                    FunctionRef<Status(size_t first, size_t n)> run) {
  report->batch = std::max<size_t>(report->batch, 1);
  for (size_t first = 0; first < count;) {
    const size_t n = std::min({report->batch, std::max<size_t>(most, 1), count - first});
    Status status = run(first, n);
    if (status.ok()) {
      first += n;
    } else if (status.code() == StatusCode::kOutOfMemory && n > 1) {
      report->batch = n / 2;
      ++report->halvings;
    } else {
      return status;
    }
  }
  return OkStatus();
}

std::vector<std::string> SplitLines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace peel::library

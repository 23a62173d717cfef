#include "src/matte/model/session_network.h"

#include <algorithm>
#include <utility>

#include "src/base/float16.h"
#include "src/base/thread_pool.h"

namespace peel {
namespace {

// Runs after which a number of runs at a time that has not been seen again is forgotten, within
// twice as many.
constexpr int kStretch = 64;

std::vector<NetworkPort> Ports(const std::vector<engine::Port>& from) {
  std::vector<NetworkPort> ports;
  ports.reserve(from.size());
  for (const engine::Port& p : from) {
    ports.push_back({p.name, p.has_shape ? p.shape : std::vector<int64_t>{}});
  }
  return ports;
}

// The tensor's values as floats, without a copy where they are floats.
Result<NetworkTensor> ToNetworkTensor(std::string name, engine::Tensor tensor) {
  NetworkTensor out;
  out.name = std::move(name);
  out.shape = tensor.shape();
  if (tensor.type() == engine::DataType::kFloat32) {
    auto owner = std::make_shared<engine::Tensor>(std::move(tensor));
    out.values = {std::as_const(*owner).data<float>(), static_cast<size_t>(owner->elements())};
    out.owner = std::move(owner);
  } else {
    PEEL_ASSIGN_OR_RETURN(std::vector<float> floats, tensor.AsFloats());
    auto owner = std::make_shared<std::vector<float>>(std::move(floats));
    out.values = *owner;
    out.owner = std::move(owner);
  }
  return out;
}

}  // namespace

SessionNetwork::SessionNetwork(std::shared_ptr<const engine::Session> session)
    : session_(std::move(session)),
      inputs_(Ports(session_->inputs())),
      outputs_(Ports(session_->outputs())) {}

Result<std::shared_ptr<const SessionNetwork>> SessionNetwork::Create(
    std::shared_ptr<const engine::Session> session) {
  if (session->inputs().empty()) return Unsupported("this model has no input");
  const engine::DataType type = session->inputs().front().type;
  if (type != engine::DataType::kFloat32 && type != engine::DataType::kFloat16) {
    return Unsupported("this model's input holds " + std::string(engine::DataTypeName(type)) +
                       ", not floats, so it makes no mattes");
  }
  return std::shared_ptr<const SessionNetwork>(new SessionNetwork(std::move(session)));
}

Result<std::vector<NetworkTensor>> SessionNetwork::Run(std::span<const float> input,
                                                       std::span<const int64_t> shape,
                                                       std::span<const std::string> outputs) const {
  std::vector<engine::NamedTensor> feeds(1);
  PEEL_ASSIGN_OR_RETURN(feeds[0], Feed(input, shape));
  auto tensors = Lease(*this)->Run(feeds, outputs);
  if (!tensors.ok()) return std::move(tensors).status();
  if (tensors->size() != outputs.size()) {
    return Internal("the engine gave " + std::to_string(tensors->size()) + " outputs where " +
                    std::to_string(outputs.size()) + " were asked for");
  }
  std::vector<NetworkTensor> results;
  for (size_t i = 0; i < outputs.size(); ++i) {
    PEEL_ASSIGN_OR_RETURN(NetworkTensor t, ToNetworkTensor(outputs[i], std::move((*tensors)[i])));
    results.push_back(std::move(t));
  }
  return results;
}

Result<engine::NumberReport> SessionNetwork::Prepare(std::span<const int64_t> shape,
                                                     std::span<const std::string> outputs) const {
  const engine::Port& port = session_->inputs().front();
  std::vector<engine::NamedTensor> feeds(1);
  feeds[0].name = port.name;
  // Only name, type and shape are looked at.
  PEEL_ASSIGN_OR_RETURN(feeds[0].tensor,
                        engine::Tensor::View(port.type, {shape.begin(), shape.end()}, nullptr));
  const Lease context(*this);
  PEEL_RETURN_IF_ERROR(context->Prepare(feeds, outputs));
  return context->Numbers();
}

Result<engine::NamedTensor> SessionNetwork::Feed(std::span<const float> input,
                                                 std::span<const int64_t> shape) const {
  const engine::Port& port = session_->inputs().front();
  engine::NamedTensor feed;
  feed.name = port.name;
  engine::Shape extents(shape.begin(), shape.end());
  PEEL_ASSIGN_OR_RETURN(const int64_t elements, engine::ElementCount(extents));
  if (static_cast<uint64_t>(elements) != input.size()) {
    return Internal("a network's input does not hold what its shape says");
  }
  if (port.type == engine::DataType::kFloat16) {
    PEEL_ASSIGN_OR_RETURN(feed.tensor, engine::Tensor::Allocate(port.type, std::move(extents)));
    auto* half = feed.tensor.data<uint16_t>();
    for (size_t i = 0; i < input.size(); ++i) half[i] = FloatToHalf(input[i]);
    return feed;
  }
  // The engine only reads its feeds.
  PEEL_ASSIGN_OR_RETURN(feed.tensor,
                        engine::Tensor::View(engine::DataType::kFloat32, std::move(extents),
                                             const_cast<float*>(input.data())));
  return feed;
}

size_t SessionNetwork::idle_contexts() const {
  std::lock_guard lock(mutex_);
  return idle_.size();
}

void SessionNetwork::DropIdle() const {
  std::vector<std::unique_ptr<engine::Context>> dropped;
  std::lock_guard lock(mutex_);
  dropped.swap(idle_);
}

std::unique_ptr<engine::Context> SessionNetwork::Take() const {
  std::unique_ptr<engine::Context> context;
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      context = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (context == nullptr) context = session_->NewContext();
  std::lock_guard lock(mutex_);
  most_ = std::max(most_, ++running_);
  idle_.reserve(idle_.size() + running_);  // so that Give allocates nothing
  return context;
}

void SessionNetwork::Give(std::unique_ptr<engine::Context> context) const noexcept {
  static const auto kMostIdle = static_cast<size_t>(AvailableCpus());
  std::unique_ptr<engine::Context> dropped;  // after the lock
  std::lock_guard lock(mutex_);
  --running_;
  idle_.push_back(std::move(context));
  if (++runs_ == kStretch) {
    runs_ = 0;
    most_before_ = std::exchange(most_, running_ + 1);
  }
  // One a run is enough: what is forgotten goes within as many runs.
  if (idle_.size() > kMostIdle || idle_.size() + running_ > std::max(most_, most_before_)) {
    dropped = std::move(idle_.front());
    idle_.erase(idle_.begin());
  }
}

void SessionNetwork::TrimMemory() const {
  std::vector<std::unique_ptr<engine::Context>> idle;  // outlives the lock
  const std::lock_guard lock(mutex_);
  idle.swap(idle_);
}

}  // namespace peel

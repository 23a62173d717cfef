#include "src/pipeline/session_network.h"

#include <utility>

namespace peel {
namespace {

std::vector<NetworkPort> Describe(const std::vector<engine::Port>& ports) {
  std::vector<NetworkPort> described;
  for (const engine::Port& port : ports) described.push_back({port.name, port.shape});
  return described;
}

// A look at the caller's floats; the engine only reads its feeds.
Result<std::vector<engine::NamedTensor>> Feed(const std::string& name, const float* values,
                                              std::span<const int64_t> shape) {
  PEEL_ASSIGN_OR_RETURN(
      engine::Tensor tensor,
      engine::Tensor::View(engine::DataType::kFloat32, engine::Shape(shape.begin(), shape.end()),
                           const_cast<float*>(values)));
  std::vector<engine::NamedTensor> feeds;
  feeds.push_back({name, std::move(tensor)});
  return feeds;
}

}  // namespace

SessionNetwork::SessionNetwork(std::unique_ptr<engine::Session> session)
    : session_(std::move(session)),
      inputs_(Describe(session_->inputs())),
      outputs_(Describe(session_->outputs())) {}

std::unique_ptr<engine::Context> SessionNetwork::Borrow() const {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto context = std::move(idle_.back());
      idle_.pop_back();
      return context;
    }
  }
  return session_->NewContext();
}

void SessionNetwork::GiveBack(std::unique_ptr<engine::Context> context) const {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(context));
}

Result<std::vector<NetworkTensor>> SessionNetwork::Run(std::span<const float> input,
                                                       std::span<const int64_t> shape,
                                                       std::span<const std::string> outputs) const {
  if (inputs_.empty()) return InvalidArgument("the network has no input");
  PEEL_ASSIGN_OR_RETURN(const auto feeds, Feed(inputs_[0].name, input.data(), shape));
  if (feeds[0].tensor.elements() != static_cast<int64_t>(input.size())) {
    return InvalidArgument("the network's input has another size than its shape says");
  }
  auto context = Borrow();
  auto results = context->Run(feeds, outputs);
  GiveBack(std::move(context));
  if (!results.ok()) return std::move(results).status();

  std::vector<NetworkTensor> tensors;
  for (size_t i = 0; i < results->size(); ++i) {
    const engine::Tensor& result = results.value()[i];
    const std::string& name = outputs.empty() ? outputs_[i].name : outputs[i];
    if (result.type() != engine::DataType::kFloat32) {
      return Unsupported("the network's output " + name + " is " +
                         engine::DataTypeName(result.type()) + ", not float32");
    }
    auto owner = std::make_shared<const engine::Tensor>(result);
    const std::span<const float> values(owner->data<float>(),
                                        static_cast<size_t>(owner->elements()));
    tensors.push_back({name, owner->shape(), values, owner});
  }
  return tensors;
}

Status SessionNetwork::Prepare(std::span<const int64_t> shape,
                               std::span<const std::string> outputs) const {
  if (inputs_.empty()) return InvalidArgument("the network has no input");
  PEEL_ASSIGN_OR_RETURN(const auto feeds, Feed(inputs_[0].name, nullptr, shape));
  auto context = Borrow();
  const Status status = context->Prepare(feeds, outputs);
  GiveBack(std::move(context));
  return status;
}

}  // namespace peel

#include "src/engine/native_session.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "src/engine/graph/port.h"
#include "src/engine/graph/specialise.h"
#include "src/engine/kernels/reference/reference.h"
#include "src/engine/memory_limit.h"

namespace peel::engine {
namespace {

constexpr size_t kMaxPlans = 8;

Status CheckOperators(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (FindReference(node) != nullptr) continue;
    const std::string domain = node.domain.empty() ? "" : " of domain '" + node.domain + "'";
    return Unsupported("operator " + node.op_type + domain + " (opset " +
                       std::to_string(node.opset) + ", node '" + node.name + "') is not supported");
  }
  return OkStatus();
}

Status AddOutputs(Graph& graph, const std::vector<std::string>& names) {
  std::map<std::string_view, ValueId> values;
  if (!names.empty()) {
    for (size_t v = 0; v < graph.values.size(); ++v) {
      values.emplace(graph.values[v].name, static_cast<ValueId>(v));
    }
  }
  for (const std::string& name : names) {
    const auto it = values.find(name);
    if (it == values.end()) return InvalidArgument("computes no value '" + name + "'");
    if (std::any_of(graph.outputs.begin(), graph.outputs.end(),
                    [&](const Port& port) { return port.value == it->second; })) {
      continue;
    }
    Port port;
    port.value = it->second;
    port.name = name;
    port.type = graph.value(it->second).type;
    graph.outputs.push_back(std::move(port));
  }
  return OkStatus();
}

bool SameTensor(const Tensor& a, const Tensor& b) {
  return a.type() == b.type() && a.shape() == b.shape() &&
         (a.bytes() == 0 || std::memcmp(a.raw(), b.raw(), a.bytes()) == 0);
}

Result<Tensor> Copy(const Tensor& tensor) {
  PEEL_ASSIGN_OR_RETURN(Tensor copy, Tensor::Allocate(tensor.type(), tensor.shape()));
  if (tensor.bytes() > 0) std::memcpy(copy.raw(), tensor.raw(), tensor.bytes());
  return copy;
}

}  // namespace

bool NativeSession::PlanKey::operator==(const PlanKey& other) const {
  return shapes == other.shapes && fetches == other.fetches &&
         std::equal(values.begin(), values.end(), other.values.begin(), other.values.end(),
                    SameTensor);
}

Result<std::unique_ptr<Session>> NativeSession::Make(Graph graph, const SessionOptions& options) {
  PEEL_RETURN_IF_ERROR(CheckOperators(graph));
  std::unique_ptr<NativeSession> session(new NativeSession());
  session->info_ = DescribeGraph(graph);
  session->max_memory_ = options.max_memory_bytes;
  session->disabled_kernels_ = options.disabled_kernels;
  session->disabled_passes_ = options.disabled_passes;
  session->precisions_ = {options.precision, options.node_precisions};
  if (const char* off = std::getenv("PEEL_KERNELS_OFF")) {
    std::istringstream names(off);
    for (std::string name; std::getline(names, name, ',');) {
      session->disabled_kernels_.push_back(name);
    }
  }
  PEEL_RETURN_IF_ERROR(AddOutputs(graph, options.extra_outputs));
  session->graph_ = std::move(graph);
  const Evaluator evaluator(kReferenceEvaluator);
  PEEL_ASSIGN_OR_RETURN(session->passes_, RunPasses(session->graph_, options.disabled_passes,
                                                    PassContext{&evaluator}));
  const std::vector<std::string> deciding = ShapeDecidingInputs(session->graph_);
  for (size_t i = 0; i < session->graph_.inputs.size(); ++i) {
    const std::string& name = session->graph_.inputs[i].name;
    if (std::find(deciding.begin(), deciding.end(), name) != deciding.end()) {
      session->deciding_.push_back(static_cast<int>(i));
    }
  }
  session->pool_ = options.pool;
  if (session->pool_ == nullptr) {
    session->alone_ = std::make_unique<ThreadPool>(1);
    session->pool_ = session->alone_.get();
  }
  session->tune_ = Timings::ModeFromEnvironment();
  if (session->tune_ != Timings::Mode::kOff) session->timings_ = std::make_unique<Timings>();
  return std::unique_ptr<Session>(std::move(session));
}

Status NativeSession::Bind(std::span<const NamedTensor> feeds,
                           std::vector<const Tensor*>* ordered) const {
  ordered->assign(graph_.inputs.size(), nullptr);
  for (const NamedTensor& feed : feeds) {
    const auto it = std::find_if(graph_.inputs.begin(), graph_.inputs.end(),
                                 [&](const Port& port) { return port.name == feed.name; });
    if (it == graph_.inputs.end()) {
      std::string names;
      for (const Port& port : graph_.inputs) names += (names.empty() ? "" : ", ") + PortText(port);
      return InvalidArgument(graph_.source + ": has no input '" + feed.name + "'; it has " +
                             (names.empty() ? "none" : names));
    }
    const Port& port = *it;
    const Tensor*& slot = (*ordered)[static_cast<size_t>(it - graph_.inputs.begin())];
    if (slot != nullptr) {
      return InvalidArgument(graph_.source + ": input '" + feed.name + "' is fed twice");
    }
    slot = &feed.tensor;
    const bool type_fits = port.type == DataType::kUndefined || feed.tensor.type() == port.type;
    if (!feed.tensor.defined() || !type_fits || !ShapeFits(port, feed.tensor.shape())) {
      return InvalidArgument(graph_.source + ": input " + PortText(port) + " was fed " +
                             DataTypeName(feed.tensor.type()) + " " +
                             ShapeString(feed.tensor.shape()));
    }
  }
  for (size_t i = 0; i < ordered->size(); ++i) {
    if ((*ordered)[i] == nullptr) {
      return InvalidArgument(graph_.source + ": input " + PortText(graph_.inputs[i]) +
                             " was not fed");
    }
  }
  return OkStatus();
}

Result<std::vector<ValueId>> NativeSession::Fetches(std::span<const std::string> names) const {
  std::vector<ValueId> fetches;
  if (names.empty()) {
    for (const Port& port : graph_.outputs) fetches.push_back(port.value);
    return fetches;
  }
  for (const std::string& name : names) {
    const auto it = std::find_if(graph_.outputs.begin(), graph_.outputs.end(),
                                 [&](const Port& port) { return port.name == name; });
    if (it == graph_.outputs.end()) {
      std::string list;
      for (const Port& port : graph_.outputs)
        list += (list.empty() ? "'" : ", '") + port.name + "'";
      return InvalidArgument(graph_.source + ": has no output '" + name + "'; it has " + list);
    }
    fetches.push_back(it->value);
  }
  return fetches;
}

Result<std::shared_ptr<const Plan>> NativeSession::PlanFor(const PlanKey& key) const {
  const auto find = [&]() -> std::shared_ptr<const Plan> {
    std::lock_guard lock(mutex_);
    for (auto it = plans_.begin(); it != plans_.end(); ++it) {
      if (it->first == key) {
        plans_.splice(plans_.begin(), plans_, it);
        return it->second;
      }
    }
    return nullptr;
  };
  if (auto plan = find()) return plan;
  auto made = MakePlan(key);
  if (!made.ok()) return std::move(made).status().WithContext(graph_.source);
  if (auto plan = find()) return plan;
  PlanKey kept = key;  // the caller may write into the fed tensors afterwards
  for (Tensor& value : kept.values) {
    PEEL_ASSIGN_OR_RETURN(value, Copy(value));
  }
  std::lock_guard lock(mutex_);
  plans_.emplace_front(std::move(kept), *made);
  if (plans_.size() > kMaxPlans) plans_.pop_back();
  return made;
}

Result<std::shared_ptr<const Plan>> NativeSession::MakePlan(const PlanKey& key) const try {
  auto graph = std::make_shared<Graph>(graph_);
  // What nobody fetches need not be inferred either: its shapes may not even be inferable.
  std::vector<Port> outputs;
  for (const ValueId v : key.fetches) {
    for (const Port& port : graph_.outputs) {
      if (port.value == v) {
        outputs.push_back(port);
        break;
      }
    }
  }
  graph->outputs = std::move(outputs);
  Binding binding;
  for (size_t i = 0; i < graph->inputs.size(); ++i) {
    binding.shapes[graph->inputs[i].name] = key.shapes[i];
  }
  for (size_t i = 0; i < deciding_.size(); ++i) {
    PEEL_ASSIGN_OR_RETURN(binding.values[graph->inputs[static_cast<size_t>(deciding_[i])].name],
                          Copy(key.values[i]));
  }
  PEEL_RETURN_IF_ERROR(Specialise(*graph, binding, kReferenceEvaluator));
  // Some rewrites need shapes; what they fold needs its own shapes in turn.
  const Evaluator evaluator(kReferenceEvaluator);
  PEEL_ASSIGN_OR_RETURN(const auto reports,
                        RunPasses(*graph, disabled_passes_, PassContext{&evaluator}));
  if (std::any_of(reports.begin(), reports.end(),
                  [](const PassReport& report) { return report.changes > 0; })) {
    PEEL_RETURN_IF_ERROR(Specialise(*graph, binding, kReferenceEvaluator));
  }
  std::vector<ValueId> fetches;
  for (const Port& port : graph->outputs) fetches.push_back(port.value);
  const uint64_t limit = max_memory_ != 0 ? max_memory_ : MemoryCeiling();
  const Plan::Options options{limit, disabled_kernels_, &precisions_, timings_.get(), tune_};
  return Plan::Build(std::move(graph), fetches, options, *pool_, weights_);
} catch (const TensorReadError& error) {
  return IoError(error.what());
}

}  // namespace peel::engine

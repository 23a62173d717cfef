#include "src/engine/native_session.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <sstream>

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

ModelInfo Describe(const Graph& graph) {
  ModelInfo info;
  info.graph_name = graph.name;
  info.ir_version = graph.ir_version;
  info.opsets = graph.opsets;
  for (const Node& node : graph.nodes) {
    ++info.operators[node.domain.empty() ? node.op_type : node.domain + "." + node.op_type];
  }
  for (const Value& value : graph.values) {
    if (value.is_constant()) info.parameters += value.constant.elements();
  }
  return info;
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

constexpr auto kEvaluate = [](const Node& node, std::span<const Tensor* const> inputs,
                              std::span<Tensor> outputs) {
  return RunReference(node, inputs, outputs);
};

std::string DeclaredShape(const Port& port) {
  std::string text;
  for (size_t i = 0; i < port.shape.size(); ++i) {
    if (i > 0) text += 'x';
    if (port.shape[i] >= 0) {
      text += std::to_string(port.shape[i]);
    } else {
      const bool named = i < port.dim_names.size() && !port.dim_names[i].empty();
      text += named ? port.dim_names[i] : "?";
    }
  }
  return port.shape.empty() ? "scalar" : text;
}

std::string PortText(const Port& port) {
  return "'" + port.name + "' " + DataTypeName(port.type) + " " +
         (port.has_shape ? DeclaredShape(port) : "of any shape");
}

bool Fits(const Port& port, const Shape& shape) {
  if (!port.has_shape) return true;
  if (port.shape.size() != shape.size()) return false;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (port.shape[i] >= 0 && port.shape[i] != shape[i]) return false;
  }
  return true;
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
  session->info_ = Describe(graph);
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
  const Evaluator evaluator(kEvaluate);
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
    if (!feed.tensor.defined() || !type_fits || !Fits(port, feed.tensor.shape())) {
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
  PEEL_RETURN_IF_ERROR(Specialise(*graph, binding, kEvaluate));
  // Some rewrites need shapes; what they fold needs its own shapes in turn.
  const Evaluator evaluator(kEvaluate);
  PEEL_ASSIGN_OR_RETURN(const auto reports,
                        RunPasses(*graph, disabled_passes_, PassContext{&evaluator}));
  if (std::any_of(reports.begin(), reports.end(),
                  [](const PassReport& report) { return report.changes > 0; })) {
    PEEL_RETURN_IF_ERROR(Specialise(*graph, binding, kEvaluate));
  }
  std::vector<ValueId> fetches;
  for (const Port& port : graph->outputs) fetches.push_back(port.value);
  const uint64_t limit = max_memory_ != 0 ? max_memory_ : MemoryCeiling();
  const Plan::Options options{limit, disabled_kernels_, &precisions_, timings_.get(), tune_};
  return Plan::Build(std::move(graph), fetches, options, *pool_, weights_);
} catch (const TensorReadError& error) {
  return IoError(error.what());
}

Result<std::string> NativeSession::PlanText(
    const std::map<std::string, Shape, std::less<>>& shapes) const {
  if (!deciding_.empty()) {
    return InvalidArgument(graph_.source + ": the values of input '" +
                           graph_.inputs[static_cast<size_t>(deciding_[0])].name +
                           "' decide shapes, so there is no plan before they are known");
  }
  PlanKey key;
  for (const auto& [name, shape] : shapes) {
    if (std::none_of(graph_.inputs.begin(), graph_.inputs.end(),
                     [&, &input = name](const Port& port) { return port.name == input; })) {
      return InvalidArgument(graph_.source + ": has no input '" + name + "'");
    }
  }
  for (const Port& port : graph_.inputs) {
    Shape shape = port.shape;
    for (int64_t& extent : shape) extent = std::max<int64_t>(extent, extent < 0 ? 1 : 0);
    if (const auto it = shapes.find(port.name); it != shapes.end()) {
      shape = it->second;
    } else if (!port.has_shape) {
      return InvalidArgument(graph_.source + ": input '" + port.name +
                             "' declares no shape; give one");
    }
    if (!Fits(port, shape)) {
      return InvalidArgument(graph_.source + ": input " + PortText(port) + " cannot be " +
                             ShapeString(shape));
    }
    key.shapes.push_back(std::move(shape));
  }
  PEEL_ASSIGN_OR_RETURN(key.fetches, Fetches({}));
  PEEL_ASSIGN_OR_RETURN(const auto plan, PlanFor(key));
  return plan->Text();
}

std::string NativeSession::Summary() const {
  std::string text = graph_.source + "\n";
  if (!info_.graph_name.empty()) text += "graph      " + info_.graph_name + "\n";
  text += "format     ONNX IR version " + std::to_string(info_.ir_version);
  for (const auto& [domain, version] : info_.opsets) {
    text += ", opset " + (domain.empty() ? "" : domain + " ") + std::to_string(version);
  }
  text += "\n";
  for (const Port& port : graph_.inputs) text += "input      " + PortText(port) + "\n";
  for (const Port& port : graph_.outputs) text += "output     " + PortText(port) + "\n";
  for (const auto& [key, value] : graph_.metadata) {
    text += "metadata   " + key + " = " + value.substr(0, 200) + "\n";
  }
  text += "parameters " + std::to_string(info_.parameters) + "\noperators ";
  for (const auto& [name, count] : info_.operators) {
    text += " " + name + " " + std::to_string(count);
  }
  // Work depends on the shapes; known only where none is symbolic.
  int64_t multiply_adds = 0;
  const auto symbolic = [](const Port& port) {
    return !port.has_shape ||
           std::any_of(port.shape.begin(), port.shape.end(), [](int64_t e) { return e < 0; });
  };
  if (deciding_.empty() && std::none_of(graph_.inputs.begin(), graph_.inputs.end(), symbolic)) {
    Graph copy = graph_;
    Binding binding;
    for (const Port& port : graph_.inputs) binding.shapes[port.name] = port.shape;
    if (Specialise(copy, binding, kEvaluate).ok()) {
      for (const Node& node : copy.nodes) multiply_adds += MultiplyAdds(copy, node);
      text += "\nwork       " + std::to_string(multiply_adds) + " multiply-adds, " +
              std::to_string(copy.nodes.size()) + " nodes after the passes";
    }
  }
  text += "\npasses    ";
  for (const PassReport& pass : passes_) {
    if (pass.disabled) {
      text += " " + pass.name + " off,";
    } else if (pass.changes > 0) {
      text += " " + pass.name + " " + std::to_string(pass.changes) + ",";
    }
  }
  if (text.back() == ',') text.pop_back();
  return text + "\n";
}

}  // namespace peel::engine

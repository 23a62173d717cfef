#include "src/engine/ort/profile.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <vector>

namespace peel::engine::ort {
namespace {

using Json = nlohmann::json;

bool OneOf(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

std::string Text(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : "";
}

// The element type of the first input: [{"float": [1, 3, 320, 320]}, …].
std::string FirstInputType(const Json& arguments) {
  const auto it = arguments.find("input_type_shape");
  if (it == arguments.end() || !it->is_array() || it->empty() || !(*it)[0].is_object() ||
      (*it)[0].empty()) {
    return "";
  }
  return (*it)[0].begin().key();
}

}  // namespace

Result<ProfileFacts> ReadProfile(std::string_view text) {
  const Json events = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!events.is_array()) return Corrupt("ONNX Runtime's profile is no JSON array");
  ProfileFacts facts;
  for (const Json& event : events) {
    if (!event.is_object() || Text(event, "cat") != "Node") continue;
    const auto arguments = event.find("args");
    if (arguments == event.end() || !arguments->is_object()) continue;
    const std::string provider = Text(*arguments, "provider");
    // Older releases have events before and after each kernel as well.
    if (provider.empty() || !Text(event, "name").ends_with("_kernel_time")) continue;
    ++facts.nodes[provider];
    const std::string op = Text(*arguments, "op_name");
    const bool integer = OneOf(op, {"QLinearConv", "ConvInteger", "QLinearMatMul", "MatMulInteger",
                                    "QGemm", "DynamicQuantizeMatMul", "MatMulIntegerToFloat"});
    const bool real = OneOf(op, {"Conv", "FusedConv", "NhwcConv", "NhwcFusedConv", "ConvTranspose",
                                 "Gemm", "FusedGemm", "MatMul", "FusedMatMul"});
    if (!integer && !real) continue;
    const std::string type = FirstInputType(*arguments);
    if (integer) {
      ++facts.numbers.int8;
    } else if (type == "float16") {
      ++facts.numbers.fp16;
    } else if (type == "bfloat16") {
      ++facts.numbers.bf16;
    } else {
      ++facts.numbers.fp32;
    }
    facts.products_on_cpu += provider == ProviderName(Device::kCpu);
  }
  if (facts.nodes.empty()) return Corrupt("ONNX Runtime's profile tells of no node");
  return facts;
}

std::string NodesText(const std::map<std::string, int>& nodes) {
  std::vector<std::pair<int, std::string>> order;
  order.reserve(nodes.size());
  for (const auto& [provider, count] : nodes) order.emplace_back(count, provider);
  std::ranges::sort(order, std::greater<>());
  std::string text;
  for (const auto& [count, provider] : order) {
    text += (text.empty() ? "" : ", ") + provider + " " + std::to_string(count);
  }
  return text;
}

}  // namespace peel::engine::ort

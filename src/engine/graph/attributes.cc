#include "src/engine/graph/attributes.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

namespace peel::engine {
namespace {

// In the order of Attribute's alternatives.
enum Kind : size_t { kInt, kFloat, kString, kTensor, kInts, kFloats, kStrings };
constexpr const char* kKindNames[] = {
    "a whole number",          "a number",          "a text",         "a tensor",
    "a list of whole numbers", "a list of numbers", "a list of texts"};

struct Entry {
  std::string_view name;
  Kind kind;
};

// One name has one kind throughout the standard, but for Pad's and Constant's "value" (below).
constexpr Entry kEntries[] = {
    {"a_scale", kFloat},
    {"a_zero", kInt},
    {"activation", kString},
    {"activation_alpha", kFloat},
    {"activation_beta", kFloat},
    {"align_corners", kInt},
    {"allowzero", kInt},
    {"alpha", kFloat},
    {"antialias", kInt},
    {"approximate", kString},
    {"auto_pad", kString},
    {"axes", kInts},
    {"axis", kInt},
    {"b_scale", kFloat},
    {"b_zero", kInt},
    {"batch_dims", kInt},
    {"beta", kFloat},
    {"block_size", kInt},
    {"blocksize", kInt},
    {"ceil_mode", kInt},
    {"coordinate_transformation_mode", kString},
    {"count_include_pad", kInt},
    {"cubic_coeff_a", kFloat},
    {"detect_negative", kInt},
    {"detect_positive", kInt},
    {"dilations", kInts},
    {"direction", kString},
    {"dtype", kInt},
    {"end", kInt},
    {"ends", kInts},
    {"epsilon", kFloat},
    {"equation", kString},
    {"exclude_outside", kInt},
    {"exclusive", kInt},
    {"extrapolation_value", kFloat},
    {"fmod", kInt},
    {"gamma", kFloat},
    {"group", kInt},
    {"high", kInt},
    {"k", kInt},
    {"keep_aspect_ratio_policy", kString},
    {"keepdims", kInt},
    {"kernel_shape", kInts},
    {"lambd", kFloat},
    {"largest", kInt},
    {"low", kInt},
    {"max", kFloat},
    {"min", kFloat},
    {"mode", kString},
    {"momentum", kFloat},
    {"nearest_mode", kString},
    {"noop_with_empty_axes", kInt},
    {"num_groups", kInt},
    {"num_outputs", kInt},
    {"output_dtype", kInt},
    {"output_padding", kInts},
    {"output_shape", kInts},
    {"own_begin", kInt},
    {"own_end", kInt},
    {"p", kInt},
    {"padding_mode", kString},
    {"pads", kInts},
    {"perm", kInts},
    {"precision", kInt},
    {"ratio", kFloat},
    {"reduction", kString},
    {"reverse", kInt},
    {"round_mode", kString},
    {"saturate", kInt},
    {"scale", kFloat},
    {"scales", kFloats},
    {"select_last_index", kInt},
    {"size", kInt},
    {"sorted", kInt},
    {"spatial", kInt},
    {"split", kInts},
    {"start", kInt},
    {"starts", kInts},
    {"stash_type", kInt},
    {"storage_order", kInt},
    {"strides", kInts},
    {"to", kInt},
    {"training_mode", kInt},
    {"transA", kInt},
    {"transB", kInt},
    {"upper", kInt},
    {"value_float", kFloat},
    {"value_floats", kFloats},
    {"value_int", kInt},
    {"value_ints", kInts},
    {"value_string", kString},
    {"value_strings", kStrings},
    {"x_zero", kInt},
    {"y_zero", kInt},
};
static_assert(std::is_sorted(std::begin(kEntries), std::end(kEntries),
                             [](const Entry& a, const Entry& b) { return a.name < b.name; }));

}  // namespace

Status CheckAttributeKinds(const Node& node) {
  for (const auto& [name, attribute] : node.attributes) {
    Kind wanted;
    if (name == "value") {
      wanted = node.op_type == "Pad" ? kFloat : kTensor;
    } else {
      const auto* entry =
          std::lower_bound(std::begin(kEntries), std::end(kEntries), std::string_view{name},
                           [](const Entry& e, std::string_view key) { return e.name < key; });
      if (entry == std::end(kEntries) || entry->name != name) continue;
      wanted = entry->kind;
    }
    if (attribute.index() != wanted) {
      return Corrupt("attribute '" + name + "' is " + kKindNames[attribute.index()] + " where " +
                     kKindNames[wanted] + " is needed");
    }
  }
  return OkStatus();
}

}  // namespace peel::engine

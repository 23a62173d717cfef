#pragma once

#include <span>
#include <string_view>

namespace peel::library {

// A common word for all classes of ImageNet from `first` to `last`, which lie together in its
// order; the names as ReadableLabels gives them.
struct SceneKind {
  std::string_view word, first, last;
};
std::span<const SceneKind> SceneKinds();

// Another word for one of COCO's classes, or one for a kind of them.
struct ObjectKind {
  std::string_view word, label;
};
std::span<const ObjectKind> ObjectKinds();

}  // namespace peel::library

#pragma once

#include "src/base/status.h"
#include "src/engine/graph/graph.h"

namespace peel::engine {

// kCorrupt, naming the attribute, where one that the standard defines has another kind than there
// (a number where a list belongs). Attributes of unknown names are let through.
Status CheckAttributeKinds(const Node& node);

}  // namespace peel::engine

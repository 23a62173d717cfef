#pragma once

#include <string>

#include "src/engine/graph/graph.h"

namespace peel::engine {

// What messages say of a model's inputs and outputs.

// The shape that the file declares: "1x3xheightx?", "scalar".
std::string DeclaredShape(const Port& port);

// "'image' float32 1x3xheightx?".
std::string PortText(const Port& port);

// Whether a tensor of this shape is one that the file declares; a symbolic extent takes any number.
bool ShapeFits(const Port& port, const Shape& shape);

}  // namespace peel::engine

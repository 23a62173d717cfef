#include "src/engine/graph/port.h"

namespace peel::engine {

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

bool ShapeFits(const Port& port, const Shape& shape) {
  if (!port.has_shape) return true;
  if (port.shape.size() != shape.size()) return false;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (port.shape[i] >= 0 && port.shape[i] != shape[i]) return false;
  }
  return true;
}

}  // namespace peel::engine

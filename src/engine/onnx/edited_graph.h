#pragma once

#include <map>
#include <protozero/data_view.hpp>
#include <set>
#include <string>
#include <vector>

namespace peel::engine {

// A node of the file, or one that an edit puts in.
struct EditedNode {
  protozero::data_view source;  // empty for a new one
  std::string message;          // what is written; empty: source as it is
  std::vector<std::string> inputs, outputs;
  bool removed = false;
};

// A constant of the graph, likewise.
struct Initialiser {
  protozero::data_view source;
  std::string name, message;  // message as above
  bool removed = false;
};

// A GraphProto while it is edited: views of the file for what stays as it is, new messages for the
// rest. Both functions throw protozero's exceptions where the wire format is broken.
struct EditedGraph {
  std::vector<EditedNode> nodes;  // in the order of execution
  std::vector<Initialiser> initialisers;
  std::set<std::string> outputs;
  std::map<std::string, int> uses_before;  // how many operands read a value in the file

  // Removes what was read before the edits and is not any more, from the end on so that whole
  // chains go. Returns the file's values that are gone.
  std::set<std::string> Prune();
  // The GraphProto: nodes and constants from here, all other fields from the file's, `source`,
  // without the declarations of the values in `gone`.
  std::string Write(protozero::data_view source, const std::set<std::string>& gone) const;
};

}  // namespace peel::engine

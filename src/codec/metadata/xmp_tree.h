#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace peel::xmp {

// Where things lie in an XMP packet, as far as its properties can be taken out or moved one by one.
// Views point into the packet. Internal to src/codec.

struct Attribute {
  std::string_view name, value;
  std::string_view whole;  // with the blanks before it
};

// An element below rdf:Description, with all that is in it.
struct Property {
  std::string_view name;
  std::string_view whole;
};

struct Description {
  std::vector<Attribute> attributes;  // namespaces and rdf:about among them
  std::vector<Property> properties;
};

struct Tree {
  // Those of what lies around the descriptions: rdf:RDF and, mostly, x:xmpmeta.
  std::vector<Attribute> outer;
  std::vector<Description> descriptions;
  std::string_view inside;  // what lies between <rdf:RDF …> and </rdf:RDF>
};

// Nothing where the packet is not well-formed as far as this looks, is declared to be more than
// elements and text, or has its descriptions elsewhere.
std::optional<Tree> Parse(std::string_view packet);

}  // namespace peel::xmp

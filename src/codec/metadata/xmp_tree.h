#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace peel::xmp {

// The parts of an XMP packet, as far as is needed to remove or move its properties one by one.
// Views point into the packet. Internal to src/codec.

// name="value" of an element.
struct Attribute {
  std::string_view name, value;
  std::string_view whole;  // with the blanks before it
};

// An element below rdf:Description, with all that is in it.
struct Property {
  std::string_view name;
  std::string_view whole;
};

// An rdf:Description: properties as attributes and as elements.
struct Description {
  std::vector<Attribute> attributes;  // namespaces and rdf:about among them
  std::vector<Property> properties;
};

// A whole packet.
struct Tree {
  // Attributes of the elements around the descriptions: rdf:RDF and, mostly, x:xmpmeta.
  std::vector<Attribute> outer;
  std::vector<Description> descriptions;
  std::string_view inside;  // everything between <rdf:RDF …> and </rdf:RDF>
};

// Nothing where the packet is not well-formed as far as this looks, is declared to be more than
// elements and text, or has its descriptions elsewhere.
std::optional<Tree> Parse(std::string_view packet);

}  // namespace peel::xmp

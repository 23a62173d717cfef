#pragma once

#include <string_view>

namespace peel {

// A model of the catalogue that can be downloaded, and how to tell that it is the one.
struct PublishedModel {
  std::string_view name;
  std::string_view url;     // https
  std::string_view md5;     // as its publisher says (rembg/sessions/*.py of danielgatis/rembg)
  std::string_view sha256;  // as several who pin the same file say; empty where there is none
};

// nullptr for those that Peel knows no place for.
const PublishedModel* FindPublished(std::string_view name);

}  // namespace peel

#pragma once

#include <cstdint>
#include <random>

#include "src/library/duplicates/pdq.h"

namespace peel::library {

inline PdqHash RandomHash(std::mt19937_64* random) {
  PdqHash hash;
  for (uint64_t& word : hash.words) word = (*random)();
  return hash;
}

}  // namespace peel::library

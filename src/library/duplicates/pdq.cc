#include "src/library/duplicates/pdq.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <numbers>

#include "src/library/duplicates/pdq_downsample.h"

namespace peel::library {
namespace {

constexpr size_t kFrequencies = 16;
constexpr size_t kSide = kPdqSide;
// Value [i][j] is that of the frequency i + 1 down and j + 1 across.
using Spectrum = std::array<std::array<float, kFrequencies>, kFrequencies>;
// Basis functions, the places of each side by side: [place][frequency].
using Basis = std::array<std::array<float, kFrequencies>, kSide>;

// The 16 lowest frequencies of a cosine transform over 64 places, without the constant one.
Basis WholeBasis() {
  Basis basis;
  const float scale = static_cast<float>(std::sqrt(2.0 / kSide));
  for (size_t i = 0; i < kFrequencies; ++i) {
    for (size_t k = 0; k < kSide; ++k) {
      basis[k][i] = static_cast<float>(
          scale * std::cos((std::numbers::pi / 2.0 / double{kSide}) * static_cast<double>(i + 1) *
                           static_cast<double>(2 * k + 1)));
    }
  }
  return basis;
}

// The same over the places from `begin` on, less kCropped of them all: 64 places there, each
// between two of the picture's.
constexpr double kCropped = 0.05;

Basis CroppedBasis(double begin) {
  const Basis whole = WholeBasis();
  Basis basis{};
  for (size_t k = 0; k < kSide; ++k) {
    const double place = std::clamp(
        begin * kSide + (static_cast<double>(k) + 0.5) * (1 - kCropped) - 0.5, 0.0, kSide - 1.0);
    const auto at = std::min(static_cast<size_t>(place), kSide - 2);
    const double rest = place - static_cast<double>(at);
    for (size_t i = 0; i < kFrequencies; ++i) {
      basis[at][i] += whole[k][i] * static_cast<float>(1 - rest);
      basis[at + 1][i] += whole[k][i] * static_cast<float>(rest);
    }
  }
  return basis;
}

// rows: places down; columns: across. Sums run as the reference's do, place after place.
using HalfTransformed = std::array<std::array<float, kSide>, kFrequencies>;

HalfTransformed TransformColumns(const PdqPixels& pixels, const Basis& down) {
  HalfTransformed half{};
  for (size_t i = 0; i < kFrequencies; ++i) {
    for (size_t k = 0; k < kSide; ++k) {
      const float factor = down[k][i];
      for (size_t j = 0; j < kSide; ++j) half[i][j] += factor * pixels[k][j];
    }
  }
  return half;
}

Spectrum TransformRows(const HalfTransformed& half, const Basis& across) {
  Spectrum spectrum{};
  for (size_t i = 0; i < kFrequencies; ++i) {
    for (size_t k = 0; k < kSide; ++k) {
      const float value = half[i][k];
      for (size_t j = 0; j < kFrequencies; ++j) spectrum[i][j] += value * across[k][j];
    }
  }
  return spectrum;
}

// A bit for every value above the median, the 128th of 256 from below.
PdqHash ToBits(const Spectrum& spectrum) {
  constexpr size_t kValues = kFrequencies * kFrequencies;
  std::array<float, kValues> sorted;
  for (size_t i = 0; i < kValues; ++i) {
    sorted[i] = spectrum[i / kFrequencies][i % kFrequencies];
  }
  std::nth_element(sorted.begin(), sorted.begin() + kValues / 2 - 1, sorted.end());
  const float median = sorted[kValues / 2 - 1];
  PdqHash hash;
  for (size_t i = 0; i < kValues; ++i) {
    if (spectrum[i / kFrequencies][i % kFrequencies] > median) {
      hash.words[i / 64] |= uint64_t{1} << (i % 64);
    }
  }
  return hash;
}

// What turning and mirroring a picture does to its frequencies: they change places at the diagonal,
// and the odd functions (1, 3 …, at even indices) their sign.
struct Turn {
  bool transposed;
  bool odd_down;    // signs change with the frequency down (of the picture before)
  bool odd_across;  // … across
};
constexpr std::array<Turn, 8> kTurns = {
    {{.transposed = false, .odd_down = false, .odd_across = false},
     {.transposed = true, .odd_down = false, .odd_across = true},
     {.transposed = false, .odd_down = true, .odd_across = true},
     {.transposed = true, .odd_down = true, .odd_across = false},
     {.transposed = false, .odd_down = true, .odd_across = false},
     {.transposed = false, .odd_down = false, .odd_across = true},
     {.transposed = true, .odd_down = false, .odd_across = false},
     {.transposed = true, .odd_down = true, .odd_across = true}}};

Spectrum Turned(const Spectrum& spectrum, const Turn& turn) {
  Spectrum turned;
  for (size_t i = 0; i < kFrequencies; ++i) {
    for (size_t j = 0; j < kFrequencies; ++j) {
      const bool negative = (turn.odd_down && i % 2 == 0) != (turn.odd_across && j % 2 == 0);
      const float value = negative ? -spectrum[i][j] : spectrum[i][j];
      (turn.transposed ? turned[j][i] : turned[i][j]) = value;
    }
  }
  return turned;
}

int Quality(const PdqPixels& pixels) {
  const auto step = [](float a, float b) {
    return std::abs(static_cast<int>(((a - b) * 100) / 255));
  };
  int sum = 0;
  for (size_t i = 0; i < kSide; ++i) {
    for (size_t j = 0; j < kSide; ++j) {
      if (i + 1 < kSide) sum += step(pixels[i][j], pixels[i + 1][j]);
      if (j + 1 < kSide) sum += step(pixels[i][j], pixels[i][j + 1]);
    }
  }
  return std::min(sum / 90, 100);
}

struct Bases {
  // The whole axis, and the axis less a twentieth: at its end, half at each, at its beginning.
  std::array<Basis, 4> of = {WholeBasis(), CroppedBasis(0), CroppedBasis(kCropped / 2),
                             CroppedBasis(kCropped)};
};

}  // namespace

std::string PdqHash::Hex() const {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(64);
  for (size_t word = 4; word-- > 0;) {
    for (int shift = 60; shift >= 0; shift -= 4) {
      text.push_back(kDigits[words[word] >> shift & 15]);
    }
  }
  return text;
}

Result<PdqHash> ParsePdqHash(std::string_view hex) {
  if (hex.size() != 64) {
    return InvalidArgument("a PDQ hash has 64 hexadecimal digits, not " +
                           std::to_string(hex.size()));
  }
  PdqHash hash;
  for (size_t i = 0; i < hex.size(); ++i) {
    const char c = hex[i];
    int digit = 0;
    if (c >= '0' && c <= '9') {
      digit = c - '0';
    } else if (c >= 'a' && c <= 'f') {
      digit = c - 'a' + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = c - 'A' + 10;
    } else {
      return InvalidArgument("a PDQ hash has hexadecimal digits alone; character " +
                             std::to_string(i + 1) + " is none");
    }
    hash.words[3 - i / 16] |= static_cast<uint64_t>(digit) << (60 - 4 * (i % 16));
  }
  return hash;
}

int HammingDistance(const PdqHash& a, const PdqHash& b) {
  int distance = 0;
  for (size_t i = 0; i < a.words.size(); ++i) distance += std::popcount(a.words[i] ^ b.words[i]);
  return distance;
}

Result<PdqHashes> ComputePdq(const ImageView<const uint8_t>& picture) {
  PdqHashes hashes;
  if (picture.width < kLeastPdqSide || picture.height < kLeastPdqSide) return hashes;
  static const Bases kBases;
  PEEL_ASSIGN_OR_RETURN(const PdqPixels pixels, PdqDownsample(picture));
  hashes.quality = Quality(pixels);
  size_t crop = 0;
  for (size_t down = 0; down < kBases.of.size(); ++down) {
    const HalfTransformed half = TransformColumns(pixels, kBases.of[down]);
    for (size_t across = 0; across < kBases.of.size(); ++across) {
      const Spectrum spectrum = TransformRows(half, kBases.of[across]);
      if (down == 0 && across == 0) {
        for (size_t i = 0; i < kTurns.size(); ++i) {
          hashes.orientations[i] = ToBits(Turned(spectrum, kTurns[i]));
        }
      } else {
        hashes.crops[crop++] = ToBits(spectrum);
      }
    }
  }
  return hashes;
}

}  // namespace peel::library

// Measures pictures as `peel scan` does, one line of JSON each: what bench/scan/*.py calibrate and
// test with. Paths on the standard input, one a line; the argument is the shorter side that a JPEG
// is decoded to at least (0, as without: its full size).
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/codec/decode.h"
#include "src/image/colour.h"
#include "src/library/duplicates/pdq.h"
#include "src/library/quality/picture_quality.h"
#include "src/library/quality/tiles.h"

namespace peel {
namespace {

using Clock = std::chrono::steady_clock;

double Since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

Result<ImageU8> ReadRgb(const std::string& path, int side) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
  DecodeOptions options;
  options.min_width = options.min_height = side;
  options.reduce_to_8_bits = true;
  PEEL_ASSIGN_OR_RETURN(
      Picture picture,
      Decode({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, options));
  return ToRgb(picture.u8()->view());
}

nlohmann::json TilesOf(const ImageU8& luma) {
  nlohmann::json tiles = nlohmann::json::array();
  for (const library::Tile& tile : library::MeasureTiles(luma.view())) {
    nlohmann::json numbers = tile.near;
    for (const double far : tile.far) numbers.push_back(far);
    numbers.push_back(tile.laplacian);
    numbers.push_back(tile.pixels);
    tiles.push_back(std::move(numbers));
  }
  return tiles;
}

Result<nlohmann::json> Measure(const std::string& path, int side, bool with_tiles) {
  const auto start = Clock::now();
  PEEL_ASSIGN_OR_RETURN(const ImageU8 picture, ReadRgb(path, side));
  const double decoded = Since(start);
  PEEL_ASSIGN_OR_RETURN(const library::PdqHashes hashes, library::ComputePdq(picture.view()));
  const double hashed = Since(start);
  PEEL_ASSIGN_OR_RETURN(const library::PictureQuality quality,
                        library::MeasureQuality(picture.view()));
  const double measured = Since(start);
  nlohmann::json line = {{"path", path},
                         {"width", picture.width()},
                         {"height", picture.height()},
                         {"decode_ms", decoded},
                         {"pdq_ms", hashed - decoded},
                         {"quality_ms", measured - hashed},
                         {"pdq_quality", hashes.quality},
                         {"sharpness", quality.sharpness},
                         {"exposure", quality.exposure},
                         {"contrast", quality.contrast},
                         {"noise", quality.noise},
                         {"colorfulness", quality.colorfulness},
                         {"quality", quality.quality},
                         {"colours", nlohmann::json::array()},
                         {"orientations", nlohmann::json::array()},
                         {"crops", nlohmann::json::array()}};
  for (const auto& colour : quality.dominant_colours) {
    line["colours"].push_back({{"rgb", colour.rgb}, {"share", colour.share}});
  }
  for (const auto& hash : hashes.orientations) line["orientations"].push_back(hash.Hex());
  for (const auto& hash : hashes.crops) line["crops"].push_back(hash.Hex());
  if (with_tiles) {
    PEEL_ASSIGN_OR_RETURN(const ImageU8 luma, Luma(picture.view()));
    line["tiles"] = TilesOf(luma);
  }
  return line;
}

}  // namespace
}  // namespace peel

int main(int argc, char** argv) try {
  const int side = argc > 1 ? std::atoi(argv[1]) : 0;
  const bool with_tiles = argc > 2 && std::string(argv[2]) == "tiles";
  int failed = 0;
  for (std::string path; std::getline(std::cin, path);) {
    const auto line = peel::Measure(path, side, with_tiles);
    if (line.ok()) {
      std::puts(line->dump().c_str());
    } else {
      std::fprintf(stderr, "%s: %s\n", path.c_str(), line.status().message().c_str());
      ++failed;
    }
  }
  return failed == 0 ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}

#pragma once

#include <cstdint>
#include <span>

// Defined by models/scan/scan_models.S.
extern "C" {
extern const unsigned char peel_scan_objects_begin[];
extern const unsigned char peel_scan_objects_end[];
extern const unsigned char peel_scan_faces_begin[];
extern const unsigned char peel_scan_faces_end[];
extern const unsigned char peel_scan_scenes_begin[];
extern const unsigned char peel_scan_scenes_end[];
}

namespace peel::library {

// The ONNX files of the networks that the program carries in itself (models/scan/CARD.md); they
// live as long as the process and start at multiples of 64 bytes.
inline std::span<const uint8_t> EmbeddedObjects() {
  return {peel_scan_objects_begin, peel_scan_objects_end};
}
inline std::span<const uint8_t> EmbeddedFaces() {
  return {peel_scan_faces_begin, peel_scan_faces_end};
}
inline std::span<const uint8_t> EmbeddedScenes() {
  return {peel_scan_scenes_begin, peel_scan_scenes_end};
}

}  // namespace peel::library

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "src/base/sentences.h"
#include "src/codec/resolution.h"
#include "src/codec/sniff.h"
#include "src/image/image.h"

namespace peel {

// What travels beside the pixels. Empty where there is none.
struct Metadata {
  std::vector<uint8_t> icc;  // a whole ICC profile
  std::vector<uint8_t>
      exif;  // a TIFF structure from its "II*\0" or "MM\0*"; no "Exif\0\0" before it
  std::vector<uint8_t> xmp;  // an XML packet
  // IPTC-IIM records as they stand, from the first 0x1C; no Photoshop resource around them.
  std::vector<uint8_t> iptc;
  Resolution resolution;  // across and down as the pixels lie in the picture
};

// A decoded picture. The pixels are always RGB or RGBA (straight alpha): grey, palettes, CMYK and
// YCCK have been expanded. 16-bit samples are in the machine's byte order, 0 to 65535.
struct Picture {
  std::variant<ImageU8, ImageU16> pixels;
  bool has_alpha = false;  // then 4 channels, else 3

  Format format = Format::kUnknown;  // of the file
  // As the file holds it, before scaling and orientation.
  int stored_width = 0;
  int stored_height = 0;
  // EXIF orientation found in the file, 1 to 8 (1 where there is none), and whether the pixels have
  // already been turned by it.
  int orientation = 1;
  bool orientation_applied = true;
  bool was_grey = false;
  bool was_cmyk = false;
  int frames = 1;  // the first one is decoded
  // Of a frame of an animation (codec/frames.h): how long it is shown, and how often all frames
  // are, 0 for ever.
  uint32_t delay_us = 0;
  uint32_t plays = 1;

  // The lens's focal length in the picture's own pixels, as its EXIF has it; 0: not known.
  double focal_px = 0;

  // As found, save that the profile describes RGB pixels (codec/metadata.h, AdoptMetadata). Before
  // writing, pass it through MetadataForOutput.
  Metadata metadata;
  // Damage that did not keep the picture from being decoded, and what was found and not used;
  // sentences for the user, or empty.
  std::string warning;
  void AddWarning(std::string_view text) { AddSentence(text, &warning); }

  bool is_16_bit() const { return std::holds_alternative<ImageU16>(pixels); }
  ImageU8* u8() { return std::get_if<ImageU8>(&pixels); }
  const ImageU8* u8() const { return std::get_if<ImageU8>(&pixels); }
  ImageU16* u16() { return std::get_if<ImageU16>(&pixels); }
  const ImageU16* u16() const { return std::get_if<ImageU16>(&pixels); }
  int width() const {
    return std::visit([](const auto& image) { return image.width(); }, pixels);
  }
  int height() const {
    return std::visit([](const auto& image) { return image.height(); }, pixels);
  }
};

// What a header says.
struct PictureInfo {
  Format format = Format::kUnknown;
  int width = 0;  // as stored; orientation 5 to 8 swap width and height for display
  int height = 0;
  int channels = 0;  // as stored: 1 grey or palette index, 2 grey and alpha, 3, 4 RGBA or CMYK
  int bits = 8;      // of a sample
  bool has_alpha = false;
  bool is_cmyk = false;
  bool is_palette = false;
  int orientation = 1;
  int frames = 1;
};

}  // namespace peel

#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "src/base/status.h"
#include "src/codec/jpeg/jpeg_error.h"

namespace peel {

// libjpeg's decompressor over bytes in memory, each step with its errors caught. The bytes must
// outlive it. Steps in this order: ReadHeader, Start, ReadRows until all are read, Finish.
class JpegReader {
 public:
  explicit JpegReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  ~JpegReader();
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  // APP1 segments, and with keep_metadata APP2 and APP13, are kept in cinfo().marker_list.
  Status ReadHeader(bool keep_metadata);
  // denominator 1, 2, 4 or 8; the output is RGB, or CMYK where the file has four components.
  Status Start(int denominator);
  // The next `count` rows of cinfo().output_width pixels each.
  Status ReadRows(uint8_t** rows, int count);
  // kCorrupt when the file ended before its picture did.
  Status Finish();

  const jpeg_decompress_struct& cinfo() const { return cinfo_; }
  // After Finish: damage in the picture's data that was worked around, or parts of it that the file
  // does not have although it ends as it should; a sentence for the user, or empty.
  std::string Doubts() const;

 private:
  friend struct JpegSource;
  Status Failure();
  Status Truncated(int row) const;
  int MissingComponents() const;
  bool MissesScans() const;

  std::span<const uint8_t> bytes_;
  jpeg_decompress_struct cinfo_ = {};
  JpegErrors errors_ = {};
  jpeg_source_mgr source_ = {};
  jpeg_progress_mgr progress_ = {};
  bool created_ = false;
  bool several_scans_ = false;
  uint32_t seen_ = 0;     // components that a scan has begun for, a bit each; several scans only
  bool ran_out_ = false;  // the bytes ended before the end marker
};

}  // namespace peel

#include "src/codec/jpeg/jpeg_reader.h"

#include <jerror.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "src/base/block_cache.h"

namespace peel {

// Each scan of a progressive file costs a pass over the whole picture, and a scan can be a few
// bytes long: without a limit, a small file keeps a processor busy for hours. Encoders write 10 or
// so.
constexpr int kMaxScans = 500;

// The callbacks find their reader through client_data.
struct JpegSource {
  static JpegReader* Of(j_decompress_ptr cinfo) {
    return static_cast<JpegReader*>(cinfo->client_data);
  }
  static void Nothing(j_decompress_ptr) {}

  // Out of bytes: an end marker is made up, as libjpeg wants it, and remembered.
  static boolean Fill(j_decompress_ptr cinfo) {
    static constexpr JOCTET kEnd[] = {0xFF, JPEG_EOI};
    Of(cinfo)->ran_out_ = true;
    cinfo->src->next_input_byte = kEnd;
    cinfo->src->bytes_in_buffer = sizeof(kEnd);
    return TRUE;
  }

  static void Skip(j_decompress_ptr cinfo, long count) {
    if (count <= 0) return;
    const size_t step = std::min(static_cast<size_t>(count), cinfo->src->bytes_in_buffer);
    cinfo->src->next_input_byte += step;
    cinfo->src->bytes_in_buffer -= step;
    if (step < static_cast<size_t>(count)) Fill(cinfo);
  }

  static void Progress(j_common_ptr cinfo) {
    auto* decoder = reinterpret_cast<j_decompress_ptr>(cinfo);
    if (decoder->input_scan_number > kMaxScans) ERREXIT(cinfo, JERR_BAD_PROGRESSION);
    // Called before each row of blocks that is read, so at least once in every scan.
    for (int i = 0; i < decoder->comps_in_scan && i < MAX_COMPS_IN_SCAN; ++i) {
      if (decoder->cur_comp_info[i] == nullptr) continue;
      Of(decoder)->seen_ |= 1u << (decoder->cur_comp_info[i]->component_index & 31);
    }
  }
};

JpegReader::~JpegReader() {
  if (created_) jpeg_destroy_decompress(&cinfo_);
}

Status JpegReader::Failure() {
  if (ran_out_) {
    return Corrupt("the JPEG is truncated: after " + std::to_string(bytes_.size()) +
                   " bytes it ends before its picture begins");
  }
  if (cinfo_.input_scan_number > kMaxScans) {
    return LimitExceeded("the progressive JPEG has more than " + std::to_string(kMaxScans) +
                         " scans; no camera or program writes that");
  }
  return errors_.ToStatus(reinterpret_cast<j_common_ptr>(&cinfo_));
}

Status JpegReader::Truncated(int row) const {
  if (cinfo_.progressive_mode || cinfo_.comps_in_scan < cinfo_.num_components) {
    return Corrupt("the JPEG is truncated: it ends after " + std::to_string(bytes_.size()) +
                   " bytes with only a part of its picture; get the whole file and try again");
  }
  return Corrupt("the JPEG is truncated: it ends after " + std::to_string(bytes_.size()) +
                 " bytes, at row " + std::to_string(row) + " of " +
                 std::to_string(cinfo_.output_height) + "; get the whole file and try again");
}

Status JpegReader::ReadHeader(bool keep_metadata) {
  cinfo_.err = errors_.Install();
  if (setjmp(errors_.jump)) return Failure();
  jpeg_create_decompress(&cinfo_);
  created_ = true;
  cinfo_.client_data = this;
  source_.next_input_byte = bytes_.data();
  source_.bytes_in_buffer = bytes_.size();
  source_.init_source = JpegSource::Nothing;
  source_.fill_input_buffer = JpegSource::Fill;
  source_.skip_input_data = JpegSource::Skip;
  source_.resync_to_restart = jpeg_resync_to_restart;
  source_.term_source = JpegSource::Nothing;
  cinfo_.src = &source_;
  progress_.progress_monitor = JpegSource::Progress;
  cinfo_.progress = &progress_;
  if (keep_metadata) {
    jpeg_save_markers(&cinfo_, JPEG_APP0 + 2, 0xFFFF);
    jpeg_save_markers(&cinfo_, JPEG_APP0 + 13, 0xFFFF);
  }
  jpeg_save_markers(&cinfo_, JPEG_APP0 + 1, 0xFFFF);  // also holds the orientation
  jpeg_read_header(&cinfo_, TRUE);
  return OkStatus();
}

Status JpegReader::Start(int denominator) {
  if (setjmp(errors_.jump)) return Failure();
  cinfo_.out_color_space = cinfo_.num_components == 4 ? JCS_CMYK : JCS_RGB;
  cinfo_.scale_num = 1;
  cinfo_.scale_denom = static_cast<unsigned>(denominator);
  cinfo_.dct_method = JDCT_ISLOW;
  cinfo_.do_fancy_upsampling = TRUE;
  several_scans_ = jpeg_has_multiple_scans(&cinfo_) != 0;
  if (several_scans_) {  // then the decoder keeps all coefficients
    BlockCache::Process().MakeRoom(size_t{6} * cinfo_.image_width * cinfo_.image_height);
  }
  errors_.warnings = 0;  // oddities of the header harm no pixel
  jpeg_start_decompress(&cinfo_);
  return OkStatus();
}

Status JpegReader::ReadRows(uint8_t** rows, int count) {
  if (setjmp(errors_.jump)) return Failure();
  int done = 0;
  while (done < count) {
    done += static_cast<int>(
        jpeg_read_scanlines(&cinfo_, rows + done, static_cast<JDIMENSION>(count - done)));
    // Once the bytes have run out the rest would be grey: there is no use in making it.
    if (ran_out_ && errors_.hit_marker && !cinfo_.progressive_mode) {
      return Truncated(errors_.hit_marker_row);
    }
  }
  return OkStatus();
}

int JpegReader::MissingComponents() const {
  // Of one scan alone all come together.
  if (!several_scans_) return 0;
  int missing = 0;
  for (int c = 0; c < cinfo_.num_components; ++c) missing += (seen_ >> c & 1) == 0;
  return missing;
}

bool JpegReader::MissesScans() const {
  if (!cinfo_.progressive_mode || cinfo_.coef_bits == nullptr) return false;
  for (int c = 0; c < cinfo_.num_components; ++c) {
    const int* bits = cinfo_.coef_bits[c];
    // -1: never; above 0: bits of it that have not come.
    if (std::any_of(bits, bits + DCTSIZE2, [](int left) { return left != 0; })) return true;
  }
  return false;
}

Status JpegReader::Finish() {
  if (!ran_out_) return OkStatus();
  if (const int missing = MissingComponents(); missing > 0) {
    return Corrupt("the JPEG is truncated: it ends after " + std::to_string(bytes_.size()) +
                   " bytes, before " + std::to_string(missing) + " of its " +
                   std::to_string(cinfo_.num_components) +
                   " components have come; get the whole file and try again");
  }
  // A missing end marker alone is forgiven: all rows are there.
  if (errors_.hit_marker || cinfo_.arith_code) return Truncated(errors_.hit_marker_row);
  if (MissesScans()) return Truncated(0);
  return OkStatus();
}

std::string JpegReader::Doubts() const {
  if (const int missing = MissingComponents(); missing > 0) {
    return "the JPEG is damaged: " + std::to_string(missing) + " of its " +
           std::to_string(cinfo_.num_components) +
           " components never came; its colours or its brightness are not right";
  }
  if (errors_.warnings > 0) {
    return "the JPEG's picture data is damaged; parts of the picture may look wrong";
  }
  if (MissesScans()) {
    return "the JPEG is damaged: some of its scans never came; the picture is less sharp than it "
           "was";
  }
  return "";
}

}  // namespace peel

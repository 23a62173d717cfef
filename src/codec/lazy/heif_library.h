#pragma once

#include <libheif/heif.h>

#include "src/base/status.h"
#include "src/codec/lazy/lazy_library.h"

namespace peel {

// clang-format off
#define PEEL_HEIF_FUNCTIONS(F) \
  F(heif_context_alloc) \
  F(heif_context_free) \
  F(heif_context_get_image_handle) \
  F(heif_context_get_list_of_top_level_image_IDs) \
  F(heif_context_get_number_of_top_level_images) \
  F(heif_context_get_primary_image_ID) \
  F(heif_context_read_from_memory_without_copy) \
  F(heif_context_set_max_decoding_threads) \
  F(heif_context_set_maximum_image_size_limit) \
  F(heif_decode_image) \
  F(heif_decoding_options_alloc) \
  F(heif_decoding_options_free) \
  F(heif_get_version) \
  F(heif_image_get_bits_per_pixel_range) \
  F(heif_image_get_height) \
  F(heif_image_get_nclx_color_profile) \
  F(heif_image_get_plane_readonly) \
  F(heif_image_get_width) \
  F(heif_image_handle_get_height) \
  F(heif_image_handle_get_list_of_metadata_block_IDs) \
  F(heif_image_handle_get_luma_bits_per_pixel) \
  F(heif_image_handle_get_metadata) \
  F(heif_image_handle_get_metadata_content_type) \
  F(heif_image_handle_get_metadata_size) \
  F(heif_image_handle_get_metadata_type) \
  F(heif_image_handle_get_nclx_color_profile) \
  F(heif_image_handle_get_number_of_metadata_blocks) \
  F(heif_image_handle_get_raw_color_profile) \
  F(heif_image_handle_get_raw_color_profile_size) \
  F(heif_image_handle_get_width) \
  F(heif_image_handle_has_alpha_channel) \
  F(heif_image_handle_is_premultiplied_alpha) \
  F(heif_image_handle_release) \
  F(heif_image_release) \
  F(heif_nclx_color_profile_free)
// clang-format on

// libheif's functions, by their own names.
struct HeifLibrary {
  PEEL_HEIF_FUNCTIONS(PEEL_LAZY_MEMBER)
};

// libheif, opened at the first call.
Result<const HeifLibrary*> OpenHeifLibrary();

}  // namespace peel

/* What programs that were built against an older header rely on: members stay where they are, new
 * ones come behind. Included by a test in C and by one in C++; of 64-bit machines. */
#pragma once

#include <assert.h>
#include <peel/peel.h>
#include <stddef.h>

#define PEEL_AT(type, member, offset) \
  static_assert(offsetof(type, member) == (offset), #type "." #member " has moved")
#define PEEL_SIZE(type, size) static_assert(sizeof(type) == (size), #type " has another size")

#if UINTPTR_MAX == UINT64_MAX
PEEL_AT(peel_engine_options, size, 0);
PEEL_AT(peel_engine_options, model, 8);
PEEL_AT(peel_engine_options, threads, 16);
PEEL_AT(peel_engine_options, device, 20);
PEEL_AT(peel_engine_options, precision, 24);
PEEL_AT(peel_engine_options, strict, 28);
PEEL_AT(peel_engine_options, family, 32);
PEEL_AT(peel_engine_options, backend, 40);
PEEL_AT(peel_engine_options, runtime_options, 48);
PEEL_AT(peel_engine_options, runtime_folders, 56);
PEEL_AT(peel_engine_options, model_data, 64);
PEEL_AT(peel_engine_options, model_size, 72);
PEEL_AT(peel_engine_options, jobs, 80);
PEEL_AT(peel_engine_options, memory_limit, 88);
PEEL_AT(peel_engine_options, executor, 96);
/* No padding at the end: a member put there later could not be told from one that is not there. */
PEEL_SIZE(peel_engine_options, 104);

PEEL_AT(peel_executor, size, 0);
PEEL_AT(peel_executor, max_concurrency, 8);
PEEL_AT(peel_executor, run, 16);
PEEL_AT(peel_executor, opaque, 24);
PEEL_SIZE(peel_executor, 32);

PEEL_AT(peel_cut_options, size, 0);
PEEL_AT(peel_cut_options, format, 8);
PEEL_AT(peel_cut_options, quality, 12);
PEEL_AT(peel_cut_options, lossless, 16);
PEEL_AT(peel_cut_options, mask_only, 20);
PEEL_AT(peel_cut_options, background, 24);
PEEL_AT(peel_cut_options, edges, 32);
PEEL_AT(peel_cut_options, compat_rembg, 36);
PEEL_AT(peel_cut_options, crop_margin, 40);
PEEL_AT(peel_cut_options, max_size, 44);
PEEL_AT(peel_cut_options, max_pixels, 48);
PEEL_AT(peel_cut_options, drop_metadata, 56);
PEEL_AT(peel_cut_options, cancel, 64);
PEEL_AT(peel_cut_options, work_size, 72);
PEEL_AT(peel_cut_options, post_process_mask, 76);
PEEL_AT(peel_cut_options, putalpha, 80);
PEEL_AT(peel_cut_options, decontaminate, 84);
PEEL_AT(peel_cut_options, alpha_matting, 88);
PEEL_AT(peel_cut_options, alpha_matting_foreground_threshold, 92);
PEEL_AT(peel_cut_options, alpha_matting_background_threshold, 96);
PEEL_AT(peel_cut_options, alpha_matting_erode_size, 100);
PEEL_AT(peel_cut_options, progress, 104);
PEEL_AT(peel_cut_options, progress_data, 112);
PEEL_AT(peel_cut_options, trimap, 120);
PEEL_AT(peel_cut_options, hints, 128);
PEEL_AT(peel_cut_options, rectify, 136);
PEEL_SIZE(peel_cut_options, 144);

PEEL_AT(peel_rectify_options, size, 0);
PEEL_AT(peel_rectify_options, kind, 8);
PEEL_AT(peel_rectify_options, corners, 16);
PEEL_AT(peel_rectify_options, focal_px, 24);
PEEL_AT(peel_rectify_options, ratio, 32);
PEEL_AT(peel_rectify_options, width, 40);
PEEL_AT(peel_rectify_options, height, 44);
PEEL_AT(peel_rectify_options, dpi, 48);
PEEL_AT(peel_rectify_options, enhance, 56);
PEEL_AT(peel_rectify_options, turn, 60);
PEEL_AT(peel_rectify_options, margin, 64);
PEEL_AT(peel_rectify_options, cutout, 72);
PEEL_AT(peel_rectify_options, filter, 76);
PEEL_AT(peel_rectify_options, all, 80);
PEEL_AT(peel_rectify_options, draw, 84);
PEEL_SIZE(peel_rectify_options, 88);

PEEL_AT(peel_video_options, size, 0);
PEEL_AT(peel_video_options, format, 8);
PEEL_AT(peel_video_options, codec, 16);
PEEL_AT(peel_video_options, quality, 24);
PEEL_AT(peel_video_options, content, 28);
PEEL_AT(peel_video_options, background, 32);
PEEL_AT(peel_video_options, steady, 40);
PEEL_AT(peel_video_options, edges, 44);
PEEL_AT(peel_video_options, max_size, 48);
PEEL_AT(peel_video_options, from, 56);
PEEL_AT(peel_video_options, to, 64);
PEEL_AT(peel_video_options, fps, 72);
PEEL_AT(peel_video_options, no_audio, 80);
PEEL_AT(peel_video_options, tone_map, 84);
PEEL_AT(peel_video_options, memory_limit, 88);
PEEL_AT(peel_video_options, cancel, 96);
PEEL_AT(peel_video_options, progress, 104);
PEEL_AT(peel_video_options, progress_data, 112);
PEEL_SIZE(peel_video_options, 120);

PEEL_AT(peel_pixels, data, 0);
PEEL_AT(peel_pixels, width, 8);
PEEL_AT(peel_pixels, height, 12);
PEEL_AT(peel_pixels, channels, 16);
PEEL_AT(peel_pixels, stride, 24);
PEEL_SIZE(peel_pixels, 32);
#endif

/* Peel's C interface: removes the background from images.
 *
 *   peel_engine* engine = peel_engine_create(NULL);
 *   if (peel_engine_status(engine) != PEEL_OK) puts(peel_engine_error(engine));
 *   peel_result* result = peel_cut(engine, jpeg, jpeg_size, NULL);
 *   if (peel_result_status(result) == PEEL_OK)
 *     fwrite(peel_result_data(result), 1, peel_result_size(result), file);
 *   peel_result_free(result);
 *   peel_engine_free(engine);
 *
 * Handles. Every function that does work returns a handle of its own, also when it fails: the
 * handle carries the status and a message for the user. NULL is returned only if there was no
 * memory for the handle itself, and every function accepts NULL: status functions then return
 * PEEL_OUT_OF_MEMORY, free functions do nothing. What a handle's functions point to lives as long
 * as the handle.
 *
 * Threads. One peel_engine may be used by any number of threads at the same time; only
 * peel_engine_free must wait until no call uses it. A peel_result belongs to the thread that uses
 * it. A peel_cancel may be set from any thread and from a signal handler.
 *
 * Global state. Engines share nothing that affects results. The process shares: the choice of
 * instruction set ($PEEL_CPU is read once, by the first call), up to 256 MiB of freed pixel memory
 * that is kept for reuse (peel_trim_memory), and ONNX Runtime and other libraries loaded at run
 * time, which stay loaded. Environment variables that are read: see docs/library.md.
 *
 * fork. A child has only the thread that forked, so engines created before must not be used or
 * freed there: create new ones (or exec). Results and options may be used and freed.
 *
 * Stability. Options begin with their own size, which the initialiser functions receive and set: a
 * program built against an older header keeps working with a newer library, with defaults for the
 * members it does not know. The reverse works too, as long as members that the older library does
 * not know keep their defaults, which are zero; if set, they are PEEL_INVALID_ARGUMENT, not
 * ignored. Enumerations only grow. Nothing throws across this interface and nothing is printed.
 */
#ifndef PEEL_PEEL_H_
#define PEEL_PEEL_H_

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#if defined(PEEL_BUILDING)
#define PEEL_API __declspec(dllexport)
#elif defined(PEEL_STATIC)
#define PEEL_API
#else
#define PEEL_API __declspec(dllimport)
#endif
#else
#define PEEL_API __attribute__((visibility("default")))
#endif

#define PEEL_VERSION_MAJOR 0
#define PEEL_VERSION_MINOR 1
#define PEEL_VERSION_PATCH 0
/* 100 for 0.1.0, 10203 for 1.2.3; for comparisons. */
#define PEEL_NUMERIC_VERSION \
  (PEEL_VERSION_MAJOR * 10000 + PEEL_VERSION_MINOR * 100 + PEEL_VERSION_PATCH)

#ifdef __cplusplus
extern "C" {
#endif

/* How a call ended; the handle's error text has the details. */
typedef enum peel_status {
  PEEL_OK = 0,
  PEEL_INVALID_ARGUMENT = 1, /* the request makes no sense */
  PEEL_NOT_FOUND = 2,        /* a file or model that does not exist */
  PEEL_IO_ERROR = 3,         /* reading failed */
  PEEL_CORRUPT = 4,          /* the bytes are not what their format says */
  PEEL_UNSUPPORTED = 5,      /* valid, but Peel cannot do it */
  PEEL_LIMIT = 6,            /* a limit (pixels, bytes) was exceeded */
  PEEL_OUT_OF_MEMORY = 7,
  PEEL_CANCELLED = 8,
  PEEL_DEVICE_REFUSED = 9, /* the device asked for cannot be used */
  PEEL_INTERNAL = 10       /* a bug in Peel */
} peel_status;

/* Of the encoded result. */
typedef enum peel_format {
  PEEL_PNG = 0,
  PEEL_JPEG = 1,
  PEEL_WEBP = 2,
  PEEL_TIFF = 3,
  PEEL_AVIF = 4
} peel_format;

/* How the matte, computed at the network's size, is brought to the picture's size. */
typedef enum peel_edges {
  PEEL_EDGES_AUTO = 0,   /* refine if the matte is enlarged */
  PEEL_EDGES_OFF = 1,    /* enlarge only */
  PEEL_EDGES_REFINE = 2, /* let edges follow those of the picture */
  PEEL_EDGES_MATTING = 3 /* closed-form matting around the edges: slower, keeps single hairs */
} peel_edges;

/* Where the network is computed. */
typedef enum peel_device {
  PEEL_DEVICE_AUTO = 0,
  PEEL_DEVICE_CPU = 1,
  /* Through ONNX Runtime, which is looked for at run time. A device that cannot be used falls back
   * (TensorRT to CUDA, everything to the CPU) with peel_engine_warning, or with strict is
   * PEEL_DEVICE_REFUSED. */
  PEEL_DEVICE_CUDA = 2,
  PEEL_DEVICE_TENSORRT = 3,
  PEEL_DEVICE_OPENVINO = 4
} peel_device;

/* What the network is computed in. */
typedef enum peel_precision {
  PEEL_PRECISION_AUTO = 0,
  PEEL_PRECISION_FP32 = 1,
  PEEL_PRECISION_BF16 = 2, /* these three if available; otherwise another, or */
  PEEL_PRECISION_INT8 = 3, /* with strict PEEL_UNSUPPORTED */
  PEEL_PRECISION_FP16 = 4
} peel_precision;

/* What is looked for in a picture that is to be straightened. */
typedef enum peel_quad_kind {
  PEEL_QUAD_AUTO = 0,
  PEEL_QUAD_DOCUMENT = 1, /* a sheet, a card, a book's page */
  PEEL_QUAD_PRODUCT = 2,  /* the front of a product */
  PEEL_QUAD_SCREEN = 3    /* a screen, a board, a painting */
} peel_quad_kind;

/* What a film that was cut out holds, where it has no background. */
typedef enum peel_video_content {
  PEEL_VIDEO_ALPHA = 0,       /* the colours, and an alpha channel */
  PEEL_VIDEO_MASK = 1,        /* the matte alone, as a grey film */
  PEEL_VIDEO_SIDE_BY_SIDE = 2 /* the colours left and the matte right, twice as wide */
} peel_video_content;

/* How the mattes of a film are smoothed in time. */
typedef enum peel_steady {
  PEEL_STEADY_AUTO = 0,  /* along the motion, where the matte is uncertain */
  PEEL_STEADY_OFF = 1,   /* each frame by itself */
  PEEL_STEADY_STRONG = 2 /* as AUTO, and more of it */
} peel_steady;

/* How a straightened page is made legible. */
typedef enum peel_enhance {
  PEEL_ENHANCE_NONE = 0,
  PEEL_ENHANCE_AUTO = 1,  /* COLOR for pages with writing, else NONE */
  PEEL_ENHANCE_COLOR = 2, /* light and shadow evened out, the colour cast removed */
  PEEL_ENHANCE_GRAY = 3,
  PEEL_ENHANCE_BW = 4 /* black and white alone */
} peel_enhance;

/* How a straightened picture is resampled. */
typedef enum peel_filter {
  PEEL_FILTER_BICUBIC = 0,
  PEEL_FILTER_BILINEAR = 1,
  PEEL_FILTER_LANCZOS = 2
} peel_filter;

typedef struct peel_engine peel_engine;         /* a loaded model */
typedef struct peel_result peel_result;         /* a file or pixels, and what is known of them */
typedef struct peel_cancel peel_cancel;         /* stops calls from outside */
typedef struct peel_model_list peel_model_list; /* the models known by name */
typedef struct peel_info peel_info;             /* what the header of a picture says */
typedef struct peel_video_info peel_video_info; /* what the headers of a film say */
typedef struct peel_video_result peel_video_result; /* what became of a film */
typedef struct peel_video_frames peel_video_frames; /* a film's frames with their mattes */

/* "0.1.0": of the library that is running, not of this header. */
PEEL_API const char* peel_version(void);
/* The same in the form of PEEL_NUMERIC_VERSION. */
PEEL_API int peel_version_number(void);
/* "no such file", "out of memory" …: a name for a status, never NULL. */
PEEL_API const char* peel_status_name(peel_status status);

/* ---- engine: a loaded model --------------------------------------------------------------------
 */

/* A host program's own threads, for an engine to compute on instead of starting any: the
 * counterpart of libjxl's JxlParallelRunner.
 *
 * run(opaque, count, body, context) calls body(context, i) once for every i from 0 to count - 1
 * and returns when all those calls have returned. They may be on any threads, the calling one among
 * them, in any order, at the same time or one after another; results are the same bytes whatever
 * it does. Pictures take hundreds of runs of some microseconds to milliseconds each: waking threads
 * should be cheap.
 *
 * run is called on the thread that calls Peel; where that is one of the executor's own, it must
 * not wait for itself. An engine has one run at a time; several engines that share an executor may
 * call run at the same time. body calls no run of its own engine and does not throw. Nor may run:
 * no exception, longjmp or thread cancellation may pass through either.
 *
 * The struct is copied by peel_engine_create; what opaque points to stays the caller's and must
 * live until peel_engine_free has returned. */
typedef struct peel_executor {
  size_t size;         /* sizeof(peel_executor) */
  int max_concurrency; /* calls of body at the same time at most, 1 to 1024; no count is larger */
  void (*run)(void* opaque, int count, void (*body)(void* context, int i), void* context);
  void* opaque; /* handed to run; may be NULL */
} peel_executor;

/* What is loaded, where it runs and how much of the machine it may take. */
typedef struct peel_engine_options {
  size_t size;       /* sizeof(peel_engine_options) */
  const char* model; /* a name, a path of an ONNX file, or NULL for the embedded model */
  int threads;       /* 0: all processors available to this process; see executor */
  peel_device device;
  peel_precision precision;
  int strict; /* nonzero: fail rather than fall back to another device or precision */
  /* The input and output format of a model file whose name and metadata do not declare it: "u2net",
   * "isnet", "isnet-anime", "bria", "birefnet", "cloth" or "modnet"; NULL: by name, metadata or
   * shape. */
  const char* family;
  /* "native", "onnxruntime"; NULL or "auto": native on the CPU wherever possible. */
  const char* backend;
  /* Options for ONNX Runtime, "KEY=VALUE,…" as for --ort of the program; NULL: its defaults and
   * $PEEL_ORT_OPTIONS. */
  const char* runtime_options;
  /* Folders of Python packages in which ONNX Runtime is looked for first, separated by ':'; NULL:
   * only the usual ones. */
  const char* runtime_folders;
  /* An ONNX file in memory instead of the one that model names; model may then give it a name, and
   * through that its family. Not copied: the bytes must remain valid until peel_engine_free.
   * External data are not looked for. NULL: none. */
  const void* model_data;
  size_t model_size; /* bytes */
  /* How many calls will run at the same time: together they keep to `threads` and share the
   * weights. 0: one. More calls than that work too, on more threads. */
  int jobs;
  /* The most bytes that the pictures in progress may take together, by an upper estimate from their
   * headers and sizes; the model comes on top. A call waits until there is memory; a picture that
   * needs more on its own is PEEL_LIMIT. 0: no limit. */
  uint64_t memory_limit;
  /* Whose threads the engine computes on; NULL: its own. With one, Peel starts no thread: `threads`
   * is then at most max_concurrency, which 0 stands for, and libraries that cannot be given an
   * executor work on the calling thread alone. libaom, which writes AVIF, starts one more all the
   * same, and ONNX Runtime what it needs. */
  const peel_executor* executor;
} peel_engine_options;

/* Sets the defaults; size is sizeof(peel_engine_options). */
PEEL_API void peel_engine_options_init(peel_engine_options* options, size_t size);

/* Loads a model; NULL options mean the defaults. Takes milliseconds with the embedded model. */
PEEL_API peel_engine* peel_engine_create(const peel_engine_options* options);
PEEL_API void peel_engine_free(peel_engine* engine);
PEEL_API peel_status peel_engine_status(const peel_engine* engine);
PEEL_API const char* peel_engine_error(const peel_engine* engine); /* "" if there is none */
/* A fall-back, or a PEEL_CPU that cannot be honoured; "" if there is none. */
PEEL_API const char* peel_engine_warning(const peel_engine* engine);
PEEL_API const char* peel_engine_model(const peel_engine* engine); /* "peel", "u2netp" … */
/* What actually runs: "cpu", "cuda" … */
PEEL_API const char* peel_engine_device(const peel_engine* engine);
/* What was asked for: "auto", "cuda" …, and why something else runs; "" if nothing else does. */
PEEL_API const char* peel_engine_device_asked(const peel_engine* engine);
PEEL_API const char* peel_engine_device_reason(const peel_engine* engine);
PEEL_API const char* peel_engine_backend(const peel_engine* engine);   /* "native" … */
PEEL_API const char* peel_engine_precision(const peel_engine* engine); /* "fp32" … */
/* The threads of one call, its own included; with jobs, calls share all but their own. */
PEEL_API int peel_engine_threads(const peel_engine* engine);

/* Returns memory that is kept for the next picture to the system: the engine's, the process's pixel
 * memory and what the C library keeps. Calls in progress are not disturbed; the next one takes some
 * milliseconds longer. engine NULL: only the process's. */
PEEL_API void peel_trim_memory(const peel_engine* engine);

/* ---- cancelling --------------------------------------------------------------------------------
 */

/* A token for `cancel` in the options of any number of calls. */
PEEL_API peel_cancel* peel_cancel_create(void);
/* Every call that was given this token stops after its current stage (decoding, network, …) and
 * returns PEEL_CANCELLED; so do later ones: a token is used once. */
PEEL_API void peel_cancel_set(peel_cancel* cancel);
PEEL_API void peel_cancel_free(peel_cancel* cancel); /* not before the calls have returned */

/* ---- cutting out -------------------------------------------------------------------------------
 */

/* Interleaved pixels, top row first, alpha straight. channels is 1 (grey), 3 (RGB) or 4 (RGBA),
 * with PEEL_BGR for the order blue, green, red (and alpha), and with PEEL_16_BIT for samples that
 * are uint16_t in the machine's byte order, 0 to 65535, at even addresses: "channels = 4 |
 * PEEL_BGR". */
enum { PEEL_BGR = 0x100, PEEL_16_BIT = 0x200 };

/* Pixels that are lent to a call, which only reads them. */
typedef struct peel_pixels {
  const uint8_t* data;
  int width, height, channels;
  size_t stride; /* bytes from row to row; 0: rows without padding */
} peel_pixels;

/* Called between the stages of a call, in its thread, with the next stage ("decode", "network",
 * "matte", "find", "warp", "enhance", "compose", "encode", finally "done") and roughly the share of
 * the work done, 0 to 1. A result other than 0 stops the call with PEEL_CANCELLED. Must not throw.
 */
typedef int (*peel_progress)(void* data, const char* stage, double fraction);

/* How the quad in a picture is found and seen from the front. */
typedef struct peel_rectify_options {
  size_t size; /* sizeof(peel_rectify_options) */
  peel_quad_kind kind;
  /* Where it is: x1, y1, …, x4, y4 in pixels of the upright picture, clockwise from the corner that
   * becomes the top left; corners may lie outside the picture. Nothing is looked for then, and
   * without a cut-out no model is needed. NULL: it is found. */
  const double* corners;
  double focal_px; /* of the lens, in pixels of the upright picture; 0: what its EXIF says */
  /* Width to height: "auto" (as it is seen, or a known one where that is certain), "free" (as it is
   * seen), "W:H", "a4", "letter", "id1"; NULL: auto. */
  const char* ratio;
  int width, height; /* of the result; 0: from the other one, or both as they are seen best */
  double dpi;        /* of the result, where the paper's size is known; 0: what comes of it */
  peel_enhance enhance;
  /* Degrees clockwise: 0, 90, 180, 270; -1 (default): as the text of a document that was found
   * reads. */
  int turn;
  /* How much is seen around the quad: "12" pixels, "2%" of the result's longer side; negative: so
   * much is cut off. NULL: none. */
  const char* margin;
  /* Nonzero: cut out as well. peel_cut takes it as set. */
  int cutout;
  peel_filter filter;
  int all;  /* nonzero: every sheet, in reading order: peel_result_next */
  int draw; /* nonzero: instead of all that the picture with its quads drawn on, of 8 bits */
} peel_rectify_options;

/* Sets the defaults; size is sizeof(peel_rectify_options). */
PEEL_API void peel_rectify_options_init(peel_rectify_options* options, size_t size);

/* How a picture is decoded, cut out, composed and encoded. */
typedef struct peel_cut_options {
  size_t size;            /* sizeof(peel_cut_options) */
  peel_format format;     /* of peel_cut's result; default PNG */
  int quality;            /* 1 to 100, only for JPEG, AVIF and lossy WebP; 0: 90, for AVIF 80 */
  int lossless;           /* nonzero: lossless WebP or AVIF; PNG and TIFF are anyway, JPEG never */
  int mask_only;          /* nonzero: only the matte, 8-bit grey; without a background */
  const char* background; /* CSS colour, "blur", "blur:RADIUS" or the path of a picture; NULL: none.
                             JPEG without one gets white. */
  peel_edges edges;
  int compat_rembg;    /* nonzero: rembg's pixels, defects included; not with edges REFINE */
  int crop_margin;     /* crop to the subject plus this many pixels; -1 (default): do not */
  int max_size;        /* largest longer side of the result; 0: as the input */
  uint64_t max_pixels; /* refuse larger inputs; 0: 250 million */
  int drop_metadata;   /* nonzero: keep no ICC profile, EXIF or XMP */
  peel_cancel* cancel; /* may be NULL */
  /* Compute the matte from the picture scaled down to this longer side, then bring it to full size
   * as `edges` says; the result keeps the picture's size. 0: from the whole picture. */
  int work_size;
  /* Steps of rembg's remove(): PEEL_INVALID_ARGUMENT without compat_rembg. */
  int post_process_mask;
  int putalpha;
  int decontaminate;
  /* Nonzero: the same as edges PEEL_EDGES_MATTING, with or without compat_rembg; edges must be
   * that or PEEL_EDGES_AUTO. */
  int alpha_matting;
  /* Where matting, requested either way, treats the matte as certain: subject above the first
   * value, background below the second, except this many pixels along the edges. */
  int alpha_matting_foreground_threshold; /* default 240 */
  int alpha_matting_background_threshold; /* default 10 */
  int alpha_matting_erode_size;           /* default 10 */
  peel_progress progress;                 /* may be NULL */
  void* progress_data;                    /* passed to it */
  /* Used instead of a model's matte: 1 channel of 8 bits of the upright picture's size, 0
   * background, 255 subject, in between (from a tenth to nine tenths) what matting has to decide.
   * Not with edges OFF or REFINE, work_size or compat_rembg; the thresholds and the model do not
   * matter. May be NULL. */
  const peel_pixels* trimap;
  /* Strokes that correct the matte, whoever made it: 3 or 4 channels of 8 bits of the upright
   * picture's size. Where green exceeds red and blue by at least 96 the picture is certainly
   * subject, where red exceeds green and blue by as much certainly background; anything else, and
   * what is less than half opaque, means nothing. What is connected with a stroke and has its
   * colours follows; far away nothing changes. Not with trimap or compat_rembg. May be NULL. */
  const peel_pixels* hints;
  /* What is cut out is straightened too, from the same decoding, and stays transparent around;
   * where nothing is certain enough the plain cut-out is the result. Not with compat_rembg. NULL:
   * no. */
  const peel_rectify_options* rectify;
} peel_cut_options;

/* Sets the defaults; size is sizeof(peel_cut_options). */
PEEL_API void peel_cut_options_init(peel_cut_options* options, size_t size);

/* Cuts out an encoded picture (docs/formats.md lists the formats); the result is encoded. NULL
 * options mean the defaults: PNG with straight alpha, EXIF orientation applied, ICC profile and the
 * EXIF that is still true kept. Of an animation or a file of several pages the first is cut out.
 * "No subject" is not an error: see peel_result_has_subject. */
PEEL_API peel_result* peel_cut(const peel_engine* engine, const void* bytes, size_t size,
                               const peel_cut_options* options);

/* Cuts out pixels; the result is pixels: RGBA, or RGB over an opaque background, or 1 channel with
 * mask_only, in the order and depth of the input, except that masks and rembg's pixels have 8 bits.
 * format, quality, lossless and drop_metadata do not matter. The input is not kept. */
PEEL_API peel_result* peel_cut_pixels(const peel_engine* engine, const peel_pixels* pixels,
                                      const peel_cut_options* options);

/* The same with mask_only set: the matte, one byte per pixel, 0 background, 255 subject. A
 * background in the options does not matter. */
PEEL_API peel_result* peel_matte_pixels(const peel_engine* engine, const peel_pixels* pixels,
                                        const peel_cut_options* options);

/* Cuts out with an existing matte: 1 channel of 8 bits and any size, 0 background, 255 subject. A
 * matte of another size is brought to the picture's as `edges` says, like a network's. engine lends
 * its threads; NULL: one thread. In the options, max_size must be 0 and trimap NULL, and edges
 * MATTING needs compat_rembg; work_size does not matter. */
PEEL_API peel_result* peel_compose_pixels(const peel_engine* engine, const peel_pixels* picture,
                                          const peel_pixels* matte,
                                          const peel_cut_options* options);

/* Straightens the document, product or screen in an encoded picture. What is not certain enough is
 * no error: peel_result_straightened is 0, peel_result_reason says why and there is no data. NULL
 * options mean the defaults. Of `cut` format, quality, lossless, max_size, max_pixels,
 * drop_metadata, cancel and progress count (a resolution is written where the paper's size is
 * known), with cutout all; its own `rectify` must be NULL. */
PEEL_API peel_result* peel_rectify(const peel_engine* engine, const void* bytes, size_t size,
                                   const peel_rectify_options* options,
                                   const peel_cut_options* cut);
/* The same of pixels; the result is pixels: as many channels as the picture has, RGBA with cutout,
 * 1 with PEEL_ENHANCE_GRAY and PEEL_ENHANCE_BW. */
PEEL_API peel_result* peel_rectify_pixels(const peel_engine* engine, const peel_pixels* pixels,
                                          const peel_rectify_options* options,
                                          const peel_cut_options* cut);

/* Frees the result and what its functions have pointed to. */
PEEL_API void peel_result_free(peel_result* result);
PEEL_API peel_status peel_result_status(const peel_result* result);
PEEL_API const char* peel_result_error(const peel_result* result);   /* "" if there is none */
PEEL_API const char* peel_result_warning(const peel_result* result); /* "" if there is none */
/* The encoded file of peel_cut, or the pixels; NULL and 0 after an error. */
PEEL_API const uint8_t* peel_result_data(const peel_result* result);
PEEL_API size_t peel_result_size(const peel_result* result); /* bytes */
/* Copies it into the caller's memory: the file, or the pixels with rows `stride` bytes apart (0:
 * without padding; shorter than a row: nothing is copied and 0 is returned). Returns how many bytes
 * that takes; if that is more than capacity, nothing is copied, so buffer NULL and capacity 0 query
 * the size. 0 after an error. */
PEEL_API size_t peel_result_copy(const peel_result* result, void* buffer, size_t capacity,
                                 size_t stride);
PEEL_API int peel_result_width(const peel_result* result);
PEEL_API int peel_result_height(const peel_result* result);
PEEL_API int peel_result_channels(const peel_result* result);  /* 1, 3 or 4, without flags */
PEEL_API int peel_result_bits(const peel_result* result);      /* per sample: 8 or 16 */
PEEL_API size_t peel_result_stride(const peel_result* result); /* bytes; 0 for an encoded file */
/* The result's top left corner in the (upright, scaled) input: not 0 after a crop. */
PEEL_API int peel_result_x(const peel_result* result);
PEEL_API int peel_result_y(const peel_result* result);
/* 0 if the model sees no subject: the cut-out is then fully transparent. */
PEEL_API int peel_result_has_subject(const peel_result* result);
/* How sure the model is that there is a subject, 0 to 1. */
PEEL_API double peel_result_subject_score(const peel_result* result);
/* The share of the picture that the subject covers, 0 to 1. */
PEEL_API double peel_result_coverage(const peel_result* result);

/* Of a picture that was to be straightened. 1: it was; all below is 0 or "" otherwise, save the
 * confidence of the best that was found. */
PEEL_API int peel_result_straightened(const peel_result* result);
/* Why it was not; "" if it was. */
PEEL_API const char* peel_result_reason(const peel_result* result);
/* 0 to 1: how probable it is that the quad is right; 1 for corners that were given. */
PEEL_API double peel_result_confidence(const peel_result* result);
PEEL_API peel_quad_kind peel_result_quad_kind(const peel_result* result); /* never AUTO if it was */
/* Writes x1, y1, …, x4, y4 in pixels of the upright input, from the result's top left clockwise.
 * Returns how many numbers there are, 8 or 0. */
PEEL_API int peel_result_corners(const peel_result* result, double corners[8]);
/* Writes the map from the upright input to the straightened result, row by row: (x, y, 1) to
 * (m0 x + m1 y + m2, m3 x + m4 y + m5) / (m6 x + m7 y + m8); the centre of the first pixel is at
 * 0.5, 0.5. Returns how many numbers there are, 9 or 0. */
PEEL_API int peel_result_homography(const peel_result* result, double matrix[9]);
/* Width to height of the rectangle itself. */
PEEL_API double peel_result_ratio(const peel_result* result);
/* In pixels of the upright input; 0: none was needed or known. */
PEEL_API double peel_result_focal_px(const peel_result* result);
PEEL_API int peel_result_turn(const peel_result* result); /* degrees clockwise */
/* Dots per inch across and down, where the paper's size is known; else 0. */
PEEL_API double peel_result_dpi_x(const peel_result* result);
PEEL_API double peel_result_dpi_y(const peel_result* result);
/* With peel_rectify_options.all: the next sheet of the picture, in reading order, which belongs to
 * this result and is freed with it; NULL after the last. */
PEEL_API const peel_result* peel_result_next(const peel_result* result);

/* ---- looking at a file -------------------------------------------------------------------------
 */

/* Reads the header of an encoded picture; nothing is decoded and no limit applies. */
PEEL_API peel_info* peel_probe(const void* bytes, size_t size);
PEEL_API void peel_info_free(peel_info* info);
PEEL_API peel_status peel_info_status(const peel_info* info);
PEEL_API const char* peel_info_error(const peel_info* info);  /* "" if there is none */
PEEL_API const char* peel_info_format(const peel_info* info); /* "JPEG", "HEIC" …; "" on error */
PEEL_API int peel_info_width(const peel_info* info);          /* upright, like results */
PEEL_API int peel_info_height(const peel_info* info);
/* EXIF's, 1 to 8; 5 to 8 are stored on their side. 1 if there is none. */
PEEL_API int peel_info_orientation(const peel_info* info);
/* Frames or pages; peel_cut takes the first. */
PEEL_API int peel_info_frames(const peel_info* info);
PEEL_API int peel_info_bits(const peel_info* info); /* per sample */
/* As stored: 1 grey or palette index, 2 grey and alpha, 3, 4 RGBA or CMYK. */
PEEL_API int peel_info_channels(const peel_info* info);
PEEL_API int peel_info_has_alpha(const peel_info* info);

/* ---- films -------------------------------------------------------------------------------------
 */

/* Films are read and written by the programs ffmpeg and ffprobe, which are looked for in the PATH
 * and started as processes of their own; where they are missing, calls are PEEL_NOT_FOUND. */

/* Called after every frame, in the thread of the call: frames done, how many there are (0: the film
 * does not tell), frames a second of late, and the seconds left (-1: not known). A result other
 * than 0 stops the call with PEEL_CANCELLED. Must not throw. */
typedef int (*peel_video_progress)(void* data, int64_t frames, int64_t all,
                                   double frames_per_second, double seconds_left);

/* How a film is read, cut out, composed and written. */
typedef struct peel_video_options {
  size_t size; /* sizeof(peel_video_options) */
  /* "webm", "mov", "mp4", "mkv", "gif", "webp" or "png" (a folder of frames); NULL: what the
   * output's name asks for. */
  const char* format;
  const char* codec; /* "vp9", "prores", "h264" …; NULL: the format's usual one */
  int quality;       /* the codec's own scale; -1 (default): its usual one */
  peel_video_content content;
  /* For an opaque film: a CSS colour, "blur", "blur:RADIUS", or the path of a picture or a film;
   * not with content MASK or SIDE_BY_SIDE. NULL: none. */
  const char* background;
  peel_steady steady;
  peel_edges edges; /* not MATTING */
  int max_size;     /* largest longer side; 0: as the input */
  double from, to;  /* seconds; to is not included, 0: the end */
  const char* fps;  /* a constant rate, "25" or "30000/1001"; NULL: the film's own time stamps */
  int no_audio; /* nonzero: without the sound, which is kept otherwise where the format takes any */
  int tone_map; /* nonzero: HDR becomes BT.709 */
  uint64_t memory_limit;        /* bytes that frames in progress may take together; 0: a gigabyte */
  peel_cancel* cancel;          /* stops at any time; may be NULL */
  peel_video_progress progress; /* may be NULL */
  void* progress_data;          /* passed to it */
} peel_video_options;

/* Sets the defaults; size is sizeof(peel_video_options). */
PEEL_API void peel_video_options_init(peel_video_options* options, size_t size);

/* Cuts out a film, from a file to a file. The output appears when it is whole and has been read
 * back; after an error nothing is left of it. NULL options mean the defaults. The engine's threads
 * count; an engine with an executor starts some of its own for this all the same. */
PEEL_API peel_video_result* peel_video(const peel_engine* engine, const char* input,
                                       const char* output, const peel_video_options* options);
PEEL_API void peel_video_result_free(peel_video_result* result);
PEEL_API peel_status peel_video_result_status(const peel_video_result* result);
PEEL_API const char* peel_video_result_error(const peel_video_result* result);
PEEL_API const char* peel_video_result_warning(const peel_video_result* result);
PEEL_API int64_t peel_video_result_frames(const peel_video_result* result);
PEEL_API double peel_video_result_seconds(const peel_video_result* result); /* how long it plays */
PEEL_API int peel_video_result_width(const peel_video_result* result);
PEEL_API int peel_video_result_height(const peel_video_result* result);
PEEL_API uint64_t peel_video_result_bytes(const peel_video_result* result);
PEEL_API const char* peel_video_result_format(const peel_video_result* result); /* "webm" … */
PEEL_API const char* peel_video_result_codec(const peel_video_result* result);  /* "vp9" … */
PEEL_API int peel_video_result_has_alpha(const peel_video_result* result);
PEEL_API int peel_video_result_has_audio(const peel_video_result* result);
/* 0 if the model sees no subject in any frame. */
PEEL_API int peel_video_result_has_subject(const peel_video_result* result);
/* The best of all frames, and the mean. */
PEEL_API double peel_video_result_subject_score(const peel_video_result* result);
PEEL_API double peel_video_result_coverage(const peel_video_result* result);

/* The frames of a film with their mattes, one after another; of the options steady, edges,
 * max_size, from, to, fps, tone_map, memory_limit and cancel count. The engine must outlive it; it
 * belongs to one thread at a time. */
PEEL_API peel_video_frames* peel_video_frames_open(const peel_engine* engine, const char* input,
                                                   const peel_video_options* options);
PEEL_API void peel_video_frames_free(peel_video_frames* frames);
PEEL_API peel_status peel_video_frames_status(const peel_video_frames* frames);
PEEL_API const char* peel_video_frames_error(const peel_video_frames* frames);
PEEL_API const char* peel_video_frames_warning(
    const peel_video_frames* frames); /* after the last */
PEEL_API int peel_video_frames_width(const peel_video_frames* frames);
PEEL_API int peel_video_frames_height(const peel_video_frames* frames);
/* 1: the next frame as RGB, its matte (1 channel) and its time in seconds have been written to what
 * is not NULL; the pixels are valid until the next call. 0: after the last frame, or after an
 * error, which peel_video_frames_status tells. */
PEEL_API int peel_video_frames_next(peel_video_frames* frames, peel_pixels* picture,
                                    peel_pixels* matte, double* seconds);

/* Reads the headers of a film. */
PEEL_API peel_video_info* peel_video_probe(const char* path);
PEEL_API void peel_video_info_free(peel_video_info* info);
PEEL_API peel_status peel_video_info_status(const peel_video_info* info);
PEEL_API const char* peel_video_info_error(const peel_video_info* info);
/* One JSON object, that of `peel video --info`; "" after an error. */
PEEL_API const char* peel_video_info_json(const peel_video_info* info);

/* ---- models ------------------------------------------------------------------------------------
 */

/* The models known by name, the embedded one first. */
PEEL_API peel_model_list* peel_models(void);
PEEL_API void peel_model_list_free(peel_model_list* list);
PEEL_API int peel_model_list_count(const peel_model_list* list);
/* NULL if out of range; the path is "" if the model is not on this machine, or "(embedded)". */
PEEL_API const char* peel_model_list_name(const peel_model_list* list, int index);
PEEL_API const char* peel_model_list_path(const peel_model_list* list, int index);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* PEEL_PEEL_H_ */

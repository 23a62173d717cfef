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
 * handle carries the status and a text for the user. NULL comes back only when there was no memory
 * for the handle itself, and every function takes NULL: status functions then answer
 * PEEL_OUT_OF_MEMORY, free functions do nothing. What a handle's functions point to lives as long
 * as the handle.
 *
 * Threads. One peel_engine may be used by any number of threads at the same time; only
 * peel_engine_free must wait until no call uses it. A peel_result belongs to the thread that uses
 * it. A peel_cancel may be set from any thread and from a signal handler.
 *
 * Global state. Engines share nothing that shows in results. Common to the process are: the choice
 * of instruction set ($PEEL_CPU is read once, by the first call), up to 256 MiB of freed pixel
 * memory that waits to be used again (peel_trim_memory), and ONNX Runtime and other libraries that
 * were loaded at run time, which stay loaded. Environment variables that are read: see
 * docs/library.md.
 *
 * fork. A child has no other threads than the one that forked, so engines made before it must not
 * be used or freed there: make new ones (or exec). Results and options may be used and freed.
 *
 * Stability. Options begin with their own size, which the initialiser functions are told and set: a
 * program built against an older header keeps working with a newer library, members it does not
 * know having their defaults. The other way round too, as long as the members that the older
 * library does not know are left at their defaults, which are zero; set ones are
 * PEEL_INVALID_ARGUMENT, not ignored. Enumerations only grow. Nothing throws across this interface
 * and nothing is printed.
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
/* 100 for 0.1.0, 10203 for 1.2.3: to be compared. */
#define PEEL_NUMERIC_VERSION \
  (PEEL_VERSION_MAJOR * 10000 + PEEL_VERSION_MINOR * 100 + PEEL_VERSION_PATCH)

#ifdef __cplusplus
extern "C" {
#endif

typedef enum peel_status {
  PEEL_OK = 0,
  PEEL_INVALID_ARGUMENT = 1, /* the caller asked for something that makes no sense */
  PEEL_NOT_FOUND = 2,        /* a file or model that is not there */
  PEEL_IO_ERROR = 3,         /* reading failed */
  PEEL_CORRUPT = 4,          /* the bytes are not what their format says */
  PEEL_UNSUPPORTED = 5,      /* valid, but nothing here can do it */
  PEEL_LIMIT = 6,            /* a limit (pixels, bytes) was exceeded */
  PEEL_OUT_OF_MEMORY = 7,
  PEEL_CANCELLED = 8,
  PEEL_DEVICE_REFUSED = 9, /* the device asked for cannot be used */
  PEEL_INTERNAL = 10       /* a bug in Peel */
} peel_status;

typedef enum peel_format {
  PEEL_PNG = 0,
  PEEL_JPEG = 1,
  PEEL_WEBP = 2,
  PEEL_TIFF = 3,
  PEEL_AVIF = 4
} peel_format;

/* How the matte, made at the network's size, is brought to that of the picture. */
typedef enum peel_edges {
  PEEL_EDGES_AUTO = 0,   /* refine where the matte is enlarged */
  PEEL_EDGES_OFF = 1,    /* enlarge only */
  PEEL_EDGES_REFINE = 2, /* let edges follow those of the picture */
  PEEL_EDGES_MATTING = 3 /* closed-form matting around the edges: slower, keeps single hairs */
} peel_edges;

typedef enum peel_device {
  PEEL_DEVICE_AUTO = 0,
  PEEL_DEVICE_CPU = 1,
  /* Through ONNX Runtime, which is looked for at run time. What cannot be used or does not take
   * part falls back (TensorRT to CUDA, all to the CPU) with peel_engine_warning, or when strict is
   * PEEL_DEVICE_REFUSED. */
  PEEL_DEVICE_CUDA = 2,
  PEEL_DEVICE_TENSORRT = 3,
  PEEL_DEVICE_OPENVINO = 4
} peel_device;

typedef enum peel_precision {
  PEEL_PRECISION_AUTO = 0,
  PEEL_PRECISION_FP32 = 1,
  PEEL_PRECISION_BF16 = 2, /* these three where they can be had: else another, or */
  PEEL_PRECISION_INT8 = 3, /* PEEL_UNSUPPORTED when strict */
  PEEL_PRECISION_FP16 = 4
} peel_precision;

typedef struct peel_engine peel_engine;
typedef struct peel_result peel_result;
typedef struct peel_cancel peel_cancel;
typedef struct peel_model_list peel_model_list;
typedef struct peel_info peel_info;

/* "0.1.0": of the library that is running, not of this header. */
PEEL_API const char* peel_version(void);
/* The same as PEEL_NUMERIC_VERSION has it. */
PEEL_API int peel_version_number(void);
/* "no such file", "out of memory" …: a name for a status, never NULL. */
PEEL_API const char* peel_status_name(peel_status status);

/* ---- engine: a loaded model --------------------------------------------------------------------
 */

typedef struct peel_engine_options {
  size_t size;       /* sizeof(peel_engine_options) */
  const char* model; /* a name, a path of an ONNX file, or NULL for the embedded model */
  int threads;       /* 0: all processors this process may use */
  peel_device device;
  peel_precision precision;
  int strict; /* nonzero: fail rather than fall back to another device or precision */
  /* How pictures are fed to a model file and its output is read where its name and its metadata do
   * not tell: "u2net", "isnet", "isnet-anime", "bria", "birefnet", "cloth" or "modnet"; NULL: by
   * name, metadata or shape. */
  const char* family;
  /* "native", "onnxruntime"; NULL or "auto": native on the CPU wherever it can. */
  const char* backend;
  /* ONNX Runtime's options, "KEY=VALUE,…" as --ort of the program takes them; NULL: its defaults
   * and $PEEL_ORT_OPTIONS. */
  const char* runtime_options;
  /* Folders of Python packages in which ONNX Runtime is looked for first, separated by ':'; NULL:
   * none besides the usual ones. */
  const char* runtime_folders;
  /* An ONNX file in memory instead of the one that model names; model may then give it a name, and
   * through that its family. Not copied: the bytes must stay as they are until peel_engine_free.
   * External data are not looked for. NULL: none. */
  const void* model_data;
  size_t model_size; /* bytes */
  /* How many calls are going to run at the same time: all together keep to `threads` then, and
   * share the weights. 0: one; more calls than that work, on more threads. */
  int jobs;
  /* Bytes that the pictures which calls are working on may take together, by an upper estimate from
   * their headers and sizes; the model comes on top. A call waits until there is room; a picture
   * that needs more for itself is PEEL_LIMIT. 0: no limit. */
  uint64_t memory_limit;
} peel_engine_options;

/* Sets the defaults; size is sizeof(peel_engine_options). */
PEEL_API void peel_engine_options_init(peel_engine_options* options, size_t size);

/* Loads a model; NULL options mean the defaults. Takes milliseconds with the embedded model. */
PEEL_API peel_engine* peel_engine_create(const peel_engine_options* options);
PEEL_API void peel_engine_free(peel_engine* engine);
PEEL_API peel_status peel_engine_status(const peel_engine* engine);
PEEL_API const char* peel_engine_error(const peel_engine* engine); /* "" when all is well */
/* A fall-back, or a PEEL_CPU that cannot be honoured; "" if none. */
PEEL_API const char* peel_engine_warning(const peel_engine* engine);
PEEL_API const char* peel_engine_model(const peel_engine* engine); /* "peel", "u2netp" … */
/* What runs, read back and not as it was asked for: "cpu", "cuda" … */
PEEL_API const char* peel_engine_device(const peel_engine* engine);
/* What was asked for: "auto", "cuda" …, and why it is not what runs; "" where it is. */
PEEL_API const char* peel_engine_device_asked(const peel_engine* engine);
PEEL_API const char* peel_engine_device_reason(const peel_engine* engine);
PEEL_API const char* peel_engine_backend(const peel_engine* engine);   /* "native" … */
PEEL_API const char* peel_engine_precision(const peel_engine* engine); /* "fp32" … */
/* One call has these threads to itself, or with jobs so many for all but its own. */
PEEL_API int peel_engine_threads(const peel_engine* engine);

/* Gives memory that waits for the next picture back to the system: the engine's, the process's
 * pixel memory and what the C library keeps. Calls at work are not disturbed; the next one takes
 * some milliseconds longer. engine NULL: the process's alone. */
PEEL_API void peel_trim_memory(const peel_engine* engine);

/* ---- cancelling --------------------------------------------------------------------------------
 */

PEEL_API peel_cancel* peel_cancel_create(void);
/* Every call that was given this token stops after its present stage (decoding, network, …) and
 * answers PEEL_CANCELLED; so do later ones: a token is for once. */
PEEL_API void peel_cancel_set(peel_cancel* cancel);
PEEL_API void peel_cancel_free(peel_cancel* cancel); /* not before the calls have returned */

/* ---- cutting out -------------------------------------------------------------------------------
 */

/* Interleaved pixels, top row first, alpha straight. channels is 1 (grey), 3 (RGB) or 4 (RGBA),
 * with PEEL_BGR for the order blue, green, red (and alpha), and with PEEL_16_BIT for samples that
 * are uint16_t in the machine's byte order, 0 to 65535, at even addresses: "channels = 4 |
 * PEEL_BGR". */
enum { PEEL_BGR = 0x100, PEEL_16_BIT = 0x200 };

typedef struct peel_pixels {
  const uint8_t* data;
  int width, height, channels;
  size_t stride; /* bytes from row to row; 0: those of a row's pixels */
} peel_pixels;

/* Told between the stages of a call, in its thread, what comes next ("decode", "network", "matte",
 * "compose", "encode", at last "done") and roughly which share of the work is behind, 0 to 1.
 * Another answer than 0 stops the call with PEEL_CANCELLED. Must not throw. */
typedef int (*peel_progress)(void* data, const char* stage, double fraction);

typedef struct peel_cut_options {
  size_t size;            /* sizeof(peel_cut_options) */
  peel_format format;     /* of peel_cut's result; default PNG */
  int quality;            /* 1 to 100, of JPEG, AVIF and lossy WebP alone; 0: 90, of AVIF 80 */
  int lossless;           /* nonzero: lossless WebP or AVIF; PNG and TIFF are anyway, JPEG never */
  int mask_only;          /* nonzero: the matte alone, 8-bit grey; without a background */
  const char* background; /* CSS colour, "blur", "blur:RADIUS" or the path of a picture; NULL: none.
                             JPEG without one gets white. */
  peel_edges edges;
  int compat_rembg;    /* nonzero: rembg's pixels, defects included; not with edges REFINE */
  int crop_margin;     /* crop to the subject with this many pixels around; -1 (default): do not */
  int max_size;        /* longer side of the result at most; 0: as the input */
  uint64_t max_pixels; /* refuse larger inputs; 0: 250 million */
  int drop_metadata;   /* nonzero: carry no ICC profile, EXIF or XMP */
  peel_cancel* cancel; /* may be NULL */
  /* Make the matte from the picture scaled down to this longer side, then bring it to full size by
   * `edges`; the result keeps the picture's size. 0: make it from all of the picture. */
  int work_size;
  /* Steps of rembg's remove(): PEEL_INVALID_ARGUMENT without compat_rembg. */
  int post_process_mask;
  int putalpha;
  int decontaminate;
  /* Nonzero: the same as edges PEEL_EDGES_MATTING, with compat_rembg or without; other edges than
   * that and PEEL_EDGES_AUTO exclude it. */
  int alpha_matting;
  /* How matting, asked for either way, finds where the matte is certain: above the one it is
   * subject, below the other background, and so many pixels from there on it is not after all. */
  int alpha_matting_foreground_threshold; /* default 240 */
  int alpha_matting_background_threshold; /* default 10 */
  int alpha_matting_erode_size;           /* default 10 */
  peel_progress progress;                 /* may be NULL */
  void* progress_data;                    /* handed to it */
  /* Where is what, instead of a model's matte: 1 channel of 8 bits and of the upright picture's
   * size, 0 background, 255 subject, between them (from a tenth to nine tenths) what matting is to
   * find out. Neither with edges OFF or REFINE nor with work_size nor compat_rembg; the thresholds
   * and the model do not matter. May be NULL. */
  const peel_pixels* trimap;
} peel_cut_options;

/* Sets the defaults; size is sizeof(peel_cut_options). */
PEEL_API void peel_cut_options_init(peel_cut_options* options, size_t size);

/* The cut-out of an encoded picture (docs/formats.md lists the formats), encoded. NULL options mean
 * the defaults: PNG with straight alpha, EXIF orientation applied, ICC profile and the EXIF that
 * still holds carried over. Of an animation, and of several pages, the first one is cut out. "No subject" is no error: see peel_result_has_subject. */
PEEL_API peel_result* peel_cut(const peel_engine* engine, const void* bytes, size_t size,
                               const peel_cut_options* options);

/* The cut-out of pixels as pixels: RGBA, or RGB over an opaque background, or 1 channel with
 * mask_only; in the order and the bits of the input, save that masks and rembg's pixels have 8.
 * format, quality, lossless and drop_metadata do not matter. The input is not kept. */
PEEL_API peel_result* peel_cut_pixels(const peel_engine* engine, const peel_pixels* pixels,
                                      const peel_cut_options* options);

/* The same with mask_only set: the matte, one byte a pixel, 0 background, 255 subject. A background
 * in the options does not matter. */
PEEL_API peel_result* peel_matte_pixels(const peel_engine* engine, const peel_pixels* pixels,
                                        const peel_cut_options* options);

/* The cut-out by a matte that is there already: 1 channel of 8 bits and any size, 0 background, 255
 * subject.
 * One that is not of the picture's size is brought to it the way `edges` says, as the matte of a
 * network is. engine lends its threads; NULL: one thread. In the options, max_size must be 0 and
 * trimap NULL, and edges MATTING needs compat_rembg; work_size does not matter. */
PEEL_API peel_result* peel_compose_pixels(const peel_engine* engine, const peel_pixels* picture,
                                          const peel_pixels* matte,
                                          const peel_cut_options* options);

PEEL_API void peel_result_free(peel_result* result);
PEEL_API peel_status peel_result_status(const peel_result* result);
PEEL_API const char* peel_result_error(const peel_result* result);   /* "" when all is well */
PEEL_API const char* peel_result_warning(const peel_result* result); /* "" if there is none */
/* The encoded file of peel_cut, or the pixels; NULL and 0 after an error. */
PEEL_API const uint8_t* peel_result_data(const peel_result* result);
PEEL_API size_t peel_result_size(const peel_result* result); /* bytes */
/* Copies it into the caller's own memory: the file, or the pixels with rows `stride` bytes apart
 * (0: without padding; shorter than a row: nothing is copied and the answer is 0). The answer is
 * how many bytes that takes; where it is more than capacity nothing is copied, so that buffer NULL
 * and capacity 0 ask for the size. 0 after an error. */
PEEL_API size_t peel_result_copy(const peel_result* result, void* buffer, size_t capacity,
                                 size_t stride);
PEEL_API int peel_result_width(const peel_result* result);
PEEL_API int peel_result_height(const peel_result* result);
PEEL_API int peel_result_channels(const peel_result* result);  /* 1, 3 or 4, without flags */
PEEL_API int peel_result_bits(const peel_result* result);      /* of a sample: 8 or 16 */
PEEL_API size_t peel_result_stride(const peel_result* result); /* bytes; 0 for an encoded file */
/* Where the result's top left corner lies in the (upright, scaled) input: not 0 after a crop. */
PEEL_API int peel_result_x(const peel_result* result);
PEEL_API int peel_result_y(const peel_result* result);
/* 0 where the model sees no subject: the cut-out is then fully transparent. */
PEEL_API int peel_result_has_subject(const peel_result* result);
/* How sure the model is that there is a subject, 0 to 1. */
PEEL_API double peel_result_subject_score(const peel_result* result);
/* The share of the picture that the subject covers, 0 to 1. */
PEEL_API double peel_result_coverage(const peel_result* result);

/* ---- looking at a file -------------------------------------------------------------------------
 */

/* What the header of an encoded picture says; nothing is decoded and no limit applies. */
PEEL_API peel_info* peel_probe(const void* bytes, size_t size);
PEEL_API void peel_info_free(peel_info* info);
PEEL_API peel_status peel_info_status(const peel_info* info);
PEEL_API const char* peel_info_error(const peel_info* info);  /* "" when all is well */
PEEL_API const char* peel_info_format(const peel_info* info); /* "JPEG", "HEIC" …; "" on error */
PEEL_API int peel_info_width(const peel_info* info);          /* upright, as results have it */
PEEL_API int peel_info_height(const peel_info* info);
/* EXIF's, 1 to 8: 5 to 8 lie on their side in the file. 1 where there is none. */
PEEL_API int peel_info_orientation(const peel_info* info);
PEEL_API int peel_info_frames(
    const peel_info* info);                         /* frames or pages; peel_cut takes the first */
PEEL_API int peel_info_bits(const peel_info* info); /* of a sample */
/* As stored: 1 grey or palette index, 2 grey and alpha, 3, 4 RGBA or CMYK. */
PEEL_API int peel_info_channels(const peel_info* info);
PEEL_API int peel_info_has_alpha(const peel_info* info);

/* ---- models ------------------------------------------------------------------------------------
 */

/* The models known by name, the embedded one first. */
PEEL_API peel_model_list* peel_models(void);
PEEL_API void peel_model_list_free(peel_model_list* list);
PEEL_API int peel_model_list_count(const peel_model_list* list);
/* NULL out of range; the path is "" where the model is not on this machine, and "(embedded)". */
PEEL_API const char* peel_model_list_name(const peel_model_list* list, int index);
PEEL_API const char* peel_model_list_path(const peel_model_list* list, int index);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* PEEL_PEEL_H_ */

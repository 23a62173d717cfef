/* An ONNX Runtime that claims GPUs: forwards everything to the real library ($STUB_REAL) but lists
 * CUDA and TensorRT, accepts their set-up and then runs on the CPU. $STUB_MODE says what else it
 * does:
 *
 *   silent   nothing: what some real installations do, and what Peel must notice
 *   honest   the profile says that the accelerator ran the nodes: as on a machine with a GPU
 *   wrong    the same, with other numbers in the results
 *   late     the same, but not in the process' first run
 *   memory   CUDA's set-up fails for want of memory
 *   symbol   CUDA's library cannot be loaded for want of a function of the driver
 *   old      the library is of a version before the one that Peel needs
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 276 };
typedef void* (*Function)();
typedef struct {
  const void* const* (*GetApi)(uint32_t);
  const char* (*GetVersionString)(void);
} Base;

static const Base* real_base;
static const void* const* real;
static const void* table[SLOTS];
static int runs = 0;
static const char* appended = NULL; /* the provider set up last */

static int Mode(const char* name) {
  const char* mode = getenv("STUB_MODE");
  return mode != NULL && strcmp(mode, name) == 0;
}

static char* providers[] = {"TensorrtExecutionProvider", "CUDAExecutionProvider",
                            "CPUExecutionProvider"};
static void* GetAvailableProviders(char*** out, int* count) {
  *out = providers;
  *count = 3;
  return NULL;
}
static void* Nothing(void) { return NULL; }
static void* CreateOptions(void** out) {
  *out = malloc(1);
  return NULL;
}
static void FreeOptions(void* options) { free(options); }
static void* AppendCuda(void* options, const void* provider) {
  (void)options, (void)provider;
  if (Mode("memory")) {
    return ((void* (*)(int, const char*))real[0])(
        1, "CUDA failure 2: out of memory ; GPU=0 ; expr=cudaMalloc(&p, size);");
  }
  if (Mode("symbol")) {
    return ((void* (*)(int, const char*))real[0])(
        1,
        "/src/provider_bridge_ort.cc:2043 onnxruntime::Provider& Get() [ONNXRuntimeError] : 1 : "
        "FAIL : Failed to load library libonnxruntime_providers_cuda.so with error: "
        "libonnxruntime_providers_cuda.so: undefined symbol: cuTensorMapEncodeTiled");
  }
  if (appended == NULL) appended = "CUDAExecutionProvider";
  return NULL;
}
static void* AppendTensorRt(void* options, const void* provider) {
  (void)options, (void)provider;
  appended = "TensorrtExecutionProvider";
  return NULL;
}
static void* CreateSessionOptions(void** out) {
  appended = NULL;
  return ((void* (*)(void**))real[10])(out);
}

/* Rewrites the profile with the accelerator's name, of the same length or not. */
static void* SessionEndProfiling(void* session, void* allocator, char** path) {
  void* status = ((void* (*)(void*, void*, char**))real[110])(session, allocator, path);
  if (status != NULL || appended == NULL || Mode("silent")) return status;
  FILE* file = fopen(*path, "rb");
  fseek(file, 0, SEEK_END);
  const long size = ftell(file);
  rewind(file);
  char* text = malloc((size_t)size + 1);
  text[fread(text, 1, (size_t)size, file)] = '\0';
  fclose(file);
  file = fopen(*path, "wb");
  const char* from = "CPUExecutionProvider";
  for (char* at = text; *at != '\0';) {
    if (strncmp(at, from, strlen(from)) == 0) {
      fputs(appended, file);
      at += strlen(from);
    } else {
      fputc(*at++, file);
    }
  }
  fclose(file);
  free(text);
  return NULL;
}

static void* GetBoundOutputValues(const void* binding, void* allocator, void*** values,
                                  size_t* count) {
  void* status = ((void* (*)(const void*, void*, void***, size_t*))real[140])(binding, allocator,
                                                                              values, count);
  if (status != NULL || appended == NULL || !(Mode("wrong") || Mode("late"))) return status;
  if (Mode("late") && runs++ < 1) return status;
  for (size_t i = 0; i < *count; ++i) {
    void* info = NULL;
    size_t elements = 0;
    float* data = NULL;
    ((Function)real[65])((*values)[i], &info);
    ((Function)real[64])(info, &elements);
    ((Function)real[51])((*values)[i], &data);
    ((void (*)(void*))real[99])(info);
    for (size_t e = 0; e < elements / 2; ++e) data[e] = 1 - data[e];
  }
  return NULL;
}

static const void* const* GetApi(uint32_t version) {
  if (Mode("old")) return NULL;
  real = real_base->GetApi(version);
  memcpy(table, real, sizeof(table));
  table[10] = (void*)&CreateSessionOptions;
  table[110] = (void*)&SessionEndProfiling;
  table[125] = (void*)&GetAvailableProviders;
  table[126] = (void*)&Nothing;
  table[140] = (void*)&GetBoundOutputValues;
  table[170] = (void*)&AppendTensorRt;
  table[171] = table[205] = (void*)&CreateOptions;
  table[172] = table[206] = (void*)&Nothing;
  table[174] = table[208] = (void*)&FreeOptions;
  table[204] = (void*)&AppendCuda;
  return table;
}

static const char* GetVersionString(void) {
  return Mode("old") ? "1.10.0" : real_base->GetVersionString();
}

static const Base base = {GetApi, GetVersionString};

const Base* OrtGetApiBase(void) {
  void* library = dlopen(getenv("STUB_REAL"), RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "stub: %s\n", dlerror());
    return NULL;
  }
  real_base = ((const Base* (*)(void))dlsym(library, "OrtGetApiBase"))();
  return &base;
}

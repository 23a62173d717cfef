/* libcuda.so.1 of a machine that is made up: $FAKE_INIT is what cuInit answers, $FAKE_CUDA the
 * newest CUDA served (12040 for 12.4), $FAKE_GPUS how many GPUs there are. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static int Number(const char* name, int otherwise) {
  const char* text = getenv(name);
  return text != NULL ? atoi(text) : otherwise;
}
int cuInit(unsigned flags) {
  (void)flags;
  return Number("FAKE_INIT", 0);
}
int cuDriverGetVersion(int* version) {
  *version = Number("FAKE_CUDA", 13000);
  return 0;
}
int cuDeviceGetCount(int* count) {
  *count = Number("FAKE_GPUS", 1);
  return 0;
}
int cuDeviceGet(int* device, int number) {
  *device = number;
  return 0;
}
int cuDeviceGetName(char* name, int size, int device) {
  snprintf(name, (size_t)size, "Made-up GPU %d", device);
  return 0;
}
int cuDeviceTotalMem_v2(size_t* bytes, int device) {
  (void)device;
  *bytes = (size_t)8 << 30;
  return 0;
}
int cuDeviceGetAttribute(int* value, int attribute, int device) {
  (void)device;
  *value = attribute == 75 ? 8 : 6;
  return 0;
}

/* Cuts out one picture: cutout INPUT OUTPUT.png */
#include <peel/peel.h>
#include <stdio.h>
#include <stdlib.h>

/* The whole file in memory; NULL where it cannot be read. The caller frees it. */
static unsigned char* read_file(const char* path, size_t* size) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) return NULL;
  unsigned char* bytes = NULL;
  size_t used = 0, room = 0;
  for (;;) {
    if (used == room) {
      room = room == 0 ? 1 << 16 : room * 2;
      unsigned char* larger = realloc(bytes, room);
      if (larger == NULL) break;
      bytes = larger;
    }
    const size_t got = fread(bytes + used, 1, room - used, file);
    if (got == 0) {
      const int failed = ferror(file);
      fclose(file);
      *size = used;
      if (!failed) return bytes;
      free(bytes);
      return NULL;
    }
    used += got;
  }
  free(bytes);
  fclose(file);
  return NULL;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: cutout INPUT OUTPUT.png (libpeel %s)\n", peel_version());
    return 2;
  }
  size_t size = 0;
  unsigned char* bytes = read_file(argv[1], &size);
  if (bytes == NULL) {
    fprintf(stderr, "%s: cannot be read\n", argv[1]);
    return 1;
  }

  int code = 1;
  peel_engine* engine = peel_engine_create(NULL); /* the embedded model, all processors */
  if (peel_engine_status(engine) != PEEL_OK) {
    fprintf(stderr, "%s\n", peel_engine_error(engine));
  } else {
    peel_cut_options options;
    peel_cut_options_init(&options, sizeof options);
    options.format = PEEL_PNG;
    peel_result* result = peel_cut(engine, bytes, size, &options);
    if (peel_result_status(result) != PEEL_OK) {
      fprintf(stderr, "%s: %s\n", argv[1], peel_result_error(result));
    } else {
      FILE* file = fopen(argv[2], "wb");
      const size_t length = peel_result_size(result);
      if (file != NULL && fwrite(peel_result_data(result), 1, length, file) == length &&
          fclose(file) == 0) {
        printf("%s: %d x %d, subject %s (score %.2f), covering %.0f %%\n", argv[2],
               peel_result_width(result), peel_result_height(result),
               peel_result_has_subject(result) ? "found" : "not found",
               peel_result_subject_score(result), 100 * peel_result_coverage(result));
        code = 0;
      } else {
        fprintf(stderr, "%s: cannot be written\n", argv[2]);
      }
    }
    peel_result_free(result);
  }
  peel_engine_free(engine);
  free(bytes);
  return code;
}

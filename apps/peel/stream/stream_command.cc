#include "apps/peel/stream/stream_command.h"

#include <memory>
#include <vector>

#include "apps/peel/cut/cut_options.h"
#include "apps/peel/stream/stream_run.h"

namespace peel {
namespace {

constexpr char kFooter[] = R"(
With WIDTH and HEIGHT, standard input holds raw frames, 3 bytes per pixel, as `rembg b` reads them:
  ffmpeg -i film.mp4 -f rawvideo -pix_fmt rgb24 - | peel stream 1280 720 -o frames/out-%03u.png
Without them, it holds picture files one after another (PNG, JPEG, WebP, GIF, BMP, AVIF, HEIC; a TIFF takes
the rest of the stream):
  cat *.jpg | peel stream > cut-outs        as many PNG files, one after another
Numbers begin at 0 and count every input, including those that fail. A picture that fails gives no output,
an error line and, at the end, exit code 1; the following ones are processed all the same.)";

}  // namespace

void AddStreamCommand(Command& app, int* exit_code) {
  Command stream = app.AddCommand(
      "stream", "Process pictures or raw frames from standard input, one after another");
  stream.Footer(kFooter);
  auto arguments = std::make_shared<StreamArguments>();
  auto size = std::make_shared<std::vector<int>>();
  stream.AddOption("SIZE", *size, "Read raw RGB frames of this width and height")
      .TypeName("WIDTH HEIGHT")
      .Expected(2)
      .Range(1, 65535);
  stream
      .AddOption("-o", arguments->cut.output_file, "Write numbered files; default: standard output")
      .TypeName("out-%03u.png");
  AddEncodingOptions(stream, arguments->cut);
  AddAnimationOption(stream, arguments->cut);
  AddPictureOptions(stream, arguments->cut);
  AddMattingOptions(stream, arguments->cut);
  AddModelOptions(stream, arguments->cut);
  stream.OnParsed([stream, arguments, size, exit_code] {
    if (!ApplyConfig(stream, arguments->cut, exit_code)) return;
    if (size->size() == 2) {
      arguments->width = (*size)[0];
      arguments->height = (*size)[1];
    }
    *exit_code = RunStream(*arguments);
  });
}

}  // namespace peel

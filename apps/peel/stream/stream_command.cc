#include "apps/peel/stream/stream_command.h"

#include <memory>
#include <vector>

#include "apps/peel/console.h"
#include "apps/peel/cut/cut_options.h"
#include "apps/peel/stream/stream_run.h"

namespace peel {
namespace {

constexpr char kFooter[] = R"(
With WIDTH and HEIGHT standard input is raw frames, 3 bytes a pixel, as `rembg b` takes them:
  ffmpeg -i film.mp4 -f rawvideo -pix_fmt rgb24 - | peel stream 1280 720 -o frames/out-%03u.png
Without, it is picture files one after the other (PNG, JPEG, WebP, GIF, BMP, AVIF, HEIC; a TIFF takes
the rest of the stream):
  cat *.jpg | peel stream > cut-outs        as many PNG files, one after the other
Numbers begin at 0 and count every input, those that fail too. A picture that fails gives no
output, an error line and, in the end, exit code 1; the next ones are cut out all the same.)";

}  // namespace

void AddStreamCommand(Command& app, int* exit_code) {
  Command stream = app.AddCommand(
      "stream", "Cut out pictures or raw frames that follow each other on standard input");
  stream.Footer(kFooter);
  auto arguments = std::make_shared<StreamArguments>();
  auto size = std::make_shared<std::vector<int>>();
  stream.AddOption("SIZE", *size, "Width and height of raw RGB frames")
      .TypeName("WIDTH HEIGHT")
      .Expected(2)
      .Range(1, 65535);
  stream
      .AddOption("-o", arguments->cut.output_file,
                 "Names of results, with a place for the number; default: standard output")
      .TypeName("out-%03u.png");
  AddEncodingOptions(stream, arguments->cut);
  AddPictureOptions(stream, arguments->cut);
  AddMattingOptions(stream, arguments->cut);
  AddModelOptions(stream, arguments->cut);
  stream.OnParsed([stream, arguments, size, exit_code] {
    if (const Status status = TakeConfig(stream, arguments->cut); !status.ok()) {
      Console().Error(status.message());
      *exit_code = kExitUsage;
      return;
    }
    if (size->size() == 2) {
      arguments->width = (*size)[0];
      arguments->height = (*size)[1];
    }
    *exit_code = RunStream(*arguments);
  });
}

}  // namespace peel

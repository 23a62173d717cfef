#include "src/matte/model/published.h"

namespace peel {
namespace {

#define PEEL_REMBG(file) "https://github.com/danielgatis/rembg/releases/download/v0.0.0/" file

constexpr PublishedModel kPublished[] = {
    {"isnet-anime", PEEL_REMBG("isnet-anime.onnx"), "6f184e756bb3bd901c8849220a83e38e",
     "f15622d853e8260172812b657053460e20806f04b9e05147d49af7bed31a6e99"},
    {"isnet-general-use", PEEL_REMBG("isnet-general-use.onnx"), "fc16ebd8b0c10d971d3513d564d01e29",
     "60920e99c45464f2ba57bee2ad08c919a52bbf852739e96947fbb4358c0d964a"},
    {"silueta", PEEL_REMBG("silueta.onnx"), "55e59e0d8062d2f5d013f4725ee84782",
     "75da6c8d2f8096ec743d071951be73b4a8bc7b3e51d9a6625d63644f90ffeedb"},
    {"u2net", PEEL_REMBG("u2net.onnx"), "60024c5c889badc19c04ad937298a77b",
     "8d10d2f3bb75ae3b6d527c77944fc5e7dcd94b29809d47a739a7a728a912b491"},
    {"u2net_cloth_seg", PEEL_REMBG("u2net_cloth_seg.onnx"), "2434d1f3cb744e0e49386c906e5a08bb", ""},
    {"u2net_human_seg", PEEL_REMBG("u2net_human_seg.onnx"), "c09ddc2e0104f800e3e1bb4652583d1f",
     "01eb6a29a5c4d8edb30b56adad9bb3a2a0535338e480724a213e0acfd2d1c73c"},
    {"u2netp", PEEL_REMBG("u2netp.onnx"), "8e83ca70e441ab06c318d82300c84806",
     "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8"},
};

#undef PEEL_REMBG

}  // namespace

const PublishedModel* FindPublished(std::string_view name) {
  for (const PublishedModel& model : kPublished) {
    if (model.name == name) return &model;
  }
  return nullptr;
}

}  // namespace peel

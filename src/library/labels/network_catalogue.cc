#include "src/library/labels/network_catalogue.h"

#include <algorithm>
#include <array>

#include "src/library/labels/scan_models.h"

namespace peel::library {

// models/scan/CARD.md has more of each.
std::span<const CataloguedNetwork> NetworkCatalogue() {
  static const std::array<CataloguedNetwork, 4> kNetworks = {{
      {"yolox-nano", "objects", "things with their places, of COCO's 80 classes (YOLOX-nano)",
       "Apache-2.0", "https://github.com/Megvii-BaseDetection/YOLOX", EmbeddedObjects()},
      {"yunet-n", "faces", "faces and their landmarks; who they are is not asked (YuNet)",
       "Apache-2.0", "https://github.com/ShiqiYu/libfacedetection.train", EmbeddedFaces()},
      {"mobilenet-v2", "scenes",
       "the scene of ImageNet's 1,000 classes, and an embedding for look-alikes (MobileNet v2)",
       "Apache-2.0", "https://github.com/google-coral/test_data", EmbeddedScenes()},
      {"clip",
       "text search",
       "search by any words: any CLIP as ONNX files in a folder, by `peel scan --clip DIR`",
       "that of the files",
       "https://github.com/openai/CLIP",
       {}},
  }};
  return kNetworks;
}

const CataloguedNetwork* FindNetwork(std::string_view name) {
  const auto all = NetworkCatalogue();
  const auto found = std::ranges::find(all, name, &CataloguedNetwork::name);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace peel::library

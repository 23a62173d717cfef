#include "src/server/api/api.h"
#include "src/server/api/peel_api.h"
#include "src/server/api/picture_apis.h"
#include "src/server/api/rembg_api.h"
#include "src/server/api/removebg_api.h"

namespace peel::server {

std::vector<std::unique_ptr<Api>> AllApis(const Facts& facts) {
  std::vector<std::unique_ptr<Api>> apis;
  apis.push_back(MakeRembgApi());
  apis.push_back(MakeRemoveBgApi(facts));
  apis.push_back(MakePeelApi(facts));
  apis.push_back(MakeClipdropApi());
  apis.push_back(MakePhotoroomApi());
  apis.push_back(MakeWithoutBgApi());
  return apis;
}

}  // namespace peel::server

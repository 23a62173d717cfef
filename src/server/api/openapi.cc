#include "src/server/api/openapi.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "src/server/api/peel_options.h"

namespace peel::server {
namespace {

using Json = nlohmann::ordered_json;

Json Text(std::string_view description) {
  return {{"type", "string"}, {"description", description}};
}
Json Flag(std::string_view description) {
  return {{"type", "boolean"}, {"description", description}};
}
Json Number(std::string_view description, int least, int most) {
  return {{"type", "integer"}, {"description", description}, {"minimum", least}, {"maximum", most}};
}
Json Choice(std::string_view description, std::vector<std::string> values) {
  return {{"type", "string"}, {"description", description}, {"enum", std::move(values)}};
}
Json File(std::string_view description) {
  return {{"type", "string"},
          {"contentMediaType", "application/octet-stream"},
          {"description", description}};
}

Json Ref(std::string_view schema) {
  return {{"$ref", "#/components/schemas/" + std::string(schema)}};
}

Json JsonContent(Json schema) { return {{"application/json", {{"schema", std::move(schema)}}}}; }

// The errors that every route with work behind it may give, in one API's form.
Json WithErrors(Json responses, std::string_view error, const std::vector<int>& statuses) {
  for (const int status : statuses) {
    std::string why;
    switch (status) {
      case 400:
        why = "The request makes no sense; the message says what would";
        break;
      case 401:
        why = "No key, or a wrong one";
        break;
      case 402:
        why = "No credits left";
        break;
      case 403:
        why = "The key may not do this";
        break;
      case 405:
        why = "Not by this method";
        break;
      case 413:
        why = "Larger than this server takes";
        break;
      case 415:
        why = "No picture of a kind that is read here";
        break;
      case 422:
        why = "The picture is broken, or a parameter cannot be read";
        break;
      case 429:
        why = "Too many requests; Retry-After says when to come again";
        break;
      case 500:
        why = "The picture ended its worker";
        break;
      case 501:
        why = "Not in this version";
        break;
      case 503:
        why = "Busy; Retry-After says when to come again";
        break;
      case 504:
        why = "Not done in time";
        break;
      default:
        why = "Error";
        break;
    }
    Json response = {{"description", why}, {"content", JsonContent(Ref(error))}};
    if (status == 429 || status == 503) {
      response["headers"]["Retry-After"] = {{"description", "Seconds"},
                                            {"schema", {{"type", "integer"}}}};
    }
    responses[std::to_string(status)] = std::move(response);
  }
  return responses;
}

const std::vector<int> kWorkErrors = {400, 401, 402, 403, 413, 415, 422, 429, 500, 503, 504};
const std::vector<int> kRemoveBgErrors = {400, 402, 403, 429, 500, 503, 504};

Json Picture(std::string_view description, const std::vector<std::string>& types) {
  Json content = Json::object();
  for (const std::string& type : types) {
    content[type] = {{"schema", {{"type", "string"}, {"contentMediaType", type}}}};
  }
  return {
      {"description", description},
      {"headers",
       {{"X-Peel-Model", {{"description", "The model that ran"}, {"schema", {{"type", "string"}}}}},
        {"X-Peel-Device",
         {{"description", "The device it ran on"}, {"schema", {{"type", "string"}}}}},
        {"Server-Timing",
         {{"description", "Milliseconds of each stage"}, {"schema", {{"type", "string"}}}}}}},
      {"content", std::move(content)}};
}

Json Multipart(Json properties, const std::vector<std::string>& required) {
  Json schema = {{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = required;
  return {{"multipart/form-data", {{"schema", std::move(schema)}}}};
}

Json Query(const Json& properties) {
  Json parameters = Json::array();
  for (const auto& [name, schema] : properties.items()) {
    Json plain = schema;
    const std::string description = plain.value("description", "");
    plain.erase("description");
    parameters.push_back({{"name", name},
                          {"in", "query"},
                          {"description", description},
                          {"schema", std::move(plain)}});
  }
  return parameters;
}

Json PeelProperties() {
  return {
      {"model", Text("A model's name; the server's own by default")},
      {"format", Choice("Of the result", {"png", "jpg", "webp", "avif", "tiff", "zip"})},
      {"quality", Number("For jpg, avif and lossy webp", 1, 100)},
      {"lossless", Flag("Lossless webp or avif")},
      {"mask", Flag("Only the matte, grey")},
      {"background", Text("A CSS colour, blur or blur:RADIUS")},
      {"background-fit", Choice("How a background picture fills", {"cover", "contain"})},
      {"edges", Choice("How the matte gets its full size", {"auto", "off", "refine", "matting"})},
      {"keep", Choice("Parts of the subject", {"all", "largest"})},
      {"fill-holes", Flag("Holes in the subject become part of it")},
      {"compat", Choice("rembg: its pixels, defects included", {"rembg", "none"})},
      {"shadow", Text("true, or DX,DY[,BLUR[,OPACITY]] in pixels or %")},
      {"crop", Text("Crop to the subject plus a margin: 1, 2 or 4 lengths in pixels or %")},
      {"size", Text("WxH: fit the result into a canvas of this size")},
      {"position", Text("On that canvas: center, top-left … or X,Y in pixels or %")},
      {"max-size", Number("Of the result's longer side, pixels", 1, 1 << 20)},
      {"max-pixels", Number("Refuse pictures with more", 1, 1 << 30)},
      {"max-output-pixels", Number("The result has no more", 1, 1 << 30)},
      {"roi", Text("left,top,right,bottom in pixels or %: nothing outside is subject")},
      {"alpha-matting", Flag("As edges=matting")},
      {"alpha-matting-foreground-threshold", Number("Certainly subject above", 0, 255)},
      {"alpha-matting-background-threshold", Number("Certainly background below", 0, 255)},
      {"alpha-matting-erode-size", Number("Uncertain pixels along the edge", -1, 1000)},
      {"metadata", Choice("Profile, EXIF and XMP", {"keep", "drop"})},
      {"matte", Flag("With a JSON answer: the matte as well")},
      {"rectify", Flag("Straighten it too, where a quad is certain enough")},
  };
}

Json RectifyProperties() {
  const Json cut = PeelProperties();
  Json own = {
      {"kind", Choice("What is looked for", {"auto", "document", "product", "screen"})},
      {"corners",
       Text("x1,y1,…,x4,y4 in pixels of the upright picture, clockwise from the top left: "
            "nothing is looked for then")},
      {"ratio", Text("Width to height: auto, free, W:H, a4, letter or id1")},
      {"size", Text("WxH of the result, or Wx, or xH")},
      {"dpi",
       {{"type", "number"},
        {"description", "Of the result, where the paper's size is known"},
        {"minimum", 1},
        {"maximum", 9600}}},
      {"enhance", Choice("Even out light and colour", {"none", "auto", "color", "gray", "bw"})},
      {"turn", Choice("Degrees clockwise", {"auto", "0", "90", "180", "270"})},
      {"margin", Text("Show so much around the quad, in pixels or %")},
      {"cutout", Flag("Cut out as well")},
      {"all", Flag("Every sheet, as a ZIP archive")},
      {"keep", Flag("What cannot be straightened comes back as it is")},
      {"draw", Flag("The picture with what was found drawn on")},
  };
  for (const char* name : {"model", "quality", "lossless", "background", "background-fit", "edges",
                           "max-size", "max-pixels", "max-output-pixels", "metadata"}) {
    own[name] = cut[name];
  }
  own["format"] = Choice("Of the result", {"png", "jpg", "webp", "avif", "tiff"});
  return own;
}

Json RectifyPath() {
  Json form = RectifyProperties();
  form["image"] = File("The picture");
  form["image_url"] = Text("Or where it is to be had, if the server fetches");
  form["background_image"] = File("With cutout: a picture for the background");
  Json content = Multipart(std::move(form), {});
  content["application/octet-stream"] = {{"schema", {{"type", "string"}}}};
  Json ok = Picture("The straightened picture", {"image/png", "image/jpeg", "image/webp",
                                                 "image/avif", "image/tiff", "application/zip"});
  for (const auto& [name, description] :
       {std::pair{"X-Peel-Rectify", "ok, or with keep abstained"},
        {"X-Peel-Corners", "x1,y1,…,x4,y4 in the upright picture, from the result's top left"},
        {"X-Peel-Confidence", "0 to 1"},
        {"X-Peel-Kind", "document, product or screen"},
        {"X-Peel-Ratio", "Width to height of the flat rectangle"}}) {
    ok["headers"][name] = {{"description", description}, {"schema", {{"type", "string"}}}};
  }
  ok["content"]["application/json"] = {{"schema", Ref("RectifyResult")}};
  Json responses = WithErrors({{"200", std::move(ok)}}, "Error", kWorkErrors);
  responses["422"]["description"] = "The picture is broken, or nothing in it is certain enough";
  return {{"/v1/rectify",
           {{"post",
             {{"operationId", "rectify"},
              {"tags", {"Peel"}},
              {"summary", "Straighten a document, product or screen"},
              {"parameters", Query(RectifyProperties())},
              {"requestBody", {{"required", true}, {"content", std::move(content)}}},
              {"responses", std::move(responses)}}}}}};
}

Json CutPaths() {
  Json form = PeelProperties();
  form["image"] = File("The picture");
  form["image_url"] = Text("Or where it is to be had, if the server fetches");
  form["background_image"] = File("A picture for the background");
  form["hints"] = File("Strokes of the picture's size: green is subject, red is background");
  form["trimap"] = File("Black is background, white is subject, the rest is solved");
  Json content = Multipart(form, {});
  content["application/json"] = {{"schema", Ref("CutRequest")}};
  content["application/octet-stream"] = {{"schema", {{"type", "string"}}}};
  Json ok = Picture("The cut-out", {"image/png", "image/jpeg", "image/webp", "image/avif",
                                    "image/tiff", "application/zip"});
  ok["content"]["application/json"] = {{"schema", Ref("CutResult")}};
  Json query = PeelProperties();
  query["image_url"] = Text("Where the picture is to be had, if the server fetches");
  Json parameters = Query(query);
  for (Json& parameter : parameters) {
    if (parameter["name"] == "image_url") parameter["required"] = true;
  }
  Json batch = PeelProperties();
  batch["image"] = {{"type", "array"}, {"items", File("A picture")}};
  return {
      {"/v1/cut",
       {{"get",
         {{"operationId", "cutByUrl"},
          {"tags", {"Peel"}},
          {"summary", "Cut out a picture that is to be had by URL"},
          {"parameters", std::move(parameters)},
          {"responses", WithErrors({{"200", ok}}, "Error", kWorkErrors)}}},
        {"post",
         {{"operationId", "cut"},
          {"tags", {"Peel"}},
          {"summary", "Cut out one picture"},
          {"parameters", Query(PeelProperties())},
          {"requestBody", {{"required", true}, {"content", std::move(content)}}},
          {"responses", WithErrors({{"200", ok}}, "Error", kWorkErrors)}}}}},
      {"/v1/batch",
       {{"post",
         {{"operationId", "batch"},
          {"tags", {"Peel"}},
          {"summary", "Cut out many pictures, answered as a ZIP archive"},
          {"requestBody",
           {{"required", true}, {"content", Multipart(std::move(batch), {"image"})}}},
          {"responses",
           WithErrors({{"200", Picture("NAME.cut.png … and, where some failed, errors.json",
                                       {"application/zip"})}},
                      "Error", kWorkErrors)}}}}},
      {"/v1/about",
       {{"get",
         {{"operationId", "about"},
          {"tags", {"Peel"}},
          {"summary", "What this server is and takes"},
          {"responses",
           {{"200",
             {{"description", "Facts"}, {"content", JsonContent({{"type", "object"}})}}}}}}}}},
  };
}

Json RembgPaths() {
  const Json options = {
      {"model", Text("A model's name; with one the pixels are rembg's")},
      {"a", Flag("Alpha matting")},
      {"af", Number("Foreground threshold", 0, 255)},
      {"ab", Number("Background threshold", 0, 255)},
      {"ae", Number("Erode size", 0, 1000)},
      {"om", Flag("Only the mask")},
      {"ppm", Flag("Post-process the mask")},
      {"dc", Flag("Decontaminate the edges' colours")},
      {"bgc", Text("Background colour, R,G,B,A")},
      {"extras", Text("A JSON object")},
      {"compat", Choice("rembg: its pixels, also of Peel's model", {"rembg", "none"})},
  };
  Json form = options;
  form["file"] = File("The picture");
  Json query = options;
  query["url"] = Text("Where the picture is to be had");
  Json parameters = Query(query);
  for (Json& parameter : parameters) {
    if (parameter["name"] == "url") parameter["required"] = true;
  }
  const Json ok = Picture("The cut-out", {"image/png"});
  return {
      {"/api/remove",
       {{"get",
         {{"operationId", "rembgByUrl"},
          {"tags", {"rembg"}},
          {"summary", "As rembg's server: a picture by URL"},
          {"parameters", std::move(parameters)},
          {"responses", WithErrors({{"200", ok}}, "RembgError", kWorkErrors)}}},
        {"post",
         {{"operationId", "rembg"},
          {"tags", {"rembg"}},
          {"summary", "As rembg's server: a picture in the request"},
          {"parameters", Query(options)},
          {"requestBody", {{"required", true}, {"content", Multipart(std::move(form), {"file"})}}},
          {"responses", WithErrors({{"200", ok}}, "RembgError", kWorkErrors)}}}}}};
}

Json RemoveBgPaths() {
  Json form = {
      {"image_file", File("The picture; or")},
      {"image_file_b64", Text("the picture as base64; or")},
      {"image_url", Text("where it is to be had")},
      {"size",
       Choice("Most megapixels: 0.25, 1.5, 4, 25 or 50",
              {"preview", "small", "regular", "medium", "hd", "full", "4k", "50MP", "auto"})},
      {"type", Choice("Taken, without effect",
                      {"auto", "person", "product", "animal", "car", "car_interior", "car_part",
                       "transportation", "graphics", "other"})},
      {"type_level", Choice("none: no X-Type", {"none", "1", "2", "latest"})},
      {"format", Choice("Of the result", {"auto", "png", "jpg", "webp", "zip"})},
      {"channels", Choice("alpha: only the matte", {"rgba", "alpha"})},
      {"roi", Text("x1 y1 x2 y2, each in px or %")},
      {"crop", Flag("Crop to the subject")},
      {"crop_margin", Text("1, 2 or 4 values of at most 50% or 500px")},
      {"scale", Text("original, or 10% to 100%")},
      {"position", Text("original, center, or one or two values from 0% to 100%")},
      {"bg_color", Text("A hex code, with # or without, or a colour's name")},
      {"bg_image_file", File("A picture for the background")},
      {"bg_image_url", Text("Or where it is to be had")},
      {"add_shadow", Flag("Put a shadow behind the subject")},
      {"shadow_type", Choice("Of the shadow", {"none", "auto", "drop", "3D", "car"})},
      {"shadow_opacity", Number("Of the shadow, per cent", 0, 100)},
      {"semitransparency", Flag("Keep what shines through")},
  };
  Json flat = form;
  flat.erase("image_file");
  flat.erase("bg_image_file");
  const Json flat_schema = {{"type", "object"}, {"properties", flat}};
  Json content = Multipart(std::move(form), {});
  content["application/json"] = {{"schema", flat_schema}};
  content["application/x-www-form-urlencoded"] = {{"schema", flat_schema}};
  Json ok = Picture("The cut-out", {"image/png", "image/jpeg", "image/webp", "application/zip"});
  ok["content"]["application/json"] = {{"schema", Ref("RemoveBgResult")}};
  return {
      {"/v1.0/removebg",
       {{"post",
         {{"operationId", "removebg"},
          {"tags", {"remove.bg"}},
          {"summary", "As remove.bg"},
          {"requestBody", {{"required", true}, {"content", std::move(content)}}},
          {"responses", WithErrors({{"200", std::move(ok)}}, "RemoveBgError", kRemoveBgErrors)}}}}},
      {"/v1.0/account",
       {{"get",
         {{"operationId", "account"},
          {"tags", {"remove.bg"}},
          {"summary", "The key's credits"},
          {"responses", WithErrors({{"200",
                                     {{"description", "Credits"},
                                      {"content", JsonContent({{"type", "object"}})}}}},
                                   "RemoveBgError", {402, 403, 429, 503})}}}}},
  };
}

Json OtherPaths() {
  const Json image_file = {{"image_file", File("The picture")}};
  Json clipdrop = image_file;
  clipdrop["transparency_handling"] =
      Choice("A picture with transparency", {"return_input_if_non_opaque", "discard_alpha_layer"});
  Json photoroom = image_file;
  photoroom["format"] = Choice("Of the result", {"png", "jpg", "webp"});
  photoroom["channels"] = Choice("alpha: only the matte", {"rgba", "alpha"});
  photoroom["size"] = Choice("Most pixels", {"preview", "medium", "hd", "full"});
  photoroom["crop"] = Flag("Crop to the subject");
  photoroom["bg_color"] = Text("A hex code or a colour's name");
  photoroom["despill"] = Flag("Always done");
  Json raw = Multipart({{"image", File("The picture")}}, {"image"});
  raw["application/json"] = {
      {"schema",
       {{"type", "object"}, {"properties", {{"image", Text("base64")}}}, {"required", {"image"}}}}};
  raw["application/octet-stream"] = {{"schema", {{"type", "string"}}}};
  Json without_bg = Picture("The picture asked for", {"image/png"});
  without_bg["content"]["application/json"] = {{"schema", Ref("WithoutBgResult")}};
  return {
      {"/remove-background/v1",
       {{"post",
         {{"operationId", "clipdrop"},
          {"tags", {"Clipdrop"}},
          {"summary", "As Clipdrop"},
          {"requestBody",
           {{"required", true}, {"content", Multipart(std::move(clipdrop), {"image_file"})}}},
          {"responses", WithErrors({{"200", Picture("The cut-out, of the type that is accepted",
                                                    {"image/png", "image/webp", "image/jpeg"})}},
                                   "PlainError", kWorkErrors)}}}}},
      {"/v1/segment",
       {{"post",
         {{"operationId", "photoroom"},
          {"tags", {"Photoroom"}},
          {"summary", "As Photoroom"},
          {"requestBody",
           {{"required", true}, {"content", Multipart(std::move(photoroom), {"image_file"})}}},
          {"responses",
           WithErrors({{"200", Picture("The cut-out", {"image/png", "image/jpeg", "image/webp",
                                                       "application/json"})}},
                      "PhotoroomError", kWorkErrors)}}}}},
      {"/v1/remove-background",
       {{"post",
         {{"operationId", "withoutbg"},
          {"tags", {"withoutBG"}},
          {"summary", "As withoutBG's own server"},
          {"parameters",
           Query({{"output", Choice("Which picture", {"cutout", "matte", "processed"})}})},
          {"requestBody", {{"required", true}, {"content", std::move(raw)}}},
          {"responses",
           WithErrors({{"200", std::move(without_bg)}}, "PlainError", kWorkErrors)}}}}},
  };
}

Json OperatorPaths() {
  const auto status = [](std::string_view summary, std::string_view id, bool may_fail) {
    Json responses = {
        {"200", {{"description", "Yes"}, {"content", JsonContent({{"type", "object"}})}}}};
    if (may_fail) {
      responses["503"] = {{"description", "No"}, {"content", JsonContent({{"type", "object"}})}};
    }
    return Json{{"get",
                 {{"operationId", id},
                  {"tags", {"Operation"}},
                  {"summary", summary},
                  {"responses", std::move(responses)}}}};
  };
  return {{"/live", status("Whether the process lives", "live", false)},
          {"/ready", status("Whether a canary picture was cut out in time", "ready", true)},
          {"/health", status("As withoutBG's", "health", false)},
          {"/metrics",
           {{"get",
             {{"operationId", "metrics"},
              {"tags", {"Operation"}},
              {"summary", "Numbers for Prometheus"},
              {"responses",
               {{"200",
                 {{"description", "Text"},
                  {"content", {{"text/plain", {{"schema", {{"type", "string"}}}}}}}}}}}}}}}};
}

Json Schemas() {
  const Json string = {{"type", "string"}}, number = {{"type", "number"}};
  const Json list = {{"type", "array"}};
  Json request = {{"type", "object"}, {"properties", PeelProperties()}};
  request["properties"]["image"] = Text("The picture as base64");
  request["properties"]["image_url"] = Text("Or where it is to be had, if the server fetches");
  return {
      {"CutRequest", std::move(request)},
      {"CutResult",
       {{"type", "object"},
        {"properties",
         {{"image", Text("base64")},
          {"type", string},
          {"width", {{"type", "integer"}}},
          {"height", {{"type", "integer"}}},
          {"has_subject", {{"type", "boolean"}}},
          {"model", string},
          {"device", string},
          {"matte", Text("base64")}}},
        {"required", {"image", "type", "width", "height", "has_subject", "model", "device"}}}},
      {"RectifyResult",
       {{"type", "object"},
        {"properties",
         {{"image", {{"type", {"string", "null"}}, {"description", "base64; null: there is none"}}},
          {"type", string},
          {"width", {{"type", "integer"}}},
          {"height", {{"type", "integer"}}},
          {"rectify",
           {{"type", "object"},
            {"properties",
             {{"status", {{"type", "string"}, {"enum", {"ok", "abstained"}}}},
              {"reason", string},
              {"confidence", number},
              {"kind", string},
              {"corners", list},
              {"ratio", number},
              {"focal_px", number},
              {"homography", list},
              {"turn", {{"type", "integer"}}},
              {"dpi", list}}},
            {"required", {"status", "reason", "confidence"}}}},
          {"sheets", list}}},
        {"required", {"image", "width", "height", "rectify"}}}},
      {"Error",
       {{"type", "object"},
        {"properties",
         {{"error",
           {{"type", "object"},
            {"properties", {{"code", string}, {"message", string}}},
            {"required", {"code", "message"}}}}}},
        {"required", {"error"}}}},
      {"RembgError", {{"type", "object"}, {"required", {"detail"}}}},
      {"RemoveBgError",
       {{"type", "object"},
        {"properties",
         {{"errors",
           {{"type", "array"},
            {"items",
             {{"type", "object"},
              {"properties", {{"title", string}, {"code", string}, {"detail", string}}},
              {"required", {"title", "code"}}}}}}}},
        {"required", {"errors"}}}},
      {"RemoveBgResult", {{"type", "object"}, {"required", {"data"}}}},
      {"PlainError",
       {{"type", "object"}, {"properties", {{"error", string}}}, {"required", {"error"}}}},
      {"PhotoroomError", {{"type", "object"}, {"required", {"detail"}}}},
      {"WithoutBgResult",
       {{"type", "object"}, {"required", {"processed", "alphaMatte", "latencyMs"}}}},
  };
}

Json Describe(const Facts& facts) {
  Json paths = Json::object();
  for (const Json& part :
       {CutPaths(), RectifyPath(), RembgPaths(), RemoveBgPaths(), OtherPaths(), OperatorPaths()}) {
    paths.update(part);
  }
  Json api = {
      {"openapi", "3.1.0"},
      {"info",
       {{"title", "Peel"},
        {"version", facts.version},
        {"description",
         "Removes the background from pictures. Beside Peel's own interface this "
         "server speaks those of rembg, remove.bg, Clipdrop, Photoroom and withoutBG."},
        {"license", {{"name", "Apache 2.0"}, {"identifier", "Apache-2.0"}}}}},
      {"paths", std::move(paths)},
      {"components", {{"schemas", Schemas()}}},
  };
  if (facts.wants_keys) {
    api["components"]["securitySchemes"] = {
        {"key", {{"type", "apiKey"}, {"in", "header"}, {"name", "X-Api-Key"}}},
        {"bearer", {{"type", "http"}, {"scheme", "bearer"}}}};
    api["security"] = Json::array({{{"key", Json::array()}}, {{"bearer", Json::array()}}});
  }
  return api;
}

}  // namespace

std::string OpenApi(const Facts& facts) { return Describe(facts).dump(1); }

}  // namespace peel::server

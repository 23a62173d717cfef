#include <chrono>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "src/server/api/answers.h"
#include "src/server/api/parameters.h"
#include "src/server/api/picture_apis.h"

namespace peel::server {
namespace {

using Clock = std::chrono::steady_clock;

class WithoutBgApi final : public Api {
 public:
  std::string_view name() const override { return "withoutbg"; }
  std::vector<std::string_view> Routes() const override { return {"/v1/remove-background"}; }
  std::string Methods(std::string_view) const override { return "POST"; }
  Response Error(int status, const std::string& message) override {
    return JsonAnswer(status, {{"error", message}});
  }

  Plan Handle(const std::shared_ptr<const Request>& request, const Caller&) override {
    const auto form = ReadForm(*request);
    if (!form.ok()) {
      return Error(form.status().code() == StatusCode::kLimit ? 413 : 400, form.status().message());
    }
    const Parameters given(form->fields, request->query);
    const auto output = given.Choice("output", "cutout", {"cutout", "matte", "processed"});
    if (!output.ok()) return Error(400, output.status().message());
    Work work;
    work.files.keeper = request;
    const bool is_json = form->kind == Form::Kind::kJson;
    if (is_json) {
      const auto text = given.Text("image");
      if (!text) return Error(400, "image is missing: {\"image\": \"<base64>\"}");
      auto bytes = DecodeBase64(*text);
      if (!bytes.ok()) return Error(400, "image: " + bytes.status().message());
      auto kept = std::make_shared<const std::vector<uint8_t>>(*std::move(bytes));
      work.files.picture = *kept;
      work.files.keeper = kept;
    } else {
      const FormFile* file = form->File("image");
      if (file == nullptr && form->kind == Form::Kind::kRaw) file = form->File("");
      if (file == nullptr || file->bytes.empty()) {
        return Error(400,
                     "image is missing: send the picture as the body, as the part image, or "
                     "as JSON {\"image\": \"<base64>\"}");
      }
      work.files.picture = file->bytes;
    }
    work.job.mask_only = !is_json && *output == "matte";
    work.job.matte_too = is_json;
    if (Status status = work.job.Check(); !status.ok()) return Error(400, status.message());
    work.respond = [this, is_json, begun = Clock::now()](const Outcome& outcome) {
      if (!outcome.ok()) {
        return WithRetry(Error(HttpStatus(outcome.failure), outcome.failure.message),
                         outcome.failure);
      }
      const CutDone& done = *outcome.done;
      const auto taken = std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
      Response response = is_json ? JsonAnswer(200, {{"processed", EncodeBase64(done.bytes)},
                                                     {"alphaMatte", EncodeBase64(done.matte)},
                                                     {"latencyMs", std::round(taken)}})
                                  : PictureAnswer(done);
      response.headers.Set("X-Latency-Ms", std::to_string(std::lround(taken)));
      return response;
    };
    return work;
  }
};

}  // namespace

std::unique_ptr<Api> MakeWithoutBgApi() { return std::make_unique<WithoutBgApi>(); }

}  // namespace peel::server

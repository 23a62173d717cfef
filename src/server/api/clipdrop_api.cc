#include <nlohmann/json.hpp>
#include <utility>

#include "src/server/api/answers.h"
#include "src/server/api/parameters.h"
#include "src/server/api/picture_apis.h"

namespace peel::server {
namespace {

// The first of Clipdrop's three types that the client accepts.
std::string_view FormatAccepted(std::string_view accept) {
  size_t first = std::string_view::npos;
  std::string_view format = "png";
  for (const auto& [type, name] :
       {std::pair<std::string_view, std::string_view>{"image/png", "png"},
        {"image/webp", "webp"},
        {"image/jpeg", "jpg"},
        {"image/jpg", "jpg"}}) {
    if (const size_t at = accept.find(type); at < first) {
      first = at;
      format = name;
    }
  }
  return format;
}

class ClipdropApi final : public Api {
 public:
  std::string_view name() const override { return "clipdrop"; }
  std::vector<std::string_view> Routes() const override { return {"/remove-background/v1"}; }
  std::string Methods(std::string_view) const override { return "POST"; }
  Response Error(int status, const std::string& message) override {
    return JsonAnswer(status, {{"error", message}});
  }

  Plan Handle(const std::shared_ptr<const Request>& request, const Caller& caller) override {
    const auto form = ReadForm(*request);
    if (!form.ok()) {
      return Error(form.status().code() == StatusCode::kLimit ? 413 : 400, form.status().message());
    }
    const FormFile* const file = form->File("image_file");
    if (file == nullptr) return Error(400, "image_file is missing: send it as multipart/form-data");
    const Parameters given(form->fields, request->query);
    const auto handling = given.Choice("transparency_handling", "return_input_if_non_opaque",
                                       {"return_input_if_non_opaque", "discard_alpha_layer"});
    if (!handling.ok()) return Error(400, handling.status().message());
    Work work;
    work.job.own_alpha = *handling == "discard_alpha_layer" ? "discard" : "enough";
    work.files.picture = file->bytes;
    work.files.keeper = request;
    work.job.format = FormatAccepted(request->headers.Get("Accept"));
    if (Status status = work.job.Check(); !status.ok()) return Error(400, status.message());
    work.respond = [this, credits = caller.credits](const Outcome& outcome) {
      if (!outcome.ok()) {
        return WithRetry(Error(HttpStatus(outcome.failure), outcome.failure.message),
                         outcome.failure);
      }
      Response response = PictureAnswer(*outcome.done);
      response.headers.Set("x-credits-consumed", credits ? "1" : "0");
      response.headers.Set(
          "x-remaining-credits",
          std::to_string(credits ? std::max<int64_t>(*credits - 1, 0) : 1'000'000));
      return response;
    };
    return work;
  }
};

}  // namespace

std::unique_ptr<Api> MakeClipdropApi() { return std::make_unique<ClipdropApi>(); }

}  // namespace peel::server

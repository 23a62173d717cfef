#pragma once

#include <memory>
#include <string>
#include <utility>

#include "src/base/status.h"

namespace peel {

// What a file must have; an empty one is not asked for. Lower-case hexadecimal digits.
struct Checksums {
  std::string md5, sha256;
  bool known() const { return !md5.empty() || !sha256.empty(); }
};

// kCorrupt names the digest that differs; kIo.
Status CheckChecksums(const std::string& path, const Checksums& wanted);

// A file on its way. Until it is finished it lies beside its place as NAME.download, which no
// program takes for a model, locked while its maker or the curl(1) that it has started lives. One
// that a dead run has left is gone on with where a checksum can tell that both parts are of one
// file, and begun anew otherwise. What comes to nothing is removed, but for the beginning of a file
// with a checksum whose transfer broke off.
class Download {
 public:
  // kIo where another run is at it, or nothing can be written there.
  static Result<std::unique_ptr<Download>> Begin(const std::string& target);
  ~Download();
  Download(const Download&) = delete;
  Download& operator=(const Download&) = delete;

  // Transfers by curl, which knows proxies and certificates, over https alone, redirections
  // included, and looks at the checksums. kCancelled once a signal has come.
  Status Fetch(const std::string& url, const Checksums& checksums);
  const std::string& path() const { return path_; }
  Status Finish();  // gives it its name

 private:
  Download(std::string target, std::string path, int fd)
      : target_(std::move(target)), path_(std::move(path)), fd_(fd) {}
  Status Transfer(const std::string& url, bool resume, bool resumable);

  const std::string target_, path_;
  const int fd_;
  bool keep_ = false;
};

// Removes from a folder what dead runs have left and nobody has touched for a day, and what earlier
// versions of Peel left under names that look like models.
void RemoveStaleDownloads(const std::string& folder);

}  // namespace peel

#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "src/base/os/file.h"

namespace peel {

// A folder of a test's own, gone with it.
class TestFolder {
 public:
  TestFolder() {
    path_ = MakeTemporaryFolder((std::filesystem::temp_directory_path() / "peel-test-").string());
  }
  ~TestFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

  std::string Put(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << content;
    return *this / name;
  }
  std::string Get(const std::string& name) const {
    std::ifstream file(path_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Entries of the folder, hidden ones included.
  int Count() const {
    return static_cast<int>(std::distance(std::filesystem::directory_iterator(path_),
                                          std::filesystem::directory_iterator()));
  }

 private:
  std::filesystem::path path_;
};

}  // namespace peel

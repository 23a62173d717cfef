#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/base/function_ref.h"
#include "src/base/os/unique_fd.h"

namespace peel {

// Something that happened in a watched folder.
struct FolderEvent {
  int watch = -1;          // as Add returned it
  bool lost = false;       // more happened than could be told; nothing else is said
  bool gone = false;       // the folder itself was deleted, moved or unmounted, or is
  bool ended = false;      //   no longer watched
  bool is_folder = false;  // what it is about
  bool left = false;       // was moved away
  bool came = false;       // was made or moved here; neither of both: was written to
  std::string_view name;   // in the folder; "": the folder itself
};

// What happens in folders (Linux: inotify). By one thread.
class FolderEvents {
 public:
  // 0, or the errno of why not; ENOSYS where the system has nothing of the kind.
  int Open();
  // The watch's number; -1 and errno.
  int Add(const std::string& folder);
  void Remove(int watch);

  // All that has happened since, without waiting.
  void Read(FunctionRef<void(const FolderEvent&)> event);
  // Until something has happened, or so many milliseconds.
  void Wait(int milliseconds);

  // What the user can do about such an error of Open or Add; "" mostly.
  static std::string Advice(int error);

 private:
  UniqueFd fd_;
};

// Whether some process has the file open for writing; false where that cannot be found out.
bool IsBeingWritten(const std::string& path);

}  // namespace peel

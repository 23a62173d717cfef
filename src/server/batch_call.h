#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "src/server/service.h"
#include "src/server/work/zip_writer.h"

namespace peel::server {

// Many pictures, answered as one ZIP archive that is sent while it grows: a few are at work at a
// time, in the order in which they came, and no further ahead than the client takes them. What
// fails stands in errors.json at the archive's end; the others are not disturbed.
class Service::BatchCall : public std::enable_shared_from_this<Service::BatchCall> {
 public:
  // `verdicts`: of each picture.
  static void Start(Service& service, std::shared_ptr<Exchange> exchange, Batch batch,
                    std::vector<Gate::Verdict> verdicts);

  BatchCall(Service& service, std::shared_ptr<Exchange> exchange, Batch batch,
            std::vector<Gate::Verdict> verdicts);
  ~BatchCall();

 private:
  using Next = std::function<void(std::string piece)>;

  void Pull(Next next);  // the client takes another piece
  void Fill();           // hands out work as far as the window goes
  void Done(size_t item, const Outcome& outcome);
  void Deliver();  // to who waits, where the next in order is there
  void Gone();
  std::string Errors() const;

  Service& service_;
  std::shared_ptr<Exchange> exchange_;
  Batch batch_;
  std::vector<Gate::Verdict> verdicts_;
  ZipWriter zip_;
  size_t window_;
  size_t handed_out_ = 0, delivered_ = 0;
  std::map<size_t, uint64_t> jobs_;  // at work
  struct Picture {
    std::span<const uint8_t> bytes;  // none: it failed
    Keeper keeper;
  };
  std::map<size_t, Picture> finished_;                       // that wait for their turn
  std::vector<std::pair<std::string, std::string>> errors_;  // names and reasons
  Next waiting_;
  struct Timer;
  std::unique_ptr<Timer> retry_;
  bool gone_ = false, ended_ = false;
};

}  // namespace peel::server

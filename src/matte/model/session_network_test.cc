#include "src/matte/model/session_network.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "src/base/float16.h"
#include "src/base/thread_pool.h"

namespace peel {
namespace {

using engine::DataType;
using engine::Tensor;

// A session whose contexts answer "twice" with the doubled input and "half" with the same in fp16.
class FakeSession : public engine::Session {
 public:
  explicit FakeSession(DataType input_type) {
    engine::Port in;
    in.name = "in";
    in.type = input_type;
    in.has_shape = true;
    in.shape = {1, 3, -1, -1};
    inputs_ = {in};
    engine::Port out;
    out.name = "twice";
    outputs_ = {out};
  }

  class FakeContext : public engine::Context {
   public:
    explicit FakeContext(const FakeSession& session) : session_(session) {
      const int alive = ++session_.alive;
      int most = session_.most_alive;
      while (alive > most && !session_.most_alive.compare_exchange_weak(most, alive)) {
      }
    }
    ~FakeContext() override { --session_.alive; }
    Result<std::vector<Tensor>> Run(std::span<const engine::NamedTensor> feeds,
                                    std::span<const std::string> fetches) override {
      if (busy_.exchange(true)) return Internal("two runs in one context");
      if (session_.during_run) session_.during_run();
      auto result = Answer(feeds, fetches);
      busy_ = false;
      return result;
    }
    Status Prepare(std::span<const engine::NamedTensor>, std::span<const std::string>) override {
      return OkStatus();
    }
    void EnableProfile(bool) override {}
    std::vector<engine::StepProfile> LastProfile() const override { return {}; }
    engine::MemoryReport Memory() const override { return {}; }

   private:
    static Result<std::vector<Tensor>> Answer(std::span<const engine::NamedTensor> feeds,
                                              std::span<const std::string> fetches) {
      if (feeds.size() != 1 || feeds[0].name != "in") return Internal("wrong feeds");
      PEEL_ASSIGN_OR_RETURN(std::vector<float> values, feeds[0].tensor.AsFloats());
      std::vector<Tensor> tensors;
      for (const std::string& name : fetches) {
        const bool half = name == "half";
        PEEL_ASSIGN_OR_RETURN(Tensor t,
                              Tensor::Allocate(half ? DataType::kFloat16 : DataType::kFloat32,
                                               feeds[0].tensor.shape()));
        for (size_t i = 0; i < values.size(); ++i) {
          if (half) {
            t.data<uint16_t>()[i] = FloatToHalf(2 * values[i]);
          } else {
            t.data<float>()[i] = 2 * values[i];
          }
        }
        tensors.push_back(std::move(t));
      }
      return tensors;
    }
    const FakeSession& session_;
    std::atomic<bool> busy_{false};
  };

  const std::vector<engine::Port>& inputs() const override { return inputs_; }
  const std::vector<engine::Port>& outputs() const override { return outputs_; }
  const std::map<std::string, std::string, std::less<>>& metadata() const override {
    return metadata_;
  }
  engine::ModelInfo Info() const override { return {}; }
  std::unique_ptr<engine::Context> NewContext() const override {
    ++contexts;
    return std::make_unique<FakeContext>(*this);
  }
  std::string Summary() const override { return ""; }
  Result<std::string> PlanText(
      const std::map<std::string, engine::Shape, std::less<>>&) const override {
    return std::string();
  }
  int threads() const override { return 1; }

  mutable std::atomic<int> contexts{0}, alive{0}, most_alive{0};
  std::function<void()> during_run;

 private:
  std::vector<engine::Port> inputs_, outputs_;
  std::map<std::string, std::string, std::less<>> metadata_{{"peel.family", "u2net"}};
};

TEST(SessionNetwork, FeedsAndReadsFloatsOfBothWidths) {
  for (const DataType type : {DataType::kFloat32, DataType::kFloat16}) {
    auto network = SessionNetwork::Create(std::make_shared<FakeSession>(type));
    ASSERT_TRUE(network.ok());
    EXPECT_EQ((*network)->inputs()[0].shape, (std::vector<int64_t>{1, 3, -1, -1}));
    EXPECT_TRUE((*network)->outputs()[0].shape.empty());
    EXPECT_EQ((*network)->metadata().at("peel.family"), "u2net");
    const std::vector<float> input = {0, 1, 2, 3, 4, 5};
    const int64_t shape[] = {1, 3, 1, 2};
    const std::string outputs[] = {"half", "twice"};
    const auto tensors = (*network)->Run(input, shape, outputs);
    ASSERT_TRUE(tensors.ok()) << tensors.status().message();
    ASSERT_EQ(tensors->size(), 2u);
    for (const NetworkTensor& t : *tensors) {
      EXPECT_EQ(t.shape, (std::vector<int64_t>{1, 3, 1, 2}));
      ASSERT_EQ(t.values.size(), 6u);
      for (size_t i = 0; i < 6; ++i) EXPECT_EQ(t.values[i], 2 * input[i]);
    }
    EXPECT_EQ((*tensors)[1].name, "twice");
  }
}

TEST(SessionNetwork, KeepsContextsAndNeverSharesOne) {
  auto session = std::make_shared<FakeSession>(DataType::kFloat32);
  auto network = SessionNetwork::Create(session);
  ASSERT_TRUE(network.ok());
  const std::vector<float> input(3, 1.0f);
  const int64_t shape[] = {1, 3, 1, 1};
  const std::string outputs[] = {"twice"};
  for (int i = 0; i < 5; ++i) ASSERT_TRUE((*network)->Run(input, shape, outputs).ok());
  EXPECT_EQ(session->contexts, 1);
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) {
        if (!(*network)->Run(input, shape, outputs).ok()) ++failures;
      }
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(failures, 0);
  EXPECT_LE(session->most_alive, 4);
}

// A burst of calls leaves no more contexts behind than can be of use, and few runs later none that
// are of none.
TEST(SessionNetwork, ForgetsABurst) {
  auto session = std::make_shared<FakeSession>(DataType::kFloat32);
  auto network = SessionNetwork::Create(session);
  ASSERT_TRUE(network.ok());
  const std::vector<float> input(3, 1.0f);
  const int64_t shape[] = {1, 3, 1, 1};
  const std::string outputs[] = {"twice"};
  constexpr int kCalls = 64;
  std::barrier together(kCalls);
  session->during_run = [&] { together.arrive_and_wait(); };
  std::vector<std::thread> threads;
  for (int t = 0; t < kCalls; ++t) {
    threads.emplace_back([&] { EXPECT_TRUE((*network)->Run(input, shape, outputs).ok()); });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(session->most_alive, kCalls);
  EXPECT_LE((*network)->idle_contexts(), static_cast<size_t>(AvailableCpus()));
  EXPECT_EQ(static_cast<size_t>(session->alive), (*network)->idle_contexts());
  session->during_run = nullptr;
  for (int i = 0; i < 200; ++i) ASSERT_TRUE((*network)->Run(input, shape, outputs).ok());
  EXPECT_EQ(session->alive, 1);
  (*network)->DropIdle();
  EXPECT_EQ(session->alive, 0);
  EXPECT_TRUE((*network)->Run(input, shape, outputs).ok());
}

TEST(SessionNetwork, RefusesWhatIsNoPicture) {
  EXPECT_EQ(SessionNetwork::Create(std::make_shared<FakeSession>(DataType::kInt64)).status().code(),
            StatusCode::kUnsupported);
  auto network = SessionNetwork::Create(std::make_shared<FakeSession>(DataType::kFloat32));
  const std::vector<float> input(5, 1.0f);
  const int64_t shape[] = {1, 3, 1, 1};
  EXPECT_FALSE((*network)->Run(input, shape, {}).ok());
}

}  // namespace
}  // namespace peel

#include "src/engine/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>
#include <random>
#include <thread>

#include "src/base/os/process.h"
#include "src/engine/native_session.h"
#include "src/engine/onnx/model_builder.h"
#include "src/engine/plan/placement.h"

namespace {
std::atomic<int64_t> allocations{0};
}  // namespace

// Counts what the program allocates, for the test that runs allocate nothing.
void* operator new(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size == 0 ? 1 : size);
}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // GCC inlines one half of the pair only
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
#pragma GCC diagnostic pop

namespace peel::engine {
namespace {

using testing::Info;
using testing::IntAttribute;
using testing::IntsAttribute;
using testing::Message;
using testing::NodeOf;
using testing::RawTensor;

constexpr int kFloat = 1;

std::string Numbered(std::string name, int number) { return name += std::to_string(number); }

// A model under construction: nodes, weights, inputs and outputs.
class ModelText {
 public:
  void Input(const std::string& name, const std::vector<int64_t>& dims) {
    graph_.Sub(11, Info(name, kFloat, dims));
  }
  void Output(const std::string& name, const std::vector<int64_t>& dims) {
    graph_.Sub(12, Info(name, kFloat, dims));
  }
  void Add(const Message& node) { graph_.Sub(1, node); }
  std::string Weights(const std::vector<int64_t>& dims) {
    int64_t count = 1;
    for (const int64_t d : dims) count *= d;
    std::vector<float> values(static_cast<size_t>(count));
    const double taps = static_cast<double>(count / std::max<int64_t>(dims[0], 1));
    std::normal_distribution<float> normal(0,
                                           static_cast<float>(1 / std::sqrt(std::max(1.0, taps))));
    for (float& v : values) v = normal(random_);
    return Constant(dims, values);
  }
  template <typename T>
  std::string Constant(const std::vector<int64_t>& dims, const std::vector<T>& values) {
    const std::string name = Numbered("weights", constants_++);
    graph_.Sub(5, RawTensor(name, std::is_same_v<T, float> ? kFloat : 7, dims, values));
    return name;
  }
  // A 3x3 convolution that keeps the extents.
  std::string Conv(const std::string& x, const std::string& y, int64_t in, int64_t out,
                   int64_t kernel = 3, int64_t dilation = 1, int64_t groups = 1) {
    const std::string w = Weights({out, in / groups, kernel, kernel}), b = Weights({out});
    const int64_t pad = dilation * (kernel / 2);
    Add(NodeOf("Conv", {x, w, b}, {y}, "conv_" + y)
            .Sub(5, IntsAttribute("kernel_shape", {kernel, kernel}))
            .Sub(5, IntsAttribute("pads", {pad, pad, pad, pad}))
            .Sub(5, IntsAttribute("dilations", {dilation, dilation}))
            .Sub(5, IntAttribute("group", groups)));
    return y;
  }
  std::string Bytes() const { return testing::Model(graph_); }

 private:
  Message graph_;
  std::mt19937 random_{5};
  int constants_ = 0;
};

Result<std::unique_ptr<Session>> LoadText(const std::string& bytes, SessionOptions options = {}) {
  static ThreadPool two(2);
  if (options.pool == nullptr) options.pool = &two;
  const auto owner = std::make_shared<const std::string>(bytes);
  return Session::LoadBytes({reinterpret_cast<const uint8_t*>(owner->data()), owner->size()}, owner,
                            "test.onnx", options);
}

Tensor Noise(const Shape& shape, unsigned seed = 1) {
  Tensor tensor = Tensor::Allocate(DataType::kFloat32, shape).value();
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  for (int64_t i = 0; i < tensor.elements(); ++i) tensor.data<float>()[i] = uniform(random);
  return tensor;
}

Result<std::vector<Tensor>> RunOnce(const Session& session, const std::vector<NamedTensor>& feeds,
                                    const std::vector<std::string>& fetches = {}) {
  return session.NewContext()->Run(feeds, fetches);
}

void ExpectNear(const Tensor& a, const Tensor& b, double tolerance, const std::string& what) {
  ASSERT_EQ(a.shape(), b.shape()) << what;
  for (int64_t i = 0; i < a.elements(); ++i) {
    const double x = a.data<float>()[i], y = b.data<float>()[i];
    ASSERT_LE(std::abs(x - y), tolerance * (1 + std::abs(y))) << what << ", element " << i;
  }
}

bool SameBytes(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Tensor& x, const Tensor& y) {
    return x.shape() == y.shape() && std::memcmp(x.raw(), y.raw(), x.bytes()) == 0;
  });
}

// A small U-shaped network with everything that the planner does: skips that concatenate, a
// residual sum, pooling, resizing, a side output of one channel.
std::string SmallNet(const std::vector<int64_t>& input, int64_t channels = 16) {
  ModelText m;
  m.Input("x", input);
  m.Conv("x", "c1", input[1], channels);
  m.Add(NodeOf("Relu", {"c1"}, {"r1"}));
  m.Add(NodeOf("MaxPool", {"r1"}, {"p1"})
            .Sub(5, IntsAttribute("kernel_shape", {2, 2}))
            .Sub(5, IntsAttribute("strides", {2, 2}))
            .Sub(5, IntAttribute("ceil_mode", 1)));
  m.Conv("p1", "c2", channels, channels, 3, 2);
  m.Add(NodeOf("Relu", {"c2"}, {"r2"}));
  m.Add(NodeOf("Add", {"r2", "p1"}, {"a2"}));
  m.Add(NodeOf("Shape", {"r1"}, {"s1"}));
  m.Add(NodeOf("Resize", {"a2", "", "", "s1"}, {"u2"})
            .Sub(5, Message().String(1, "mode").String(4, "linear").Int(20, 3)));
  m.Add(NodeOf("Concat", {"u2", "r1"}, {"k"}).Sub(5, IntAttribute("axis", 1)));
  m.Conv("k", "c3", 2 * channels, channels);
  m.Add(NodeOf("Sigmoid", {"c3"}, {"y"}));
  m.Conv("k", "c4", 2 * channels, 1);
  m.Add(NodeOf("Sigmoid", {"c4"}, {"side"}));
  m.Output("y", {-1, channels, -1, -1});
  m.Output("side", {-1, 1, -1, -1});
  return m.Bytes();
}

TEST(SessionPlan, ConcatenationAndSidesCostNothing) {
  const auto session = LoadText(SmallNet({1, 3, 32, 32}));
  ASSERT_TRUE(session.ok()) << session.status().message();
  const auto& native = static_cast<const NativeSession&>(**session);
  NativeSession::PlanKey key{{{1, 3, 32, 32}}, {}, native.Fetches({}).value()};
  const auto both = native.PlanFor(key).value();
  for (const Operation& op : both->program().operations) {
    if (op.variant.kind != Variant::Kind::kConcat) continue;
    EXPECT_EQ(op.in_place, (std::vector<char>{1, 1}));
  }
  EXPECT_EQ(FindOverlap(both->program()), "");
  const std::vector<std::string> one{"y"};
  key.fetches = native.Fetches(one).value();
  const auto only_y = native.PlanFor(key).value();
  EXPECT_LT(only_y->steps().size(), both->steps().size());
  for (const auto& step : only_y->steps())
    EXPECT_EQ(step.info.node.find("conv_c4"), std::string::npos);
}

TEST(Session, FastKernelsAgreeWithTheReference) {
  for (const int64_t channels : {16, 24, 1, 33}) {
    for (const Shape& shape : {Shape{1, 3, 32, 32}, Shape{2, 3, 17, 29}, Shape{1, 5, 1, 7}}) {
      const std::string bytes = SmallNet(shape, channels);
      SessionOptions plain;
      plain.disabled_kernels = {"all"};
      plain.disabled_passes = {};
      const auto fast = LoadText(bytes), slow = LoadText(bytes, plain);
      ASSERT_TRUE(fast.ok()) << fast.status().message();
      ASSERT_TRUE(slow.ok()) << slow.status().message();
      const Tensor x = Noise(shape);
      const auto a = RunOnce(**fast, {{"x", x}}), b = RunOnce(**slow, {{"x", x}});
      ASSERT_TRUE(a.ok()) << a.status().message();
      ASSERT_TRUE(b.ok()) << b.status().message();
      for (size_t i = 0; i < a->size(); ++i) {
        ExpectNear((*a)[i], (*b)[i], 2e-5,
                   std::to_string(channels) + " channels, " + ShapeString(shape));
      }
    }
  }
}

// Half of the channels batch-normalised and half instance-normalised, as MODNet does.
std::string HalfAndHalfNet(int64_t channels, int64_t half, bool relu) {
  ModelText m;
  m.Input("x", {2, 3, 19, 23});
  m.Conv("x", "c", 3, channels);
  const auto cut = [&](const char* to, int64_t from, int64_t end) {
    m.Add(NodeOf("Slice",
                 {"c", m.Constant<int64_t>({1}, {from}), m.Constant<int64_t>({1}, {end}),
                  m.Constant<int64_t>({1}, {1})},
                 {to}));
  };
  cut("s1", 0, half);
  cut("s2", half, INT64_MAX);
  const std::vector<float> positive(static_cast<size_t>(half), 0.7f);
  m.Add(NodeOf("BatchNormalization",
               {"s1", m.Weights({half}), m.Weights({half}), m.Weights({half}),
                m.Constant<float>({half}, positive)},
               {"n1"}));
  m.Add(NodeOf("InstanceNormalization",
               {"s2", m.Weights({channels - half}), m.Weights({channels - half})}, {"n2"}));
  m.Add(NodeOf("Concat", {"n1", "n2"}, {relu ? "k" : "y"}).Sub(5, IntAttribute("axis", 1)));
  if (relu) m.Add(NodeOf("Relu", {"k"}, {"y"}));
  m.Output("y", {2, channels, 19, 23});
  return m.Bytes();
}

TEST(Session, NormalisationsOfPartsOfTheChannels) {
  for (const int64_t channels : {32, 48, 10}) {
    for (const bool relu : {true, false}) {
      const std::string bytes = HalfAndHalfNet(channels, channels / 2, relu);
      SessionOptions plain, unfused;
      plain.disabled_kernels = plain.disabled_passes = {"all"};
      unfused.disabled_passes = {"fuse_channel_norm"};
      const auto fused = LoadText(bytes), apart = LoadText(bytes, unfused);
      const auto slow = LoadText(bytes, plain);
      ASSERT_TRUE(fused.ok() && apart.ok() && slow.ok());
      const Tensor x = Noise({2, 3, 19, 23});
      const auto want = RunOnce(**slow, {{"x", x}});
      ASSERT_TRUE(want.ok()) << want.status().message();
      for (const auto* session : {&fused, &apart}) {
        const auto got = RunOnce(***session, {{"x", x}});
        ASSERT_TRUE(got.ok()) << got.status().message();
        ExpectNear((*got)[0], (*want)[0], 2e-5, std::to_string(channels) + " channels");
      }
      const std::string text = (*fused)->PlanText({}).value();
      EXPECT_NE(text.find("channel_norm"), std::string::npos);
      EXPECT_EQ(text.find("InstanceNormalization"), std::string::npos);
    }
  }
}

// What reads much and writes little, or looks at each number many times, costs the plain operators
// what it costs: they are not taken where there is a kernel.
TEST(Session, PoolsOfManyNumbersAreNotLeftToTheReference) {
  ModelText m;
  m.Input("x", {1, 3, 13, 13});
  m.Conv("x", "c", 3, 32);
  m.Add(NodeOf("MaxPool", {"c"}, {"m"})
            .Sub(5, IntsAttribute("kernel_shape", {13, 13}))
            .Sub(5, IntsAttribute("pads", {6, 6, 6, 6})));
  m.Add(NodeOf("GlobalAveragePool", {"m"}, {"y"}));
  m.Output("y", {1, 32, 1, 1});
  const auto session = LoadText(m.Bytes());
  ASSERT_TRUE(session.ok()) << session.status().message();
  const std::string text = (*session)->PlanText({}).value();
  EXPECT_EQ(text.find("* reference"), std::string::npos) << text;
}

// The model's result for noise of this shape is the reference's, and a step of its plan has
// `kernel`.
void ExpectKernelAgrees(const std::string& bytes, const Shape& shape, const char* kernel,
                        const char* what) {
  SessionOptions plain;
  plain.disabled_kernels = {"all"};
  const auto fast = LoadText(bytes), slow = LoadText(bytes, plain);
  ASSERT_TRUE(fast.ok() && slow.ok());
  const std::string text = (*fast)->PlanText({}).value();
  EXPECT_NE(text.find(std::string("* ") + kernel), std::string::npos) << text;
  const Tensor x = Noise(shape);
  const auto got = RunOnce(**fast, {{"x", x}}), want = RunOnce(**slow, {{"x", x}});
  ASSERT_TRUE(got.ok() && want.ok());
  ExpectNear((*got)[0], (*want)[0], 2e-5, what);
}

TEST(Session, ReductionsOverThePictureArePools) {
  for (const char* op : {"ReduceMax", "ReduceMean"}) {
    for (const int64_t channels : {16, 20}) {
      for (const int64_t keep : {0, 1}) {
        ModelText m;
        m.Input("x", {2, 3, 9, 11});
        m.Conv("x", "c", 3, channels);
        m.Add(NodeOf(op, {"c"}, {"y"})
                  .Sub(5, IntsAttribute("axes", {2, 3}))
                  .Sub(5, IntAttribute("keepdims", keep)));
        m.Output("y", keep != 0 ? Shape{2, channels, 1, 1} : Shape{2, channels});
        ExpectKernelAgrees(m.Bytes(), {2, 3, 9, 11}, "global_pool", op);
      }
    }
  }
}

// A first layer and the pooling behind it are one step where the extents are even.
TEST(Session, PooledFirstLayersAgreeWithTheReference) {
  for (const int64_t width : {14, 15}) {
    ModelText m;
    m.Input("x", {2, 3, 10, width});
    m.Conv("x", "c", 3, 20);
    m.Add(NodeOf("Relu", {"c"}, {"r"}));
    m.Add(NodeOf("MaxPool", {"r"}, {"y"})
              .Sub(5, IntsAttribute("kernel_shape", {2, 2}))
              .Sub(5, IntsAttribute("strides", {2, 2})));
    m.Output("y", {2, 20, 5, width / 2});
    const auto session = LoadText(m.Bytes());
    ASSERT_TRUE(session.ok()) << session.status().message();
    const std::string plan = (*session)->PlanText({}).value();
    EXPECT_EQ(plan.find("peel.ConvMaxPool") != std::string::npos, width == 14) << plan;
    ExpectKernelAgrees(m.Bytes(), {2, 3, 10, width}, width == 14 ? "direct_few_in" : "pool",
                       "a first layer and its pool");
  }
}

// Pixels side by side from channels, as sub-pixel heads make them.
TEST(Session, DepthToSpaceAgreesWithTheReference) {
  for (const int64_t block : {2, 3}) {
    for (const char* mode : {"DCR", "CRD"}) {
      ModelText m;
      m.Input("x", {2, 3, 5, 7});
      m.Conv("x", "c", 3, 2 * block * block);
      m.Add(NodeOf("DepthToSpace", {"c"}, {"y"})
                .Sub(5, IntAttribute("blocksize", block))
                .Sub(5, Message().String(1, "mode").String(4, mode).Int(20, 3)));
      m.Output("y", {2, 2, 5 * block, 7 * block});
      ExpectKernelAgrees(m.Bytes(), {2, 3, 5, 7}, "depth_to_space", mode);
    }
  }
}

TEST(Session, RandomNetworksAgreeWithTheReference) {
  std::mt19937 random(11);
  const auto pick = [&](auto... options) {
    const std::array<int64_t, sizeof...(options)> list{options...};
    return list[random() % list.size()];
  };
  for (int round = 0; round < 60; ++round) {
    struct Image {
      std::string name;
      int64_t channels, size;
    };
    ModelText m;
    const int64_t batch = pick(1, 1, 2), size = pick(9, 12, 20);
    std::vector<Image> images{{"x", pick(1, 3, 16), size}};
    m.Input("x", {batch, images[0].channels, size, size});
    std::string last = "x";
    int number = 0;
    for (int i = 0; i < 12; ++i) {
      const Image a = images[images.size() - 1 - std::min<size_t>(random() % 3, images.size() - 1)];
      Image out{Numbered("t", number++), a.channels, a.size};
      switch (random() % 10) {
        case 0:
        case 1:
        case 2:
          out.channels = pick(1, 4, 16, 17, 32);
          m.Conv(a.name, out.name, a.channels, out.channels, pick(1, 3, 5), pick(1, 2));
          break;
        case 3:
          m.Conv(a.name, out.name, a.channels, a.channels, 3, 1, a.channels);  // depthwise
          break;
        case 4: {
          const char* ops[] = {"Relu", "Sigmoid", "HardSwish", "Tanh", "Softplus", "Exp", "Neg"};
          const char* op = ops[random() % 7];
          // Exp grows without bounds when it is repeated.
          const std::string in = a.name;
          if (std::string(op) == "Exp") {
            m.Add(NodeOf("Tanh", {in}, {out.name + "t"}));
            m.Add(NodeOf(op, {out.name + "t"}, {out.name}));
          } else {
            m.Add(NodeOf(op, {in}, {out.name}));
          }
          break;
        }
        case 5: {
          const std::string pool = random() % 2 ? "MaxPool" : "AveragePool";
          if (a.size < 3) continue;
          out.size = (a.size + 2 - 3) / 2 + 1;
          m.Add(NodeOf(pool, {a.name}, {out.name})
                    .Sub(5, IntsAttribute("kernel_shape", {3, 3}))
                    .Sub(5, IntsAttribute("strides", {2, 2}))
                    .Sub(5, IntsAttribute("pads", {1, 1, 1, 1})));
          break;
        }
        case 6: {
          const Image& b = images[random() % images.size()];
          const std::string sizes = m.Constant<int64_t>({4}, {batch, a.channels, b.size, b.size});
          out.size = b.size;
          m.Add(NodeOf("Resize", {a.name, "", "", sizes}, {out.name})
                    .Sub(5, Message()
                                .String(1, "mode")
                                .String(4, random() % 2 ? "linear" : "nearest")
                                .Int(20, 3)));
          break;
        }
        case 7: {
          std::vector<std::string> parts;
          out.channels = 0;
          for (const Image& b : images) {
            if (b.size == a.size && parts.size() < 3) {
              parts.push_back(b.name);
              out.channels += b.channels;
            }
          }
          if (out.channels > 200) continue;
          m.Add(NodeOf("Concat", parts, {out.name}).Sub(5, IntAttribute("axis", 1)));
          break;
        }
        case 8: {
          const char* ops[] = {"Add", "Mul", "Sub", "Max"};
          std::string other = m.Constant<float>(
              {a.channels, 1, 1}, std::vector<float>(static_cast<size_t>(a.channels), 0.5f));
          for (const Image& b : images) {
            if (b.size == a.size && (b.channels == a.channels || b.channels == 1) && random() % 2) {
              other = b.name;
            }
          }
          m.Add(NodeOf(ops[random() % 4], {a.name, other}, {out.name}));
          break;
        }
        default: {
          // Squeeze and excite: a mean per channel that scales the image.
          m.Add(NodeOf("GlobalAveragePool", {a.name}, {out.name + "m"}));
          m.Conv(out.name + "m", out.name + "c", a.channels, a.channels, 1);
          m.Add(NodeOf("Sigmoid", {out.name + "c"}, {out.name + "s"}));
          m.Add(NodeOf("Mul", {a.name, out.name + "s"}, {out.name}));
        }
      }
      images.push_back(out);
      last = out.name;
    }
    m.Output(last, {-1, -1, -1, -1});
    const Image middle = images[images.size() / 2];
    if (middle.name != "x" && middle.name != last) m.Output(middle.name, {-1, -1, -1, -1});
    if (last == "x") continue;
    SessionOptions plain;
    plain.disabled_kernels = {"all"};
    const auto fast = LoadText(m.Bytes()), slow = LoadText(m.Bytes(), plain);
    ASSERT_TRUE(fast.ok()) << fast.status().message();
    ASSERT_TRUE(slow.ok()) << slow.status().message();
    const Tensor x = Noise({batch, images[0].channels, size, size}, static_cast<unsigned>(round));
    const auto a = RunOnce(**fast, {{"x", x}}), b = RunOnce(**slow, {{"x", x}});
    ASSERT_TRUE(a.ok()) << a.status().message();
    ASSERT_TRUE(b.ok()) << b.status().message();
    for (size_t i = 0; i < a->size(); ++i) {
      ExpectNear((*a)[i], (*b)[i], 1e-4, Numbered("round ", round));
      if (HasFatalFailure()) return;
    }
  }
}

TEST(Session, SameBytesForEveryNumberOfThreadsAndEveryRun) {
  const std::string bytes = SmallNet({1, 3, 61, 47}, 24);
  const Tensor x = Noise({1, 3, 61, 47});
  std::vector<Tensor> first;
  for (const int threads : {1, 2, 3}) {
    SessionOptions options;
    ThreadPool pool(threads);
    options.pool = &pool;
    const auto session = LoadText(bytes, options);
    ASSERT_TRUE(session.ok());
    EXPECT_EQ((*session)->threads(), threads);
    const auto context = (*session)->NewContext();
    const std::vector<NamedTensor> feeds{{"x", x}};
    for (int run = 0; run < 3; ++run) {
      const auto y = context->Run(feeds, {});
      ASSERT_TRUE(y.ok()) << y.status().message();
      if (first.empty()) first = *y;
      EXPECT_TRUE(SameBytes(first, *y)) << threads << " threads, run " << run;
    }
  }
}

TEST(Session, ContextsOfSeveralThreadsDoNotDisturbEachOther) {
  const auto session = LoadText(SmallNet({-1, 3, -1, -1}));
  ASSERT_TRUE(session.ok());
  const std::vector<Shape> shapes{{1, 3, 32, 32}, {1, 3, 48, 40}, {2, 3, 16, 16}};
  std::vector<std::vector<Tensor>> expected;
  for (const Shape& shape : shapes) {
    expected.push_back(RunOnce(**session, {{"x", Noise(shape)}}).value());
  }
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const auto context = (*session)->NewContext();
      for (size_t run = 0; run < 12; ++run) {
        const size_t i = (t + run) % shapes.size();
        const std::vector<NamedTensor> feeds{{"x", Noise(shapes[i])}};
        const auto y = context->Run(feeds, {});
        if (!y.ok() || !SameBytes(*y, expected[i])) wrong.fetch_add(1);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
}

TEST(Session, RunsAllocateNothingPerStep) {
  // Two networks, one far deeper: a warm run of either allocates as often.
  int64_t counts[2];
  for (const int depth : {2, 20}) {
    ModelText m;
    m.Input("x", {1, 16, 24, 24});
    std::string x = "x";
    for (int i = 0; i < depth; ++i) {
      const std::string c = m.Conv(x, Numbered("c", i), 16, 16);
      m.Add(NodeOf("Relu", {c}, {Numbered("r", i)}));
      m.Add(NodeOf("Add", {Numbered("r", i), x}, {Numbered("a", i)}));
      x = Numbered("a", i);
    }
    m.Output(x, {1, 16, 24, 24});
    const auto session = LoadText(m.Bytes());
    ASSERT_TRUE(session.ok()) << session.status().message();
    const auto context = (*session)->NewContext();
    const std::vector<NamedTensor> feeds{{"x", Noise({1, 16, 24, 24})}};
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(context->Run(feeds, {}).ok());
    const int64_t before = allocations.load();
    ASSERT_TRUE(context->Run(feeds, {}).ok());
    counts[depth == 20] = allocations.load() - before;
  }
  EXPECT_EQ(counts[0], counts[1]);
  EXPECT_LT(counts[1], 20);
}

TEST(Session, WrongFeedsAndFetchesAreNamed) {
  const auto session = LoadText(SmallNet({1, 3, -1, -1}));
  ASSERT_TRUE(session.ok());
  const Tensor x = Noise({1, 3, 8, 8});
  const auto refused = [&](const std::vector<NamedTensor>& feeds,
                           const std::vector<std::string>& fetches, const std::string& part) {
    const auto got = RunOnce(**session, feeds, fetches);
    EXPECT_EQ(got.status().code(), StatusCode::kInvalidArgument) << part;
    EXPECT_NE(got.status().message().find(part), std::string::npos) << got.status().message();
    EXPECT_EQ(got.status().message().find("test.onnx"), 0u) << got.status().message();
  };
  refused({{"z", x}}, {}, "has no input 'z'");
  refused({}, {}, "'x' float32 1x3x");
  refused({{"x", x}, {"x", x}}, {}, "fed twice");
  refused({{"x", Noise({1, 4, 8, 8})}}, {}, "was fed float32 1x4x8x8");
  refused({{"x", Noise({3, 8, 8})}}, {}, "was fed float32 3x8x8");
  refused({{"x", Tensor::Allocate(DataType::kInt64, {1, 3, 8, 8}).value()}}, {}, "was fed int64");
  refused({{"x", Tensor()}}, {}, "was fed undefined");
  refused({{"x", x}}, {"nothing"}, "has no output 'nothing'");
}

TEST(Session, AnUnknownOperatorIsNamed) {
  ModelText m;
  m.Input("x", {1, 2});
  m.Add(NodeOf("Frobnicate", {"x"}, {"y"}, "frob1"));
  m.Output("y", {1, 2});
  const auto session = LoadText(m.Bytes());
  EXPECT_EQ(session.status().code(), StatusCode::kUnsupported);
  for (const char* part : {"Frobnicate", "frob1", "test.onnx"}) {
    EXPECT_NE(session.status().message().find(part), std::string::npos)
        << session.status().message();
  }
}

TEST(Session, ShapesMayChangeFromRunToRun) {
  const auto session = LoadText(SmallNet({-1, 3, -1, -1}));
  ASSERT_TRUE(session.ok());
  const auto context = (*session)->NewContext();
  std::vector<Tensor> small;
  for (const Shape& shape :
       {Shape{1, 3, 16, 16}, Shape{1, 3, 31, 50}, Shape{3, 3, 16, 16}, Shape{1, 3, 16, 16}}) {
    const std::vector<NamedTensor> feeds{{"x", Noise(shape)}};
    const auto y = context->Run(feeds, {});
    ASSERT_TRUE(y.ok()) << y.status().message();
    EXPECT_EQ((*y)[0].shape(), (Shape{shape[0], 16, shape[2], shape[3]}));
    if (shape != Shape{1, 3, 16, 16}) continue;
    if (small.empty()) small = *y;
    EXPECT_TRUE(SameBytes(small, *y));
  }
}

// Neither a SIGBUS nor a mixture of two models: what was packed goes on, and what would have to be
// read anew is refused.
TEST(Session, AModelFileWrittenIntoIsNoticed) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("peel_written_" + std::to_string(ProcessId()) + ".onnx");
  const std::string model = SmallNet({-1, 3, -1, -1}, 128);  // its weights are left in the file
  for (const std::string& now : {std::string(), std::string(model.size(), '?')}) {
    std::ofstream(path, std::ios::binary) << model;
    SessionOptions options;
    const auto session = Session::Load(path.string(), options);
    ASSERT_TRUE(session.ok()) << session.status().message();
    const std::vector<NamedTensor> feeds{{"x", Noise({1, 3, 16, 16})}};
    const auto first = RunOnce(**session, feeds);
    ASSERT_TRUE(first.ok()) << first.status().message();
    // More than the grain of times of modification.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::ofstream(path, std::ios::binary) << now;
    const auto again = RunOnce(**session, feeds);
    ASSERT_TRUE(again.ok()) << again.status().message();
    EXPECT_TRUE(SameBytes(*first, *again));
    const auto late = Session::Load(path.string(), options);
    EXPECT_FALSE(late.ok());
  }
  std::ofstream(path, std::ios::binary) << model;
  const auto session = Session::Load(path.string(), {});
  ASSERT_TRUE(session.ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  std::ofstream(path, std::ios::binary) << std::string(model.size(), '?');
  const auto refused = RunOnce(**session, {{"x", Noise({1, 3, 16, 16})}});
  EXPECT_EQ(refused.status().code(), StatusCode::kIo);
  EXPECT_NE(refused.status().message().find("was changed"), std::string::npos);
  EXPECT_NE(refused.status().message().find(path.string()), std::string::npos);
  std::filesystem::remove(path);
}

TEST(Session, MoreMemoryThanAllowedIsRefusedWithTheAmount) {
  SessionOptions options;
  options.max_memory_bytes = 100000;
  const auto session = LoadText(SmallNet({1, 3, -1, -1}), options);
  ASSERT_TRUE(session.ok());
  EXPECT_TRUE(RunOnce(**session, {{"x", Noise({1, 3, 4, 4})}}).ok());
  const auto large = RunOnce(**session, {{"x", Noise({1, 3, 512, 512})}});
  EXPECT_EQ(large.status().code(), StatusCode::kOutOfMemory);
  EXPECT_NE(large.status().message().find(" MB"), std::string::npos) << large.status().message();
}

TEST(Session, InputsAndConstantsMayBeOutputs) {
  ModelText m;
  m.Input("x", {1, 4});
  m.Add(NodeOf("Identity", {"x"}, {"same"}));
  m.Add(NodeOf("Identity", {m.Constant<float>({2}, {3.0f, 4.0f})}, {"fixed"}));
  m.Add(NodeOf("Shape", {"x"}, {"shape"}));
  m.Output("same", {1, 4});
  m.Output("fixed", {2});
  const auto session = LoadText(m.Bytes());
  ASSERT_TRUE(session.ok()) << session.status().message();
  const Tensor x = Noise({1, 4});
  const auto y = RunOnce(**session, {{"x", x}});
  ASSERT_TRUE(y.ok()) << y.status().message();
  EXPECT_EQ(std::memcmp((*y)[0].raw(), x.raw(), x.bytes()), 0);
  EXPECT_NE((*y)[0].raw(), x.raw());  // a copy that outlives the feed
  EXPECT_EQ((*y)[1].AsFloats().value(), (std::vector<float>{3, 4}));
}

TEST(Session, ProfileMemoryAndTextsNameTheKernels) {
  const auto session = LoadText(SmallNet({1, 3, 32, 32}));
  ASSERT_TRUE(session.ok());
  const auto context = (*session)->NewContext();
  EXPECT_TRUE(context->LastProfile().empty());
  const std::vector<NamedTensor> feeds{{"x", Noise({1, 3, 32, 32})}};
  context->EnableProfile(true);
  ASSERT_TRUE(context->Run(feeds, {}).ok());
  const auto profile = context->LastProfile();
  int64_t multiply_adds = 0;
  for (const StepProfile& step : profile) {
    multiply_adds += step.multiply_adds;
    EXPECT_GE(step.milliseconds, 0);
    EXPECT_FALSE(step.kernel.empty());
  }
  EXPECT_EQ(multiply_adds, 9 * (3 * 16 * 1024 + 16 * 16 * 256 + 32 * 16 * 1024 + 32 * 1 * 1024));
  EXPECT_GT(context->Memory().arena_bytes, 16u * 1024 * 4);
  EXPECT_GT(context->Memory().weight_bytes, 0u);
  const auto text = (*session)->PlanText({});
  ASSERT_TRUE(text.ok()) << text.status().message();
  for (const char* part : {"* ", "winograd_f4", "reference", "estimated", "parts in place"}) {
    EXPECT_NE(text->find(part), std::string::npos) << part;
  }
  EXPECT_NE((*session)->Summary().find("Conv 4"), std::string::npos) << (*session)->Summary();
  EXPECT_EQ((*session)->Info().operators.at("Conv"), 4);
}

TEST(Session, KernelsCanBeSwitchedOff) {
  SessionOptions options;
  options.disabled_kernels = {"all"};
  const auto session = LoadText(SmallNet({1, 3, 16, 16}), options);
  ASSERT_TRUE(session.ok());
  const auto context = (*session)->NewContext();
  context->EnableProfile(true);
  const std::vector<NamedTensor> feeds{{"x", Noise({1, 3, 16, 16})}};
  ASSERT_TRUE(context->Run(feeds, {}).ok());
  for (const StepProfile& step : context->LastProfile()) EXPECT_EQ(step.kernel, "reference");
}

}  // namespace
}  // namespace peel::engine

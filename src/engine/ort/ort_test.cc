// The parts of the plug-in that need no ONNX Runtime: options, profiles, shared libraries' needs.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "src/base/os/dynamic_library.h"
#include "src/engine/ort/api.h"
#include "src/engine/ort/explain.h"
#include "src/engine/ort/needed.h"
#include "src/engine/ort/options.h"
#include "src/engine/ort/profile.h"
#include "src/engine/ort/providers.h"

namespace peel::engine::ort {
namespace {

TEST(RuntimeOptionsTest, KeysAndValues) {
  RuntimeOptions options;
  ASSERT_TRUE(ParseRuntimeOptions("graph=extended,inter=3,arena=off,execution=parallel,gpu=1,"
                                  "openvino=GPU",
                                  &options)
                  .ok());
  EXPECT_EQ(options.graph_optimization, 2);
  EXPECT_EQ(options.inter_threads, 3);
  EXPECT_FALSE(options.arena);
  EXPECT_TRUE(options.parallel);
  EXPECT_EQ(options.gpu, 1);
  EXPECT_EQ(options.openvino, "GPU");
  EXPECT_TRUE(ParseRuntimeOptions("", &options).ok());
  for (const char* bad : {"graph", "graph=", "inter=0", "inter=x", "arena=1", "gpu=-1", "x=y"}) {
    EXPECT_EQ(ParseRuntimeOptions(bad, &options).code(), StatusCode::kInvalidArgument) << bad;
  }
}

std::string Event(const char* op, const char* provider, const char* type,
                  const char* name = "n_kernel_time") {
  return std::string(R"({"cat":"Node","name":")") + name + R"(","args":{"op_name":")" + op +
         R"(","provider":")" + provider + R"(","input_type_shape":[{")" + type +
         R"(":[1,3]},{"float":[3]}]}})";
}

TEST(ProfileTest, CountsNodesByProviderAndNumbersByType) {
  const std::string text =
      "[" + Event("Conv", "CUDAExecutionProvider", "float") + "," +
      Event("FusedConv", "CUDAExecutionProvider", "float16") + "," +
      Event("QLinearConv", "CPUExecutionProvider", "uint8") + "," +
      Event("Reshape", "CPUExecutionProvider", "float") + "," +
      Event("Conv", "CUDAExecutionProvider", "float", "n_fence_before") +
      R"(,{"cat":"Session","name":"model_run","args":{}},{"cat":"Node","name":"x"},7])";
  const auto facts = ReadProfile(text);
  ASSERT_TRUE(facts.ok()) << facts.status().message();
  EXPECT_EQ(facts->nodes.at("CUDAExecutionProvider"), 2);
  EXPECT_EQ(facts->nodes.at("CPUExecutionProvider"), 2);
  EXPECT_EQ(facts->numbers.fp32, 1);
  EXPECT_EQ(facts->numbers.fp16, 1);
  EXPECT_EQ(facts->numbers.int8, 1);
  EXPECT_EQ(facts->products_on_cpu, 1);
  EXPECT_EQ(NodesText({{"A", 1}, {"B", 20}}), "B 20, A 1");
}

TEST(ProfileTest, WhatIsNoneIsRefused) {
  for (const char* text : {"", "[", "{}", "[]", R"([{"cat":"Session"}])"}) {
    EXPECT_EQ(ReadProfile(text).status().code(), StatusCode::kCorrupt) << text;
  }
}

TEST(NeededTest, OfThisProgram) {
  const auto needed = NeededLibraries("/proc/self/exe");
  ASSERT_TRUE(needed.ok()) << needed.status().message();
  EXPECT_TRUE(std::ranges::any_of(
      *needed, [](const std::string& name) { return name.starts_with("libc.so"); }));
  EXPECT_TRUE(FindMissing("/proc/self/exe").empty());
}

TEST(NeededTest, BrokenFiles) {
  EXPECT_EQ(NeededLibraries("/nowhere").status().code(), StatusCode::kNotFound);
  const std::string path = testing::TempDir() + "/needed_test.so";
  std::ifstream self("/proc/self/exe", std::ios::binary);
  std::string head(4096, '\0');
  self.read(head.data(), static_cast<std::streamsize>(head.size()));
  for (const size_t size : {size_t{0}, size_t{10}, size_t{64}, size_t{100}}) {
    std::ofstream(path, std::ios::binary).write(head.data(), static_cast<std::streamsize>(size));
    EXPECT_FALSE(NeededLibraries(path).ok()) << size;
  }
  std::ofstream(path) << "#!/bin/sh\n" << std::string(200, 'x');
  EXPECT_EQ(NeededLibraries(path).status().code(), StatusCode::kCorrupt);
}

TEST(NeededTest, Versions) {
  EXPECT_EQ(MajorVersion("libcudart.so.13.0"), 13);
  EXPECT_EQ(MajorVersion("libcudnn.so.9"), 9);
  EXPECT_EQ(MajorVersion("libcuda.so"), 0);
}

TEST(ExplainTest, PackagesForLibraries) {
  EXPECT_EQ(HowToGetLibrary("libcudnn.so.9", 12), "`pip install nvidia-cudnn-cu12`");
  EXPECT_EQ(HowToGetLibrary("libcudnn_ops.so.9", 13), "`pip install nvidia-cudnn-cu13`");
  EXPECT_EQ(HowToGetLibrary("libcublasLt.so.12", 12), "`pip install nvidia-cublas-cu12`");
  EXPECT_EQ(HowToGetLibrary("libcudart.so.13", 13), "`pip install \"nvidia-cuda-runtime\"`");
  EXPECT_EQ(HowToGetLibrary("libnvinfer.so.10", 12), "`pip install tensorrt-cu12`");
  EXPECT_EQ(HowToGetLibrary("libcuda.so.1", 12), "install the NVIDIA driver");
  EXPECT_EQ(HowToGetLibrary("libz.so.1", 12), "install the package that has libz.so.1");
}

std::string ValueOf(const ProviderSettings& settings, const std::string& key) {
  const auto it = std::ranges::find(settings.keys, key);
  return it == settings.keys.end()
             ? "(not set)"
             : settings.values[static_cast<size_t>(it - settings.keys.begin())];
}

TEST(ProvidersTest, Settings) {
  RuntimeOptions options;
  options.gpu = 2;
  auto settings = SettingsFor(Device::kTensorRt, Precision::kFp16, options, "/cache", 0);
  EXPECT_EQ(ValueOf(settings, "trt_fp16_enable"), "1");
  EXPECT_EQ(ValueOf(settings, "trt_int8_enable"), "0");
  EXPECT_EQ(ValueOf(settings, "trt_engine_cache_path"), "/cache");
  EXPECT_EQ(ValueOf(settings, "trt_timing_cache_path"), "/cache");
  EXPECT_EQ(ValueOf(settings, "device_id"), "2");
  settings = SettingsFor(Device::kTensorRt, Precision::kInt8, options, "", 0);
  EXPECT_EQ(ValueOf(settings, "trt_int8_enable"), "1");
  EXPECT_EQ(ValueOf(settings, "trt_engine_cache_enable"), "(not set)");
  EXPECT_EQ(ValueOf(SettingsFor(Device::kCuda, Precision::kFp32, options, "", 0), "use_tf32"), "0");
  EXPECT_EQ(ValueOf(SettingsFor(Device::kOpenVino, Precision::kFp16, options, "", 0), "precision"),
            "ACCURACY");
  options.openvino = "GPU";
  EXPECT_EQ(ValueOf(SettingsFor(Device::kOpenVino, Precision::kFp16, options, "", 0), "precision"),
            "FP16");
  EXPECT_TRUE(SettingsFor(Device::kCpu, Precision::kFp32, options, "", 4).keys.empty());
}

// A table whose slots hold their own numbers: every member must come from its own.
TEST(ApiTest, SlotsAreTakenByNumber) {
  std::vector<const void*> table(300);
  for (size_t i = 0; i < table.size(); ++i) table[i] = reinterpret_cast<const void*>(i);
  FunctionTable api;
  api.Load(table.data());
  EXPECT_EQ(reinterpret_cast<size_t>(api.GetErrorCode), 1U);
  EXPECT_EQ(reinterpret_cast<size_t>(api.ReleaseSessionOptions), 100U);
  EXPECT_EQ(reinterpret_cast<size_t>(api.RunWithBinding), 133U);
  EXPECT_EQ(reinterpret_cast<size_t>(api.SessionOptionsAppendExecutionProvider_OpenVINO_V2), 275U);
}

}  // namespace
}  // namespace peel::engine::ort

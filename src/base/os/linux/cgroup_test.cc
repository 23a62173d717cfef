#include "src/base/os/linux/cgroup.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace peel {
namespace {

// A pretended /proc/self/cgroup and /sys/fs/cgroup.
class CgroupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    paths_ = {folder_ / "membership", folder_ / "root"};
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void Write(const std::string& name, const std::string& text) {
    const auto path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text << "\n";
  }

  std::filesystem::path folder_;
  CgroupPaths paths_;
};

TEST_F(CgroupTest, NothingThereIsNoLimit) {
  EXPECT_EQ(CgroupCpuQuota(paths_), 0);
  EXPECT_EQ(CgroupMemoryLeft(paths_), 0u);
}

TEST_F(CgroupTest, Version2OwnGroup) {
  Write("membership", "0::/user.slice/job");
  Write("root/user.slice/job/cpu.max", "150000 100000");
  Write("root/user.slice/job/memory.max", "1000");
  Write("root/user.slice/job/memory.current", "300");
  EXPECT_DOUBLE_EQ(CgroupCpuQuota(paths_), 1.5);
  EXPECT_EQ(CgroupMemoryLeft(paths_), 700u);
}

// A container that has read many files: its cache counts as used, and is given up on demand.
TEST_F(CgroupTest, CachedFilesAreFree) {
  Write("membership", "0::/job\n4:memory:/old");
  Write("root/job/memory.max", "1000000");
  Write("root/job/memory.current", "999999");
  Write("root/job/memory.stat",
        "anon 100000\nfile 899999\ninactive_file 800000\nactive_file 99999");
  EXPECT_EQ(CgroupMemoryLeft(paths_), 800001u);
  EXPECT_EQ(CgroupMemoryLimit(paths_), 1000000u);
  Write("root/memory/old/memory.limit_in_bytes", "500000");
  Write("root/memory/old/memory.usage_in_bytes", "490000");
  Write("root/memory/old/memory.stat", "inactive_file 7\ntotal_inactive_file 400000");
  EXPECT_EQ(CgroupMemoryLeft(paths_), 410000u);
  EXPECT_EQ(CgroupMemoryLimit(paths_), 500000u);
}

TEST_F(CgroupTest, StricterGroupAboveHolds) {
  Write("membership", "0::/user.slice/job");
  Write("root/user.slice/job/cpu.max", "max 100000");
  Write("root/user.slice/cpu.max", "50000 100000");
  Write("root/user.slice/job/memory.max", "max");
  Write("root/user.slice/memory.max", "500");
  Write("root/user.slice/memory.current", "600");
  EXPECT_DOUBLE_EQ(CgroupCpuQuota(paths_), 0.5);
  EXPECT_EQ(CgroupMemoryLeft(paths_), 1u);
}

TEST_F(CgroupTest, Version1WithSeveralControllersOnALine) {
  Write("membership", "4:memory:/m\n3:cpuset:/\n2:cpu,cpuacct:/a/b\n0::/");
  Write("root/cpu/a/b/cpu.cfs_quota_us", "-1");
  Write("root/cpu/a/b/cpu.cfs_period_us", "100000");
  Write("root/cpu/a/cpu.cfs_quota_us", "200000");
  Write("root/cpu/a/cpu.cfs_period_us", "100000");
  Write("root/memory/m/memory.limit_in_bytes", "9223372036854771712");
  EXPECT_DOUBLE_EQ(CgroupCpuQuota(paths_), 2);
  EXPECT_EQ(CgroupMemoryLeft(paths_), 0u);
}

// In a container without a namespace of its own the group is named as the host sees it, while the
// container's own files lie at the root.
TEST_F(CgroupTest, GroupThatOnlyTheHostSees) {
  Write("membership", "1:cpu:/docker/0123456789abcdef");
  Write("root/cpu/cpu.cfs_quota_us", "100000");
  Write("root/cpu/cpu.cfs_period_us", "100000");
  EXPECT_DOUBLE_EQ(CgroupCpuQuota(paths_), 1);
}

TEST_F(CgroupTest, OddMembershipIsNoHarm) {
  Write("membership", "\n:\n::\nnonsense\n0::relative\n5:cpu:");
  Write("root/cpu.max", "100000 100000");
  EXPECT_DOUBLE_EQ(CgroupCpuQuota(paths_), 1);
}

}  // namespace
}  // namespace peel

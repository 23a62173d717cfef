#include "src/base/os/shared_region.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <utility>

namespace peel {
namespace {

TEST(SharedRegion, OnlyOfAFixedSize) {
  auto made = SharedRegion::Create(5000);
  ASSERT_TRUE(made.ok());
  EXPECT_GE(made->size(), 5000u);
  EXPECT_NE(ftruncate(made->fd(), 0), 0) << "nobody takes its pages away";
  EXPECT_TRUE(SharedRegion::Map(UniqueFd(dup(made->fd()))).ok());
  UniqueFd loose(memfd_create("loose", MFD_ALLOW_SEALING));
  ASSERT_EQ(ftruncate(loose.get(), 4096), 0);
  EXPECT_FALSE(SharedRegion::Map(std::move(loose)).ok());
  EXPECT_FALSE(SharedRegion::Map(UniqueFd()).ok());
}

}  // namespace
}  // namespace peel

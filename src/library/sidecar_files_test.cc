#include "src/library/sidecar_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "src/base/os/test_folder.h"
#include "src/pipeline/folder/inputs.h"

namespace peel::library {
namespace {

TEST(SidecarFiles, TheListingAndTheFileSystemAgree) {
  const TestFolder folder;
  for (const char* name : {"a.jpg", "b.JPG", "b.cr2", "c.d.jpg", "e.jpg", "f", "a.jpg.xmp", "a.xmp",
                           "b.XMP", "b.cr2.Xmp", "c.xmp", "c.d.xMp", "c.d.XMP", "f.xmp", "xmp",
                           "other.jpg.xmp", "e.jpg.xmp~", "g.xmp.jpg"}) {
    folder.Put(name, name);
  }
  std::filesystem::create_directory(folder / "e.xmp");  // of that name, and no file
  const InputList list = ExpandInputs({folder / ""}, /*recursive=*/true);
  EXPECT_EQ(list.sidecars.size(), 9U);
  EXPECT_EQ(list.inputs.size(), 6U);
  const SidecarFiles sidecars(&list.sidecars);
  const auto check = [&](const std::string& picture, const std::string& name, bool is_short) {
    for (const SidecarFile& found :
         {sidecars.Of(folder / picture), FindSidecar(folder / picture)}) {
      EXPECT_EQ(found.path, name.empty() ? "" : folder / name) << picture;
      EXPECT_EQ(found.is_short, is_short) << picture;
    }
  };
  check("a.jpg", "a.jpg.xmp", false);
  check("b.JPG", "b.XMP", true);
  check("b.cr2", "b.cr2.Xmp", false);
  check("c.d.jpg", "c.d.XMP", true);
  check("e.jpg", "", false);
  check("f", "f.xmp", false);
  check("none.jpg", "", false);
  check("g.xmp.jpg", "", false);
}

TEST(SidecarFiles, NobodyHasOneWhereThereIsNone) {
  EXPECT_FALSE(SidecarFiles().Of("/in/a.jpg").exists());
  const InputTable none;
  EXPECT_FALSE(SidecarFiles(&none).Of("/in/a.jpg").exists());
}

TEST(SidecarStamp, ChangesWithWhatCounts) {
  const TestFolder folder;
  const std::string picture = folder / "a.jpg";
  EXPECT_EQ(SidecarStamp(FindSidecar(picture)), 0);
  folder.Put("a.xmp", "12");
  const int64_t first = SidecarStamp(FindSidecar(picture));
  EXPECT_NE(first, 0);
  EXPECT_EQ(SidecarStamp(FindSidecar(picture)), first);
  // The same file under its other name says what it says to others.
  std::filesystem::rename(folder / "a.xmp", folder / "a.jpg.xmp");
  const int64_t second = SidecarStamp(FindSidecar(picture));
  EXPECT_NE(second, first);
  const auto time = std::filesystem::last_write_time(folder / "a.jpg.xmp");
  folder.Put("a.jpg.xmp", "123");
  std::filesystem::last_write_time(folder / "a.jpg.xmp", time);
  const int64_t third = SidecarStamp(FindSidecar(picture));
  EXPECT_NE(third, second);
  std::filesystem::last_write_time(folder / "a.jpg.xmp", time + std::chrono::nanoseconds(1000));
  EXPECT_NE(SidecarStamp(FindSidecar(picture)), third);
  EXPECT_EQ(SidecarStamp(SidecarFile{folder / "gone.xmp", false}), 0);
}

TEST(StemOf, IsTheNameWithoutItsExtension) {
  EXPECT_EQ(StemOf("/in/a.b.jpg"), "/in/a.b");
  EXPECT_EQ(StemOf("/i.n/a"), "/i.n/a");
  EXPECT_EQ(StemOf("/in/.jpg"), "/in/.jpg");
  EXPECT_EQ(StemOf("a.jpg"), "a");
}

}  // namespace
}  // namespace peel::library

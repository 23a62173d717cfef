#include "src/pipeline/folder/manifest.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "src/base/os/test_folder.h"

namespace peel {
namespace {

using Match = Manifest::Match;

TEST(Manifest, RemembersAcrossRuns) {
  const TestFolder folder;
  const std::string odd = "sub/with space %41\nand \xff.cut.png";
  {
    auto manifest = Manifest::Open(folder / "");
    EXPECT_EQ(manifest->Compare("a.png", 1, 2), Match::kUnknown);
    for (const std::string& name : {std::string("a.png"), odd}) {
      ASSERT_TRUE(manifest->Begin(name).ok());
      EXPECT_EQ(manifest->Compare(name, 1, 2), Match::kDifferent) << "not finished";
      ASSERT_TRUE(manifest->Finish(name, 1, 2).ok());
      EXPECT_EQ(manifest->Compare(name, 1, 2), Match::kSame);
    }
  }
  auto manifest = Manifest::Open(folder / "");
  EXPECT_EQ(manifest->Compare(odd, 1, 2), Match::kSame);
  EXPECT_EQ(manifest->Compare("a.png", 1, 2), Match::kSame);
  EXPECT_EQ(manifest->Compare("a.png", 1, 3), Match::kDifferent);
  EXPECT_EQ(manifest->Compare("a.png", 2, 2), Match::kDifferent);
  EXPECT_EQ(manifest->NameOf(folder / "sub/../a.png"), "a.png");
}

TEST(Manifest, AnInterruptedReplacementIsNotTrusted) {
  const TestFolder folder;
  {
    auto manifest = Manifest::Open(folder / "");
    ASSERT_TRUE(manifest->Finish("a", 1, 1).ok());
    ASSERT_TRUE(manifest->Begin("a").ok());  // killed here
  }
  EXPECT_EQ(Manifest::Open(folder / "")->Compare("a", 1, 1), Match::kDifferent);
}

TEST(Manifest, EveryCutAndEveryFlippedBitIsNoticed) {
  const TestFolder folder;
  {
    auto manifest = Manifest::Open(folder / "");
    ASSERT_TRUE(manifest->Finish("first", 0x11, 0x22).ok());
    ASSERT_TRUE(manifest->Finish("second", 0x33, 0x44).ok());
  }
  const std::string whole = folder.Get(".peel-manifest");
  for (size_t length = 0; length < whole.size(); ++length) {
    folder.Put(".peel-manifest", whole.substr(0, length));
    auto manifest = Manifest::Open(folder / "");
    EXPECT_EQ(manifest->Compare("second", 0x33, 0x44), Match::kUnknown) << length;
    // What comes after a torn line is whole again.
    ASSERT_TRUE(manifest->Finish("third", 5, 6).ok());
    manifest.reset();
    EXPECT_EQ(Manifest::Open(folder / "")->Compare("third", 5, 6), Match::kSame) << length;
  }
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ 2);
    folder.Put(".peel-manifest", flipped);
    auto manifest = Manifest::Open(folder / "");
    const bool first = manifest->Compare("first", 0x11, 0x22) == Match::kSame;
    const bool second = manifest->Compare("second", 0x33, 0x44) == Match::kSame;
    EXPECT_FALSE(first && second) << i;
    EXPECT_TRUE(first || second || flipped[i] == ('\n' ^ 2)) << i;
  }
}

TEST(Manifest, CompactingSortsAndKeepsWhatIsKnown) {
  const TestFolder folder;
  auto manifest = Manifest::Open(folder / "");
  for (int round = 0; round < 3; ++round) {
    for (const char* name : {"b", "c", "a"}) {
      ASSERT_TRUE(manifest->Begin(name).ok());
      ASSERT_TRUE(manifest->Finish(name, 7, static_cast<uint64_t>(round)).ok());
    }
  }
  ASSERT_TRUE(manifest->Compact().ok());
  const std::string text = folder.Get(".peel-manifest");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_EQ(Manifest::Open(folder / "")->Compare("b", 7, 2), Match::kSame);
}

TEST(Manifest, PartsKeepFilesOfTheirOwnThatAWholeRunTakesIn) {
  const TestFolder folder;
  ASSERT_TRUE(Manifest::Open(folder / "")->Finish("x", 1, 1).ok());
  ASSERT_TRUE(Manifest::Open(folder / "", "1-of-2")->Finish("x", 2, 2).ok());
  ASSERT_TRUE(Manifest::Open(folder / "", "2-of-2")->Finish("y", 3, 3).ok());
  EXPECT_EQ(folder.Count(), 3);
  auto whole = Manifest::Open(folder / "");
  EXPECT_EQ(whole->Compare("y", 3, 3), Match::kSame);
  // Two files disagree, and which one was last is not known.
  EXPECT_EQ(whole->Compare("x", 1, 1), Match::kDifferent);
  EXPECT_EQ(whole->Compare("x", 2, 2), Match::kDifferent);
  ASSERT_TRUE(whole->Finish("x", 2, 2).ok());
  ASSERT_TRUE(whole->Compact().ok());
  EXPECT_EQ(folder.Count(), 1);
  whole = Manifest::Open(folder / "");
  EXPECT_EQ(whole->Compare("x", 2, 2), Match::kSame);
  EXPECT_EQ(whole->Compare("y", 3, 3), Match::kSame);
}

TEST(Manifest, IsNotReplacedWhileAnotherProcessWorks) {
  const TestFolder folder;
  auto one = Manifest::Open(folder / ""), two = Manifest::Open(folder / "");
  ASSERT_TRUE(one->Finish("a", 1, 1).ok());
  ASSERT_TRUE(two->Finish("b", 2, 2).ok());
  ASSERT_TRUE(one->Compact().ok());  // would lose what `two` goes on to write
  ASSERT_TRUE(two->Finish("c", 3, 3).ok());
  auto all = Manifest::Open(folder / "");
  EXPECT_EQ(all->Compare("a", 1, 1), Match::kSame);
  EXPECT_EQ(all->Compare("b", 2, 2), Match::kSame);
  EXPECT_EQ(all->Compare("c", 3, 3), Match::kSame);
}

// A run that began earlier and ends later than another one.
TEST(Manifest, LinesOfARunThatCameAndWentStay) {
  const TestFolder folder;
  ASSERT_TRUE(Manifest::Open(folder / "")->Finish("x", 1, 1).ok());
  auto slow = Manifest::Open(folder / "");
  for (const bool before : {true, false}) {
    if (!before) {
      ASSERT_TRUE(slow->Finish("slow", 5, 5).ok());
    }
    auto quick = Manifest::Open(folder / "");
    ASSERT_TRUE(quick->Begin("x").ok());
    ASSERT_TRUE(quick->Finish("x", 1, before ? 2 : 3).ok());
    ASSERT_TRUE(quick->Finish(before ? "first" : "second", 7, 7).ok());
    if (before) {
      ASSERT_TRUE(quick->Compact().ok());
    }
    quick.reset();
    // What the other run did is seen at once: an output of other settings is not taken for ours.
    EXPECT_EQ(slow->Compare("x", 1, 1), Match::kDifferent);
    EXPECT_EQ(slow->Compare("x", 1, before ? 2 : 3), Match::kSame);
  }
  ASSERT_TRUE(slow->Compact().ok());
  slow.reset();
  const std::string text = folder.Get(".peel-manifest");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);
  auto all = Manifest::Open(folder / "");
  for (const char* name : {"first", "second"}) EXPECT_EQ(all->Compare(name, 7, 7), Match::kSame);
  EXPECT_EQ(all->Compare("x", 1, 3), Match::kSame);
  EXPECT_EQ(all->Compare("slow", 5, 5), Match::kSame);
}

TEST(Manifest, LinesOfAPartThatWorksMeanwhileStay) {
  const TestFolder folder;
  auto part = Manifest::Open(folder / "", "1-of-2");
  ASSERT_TRUE(part->Finish("early", 1, 1).ok());
  auto whole = Manifest::Open(folder / "");
  ASSERT_TRUE(whole->Finish("whole", 2, 2).ok());
  ASSERT_TRUE(part->Finish("late", 3, 3).ok());
  auto other = Manifest::Open(folder / "", "2-of-2");
  ASSERT_TRUE(other->Finish("other", 4, 4).ok());
  ASSERT_TRUE(whole->Compact().ok());  // the parts are still at work
  EXPECT_EQ(folder.Count(), 3);
  part.reset();
  other.reset();
  ASSERT_TRUE(whole->Finish("whole", 2, 2).ok());
  ASSERT_TRUE(whole->Compact().ok());
  EXPECT_EQ(folder.Count(), 1);
  auto all = Manifest::Open(folder / "");
  EXPECT_EQ(all->Compare("early", 1, 1), Match::kSame);
  EXPECT_EQ(all->Compare("whole", 2, 2), Match::kSame);
  EXPECT_EQ(all->Compare("late", 3, 3), Match::kSame);
  EXPECT_EQ(all->Compare("other", 4, 4), Match::kSame);
}

// Two processes, each with several runs: every line of both is there in the end.
TEST(Manifest, TwoProcessesLoseNothingOfEachOther) {
  const TestFolder folder;
  constexpr int kRuns = 20, kOutputs = 5;
  std::array<pid_t, 2> children;
  for (size_t i = 0; i < children.size(); ++i) {
    children[i] = fork();
    if (children[i] != 0) continue;
    for (int run = 0; run < kRuns; ++run) {
      auto manifest = Manifest::Open(folder / "");
      for (int output = 0; output < kOutputs; ++output) {
        const std::string name = std::to_string(i) + "-" + std::to_string(run * kOutputs + output);
        if (!manifest->Begin(name).ok() || !manifest->Finish(name, 1, 2).ok()) _exit(1);
      }
      if (!manifest->Compact().ok()) _exit(2);
    }
    _exit(0);
  }
  for (const pid_t child : children) {
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  auto all = Manifest::Open(folder / "");
  int known = 0;
  for (size_t i = 0; i < children.size(); ++i) {
    for (int output = 0; output < kRuns * kOutputs; ++output) {
      known += all->Compare(std::to_string(i) + "-" + std::to_string(output), 1, 2) == Match::kSame;
    }
  }
  EXPECT_EQ(known, 2 * kRuns * kOutputs);
}

TEST(Manifest, KnowsWhatItHasSeen) {
  const TestFolder folder;
  ASSERT_TRUE(Manifest::Open(folder / "")->Finish("sub/a b.png", 1, 1).ok());
  ASSERT_TRUE(Manifest::Open(folder / "")->Begin("begun.png").ok());
  auto manifest = Manifest::Open(folder / "");
  EXPECT_TRUE(manifest->Knows("sub/a b.png"));
  EXPECT_TRUE(manifest->Knows("begun.png"));
  EXPECT_FALSE(manifest->Knows("a b.png"));
}

}  // namespace
}  // namespace peel

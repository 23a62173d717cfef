#include "src/engine/plan/placement.h"

#include <gtest/gtest.h>

#include <random>

#include "src/engine/plan/arena.h"

namespace peel::engine {
namespace {

// Programs of made-up operations on one-dimensional tensors of 64-bit words; the batch is 1, so
// that a concatenation is plain juxtaposition.
class Builder {
 public:
  Builder() : graph_(std::make_shared<Graph>()) { program_.graph = graph_; }

  int AddTensor(int64_t words, PlannedTensor::Kind kind = PlannedTensor::Kind::kArena) {
    Value value;
    value.name = 't';
    value.name += std::to_string(program_.tensors.size());
    PlannedTensor t;
    t.value = graph_->AddValue(value);
    t.kind = kind;
    t.type = DataType::kInt64;
    t.shape = {words};
    t.bytes = static_cast<uint64_t>(words) * 8;
    if (kind == PlannedTensor::Kind::kInput) t.input = inputs_++;
    program_.tensors.push_back(t);
    return static_cast<int>(program_.tensors.size()) - 1;
  }
  int64_t words(int t) const { return program_.tensors[static_cast<size_t>(t)].shape[0]; }

  int Compute(std::vector<int> in, int64_t words, uint32_t may_overwrite = 0) {
    return Add(Variant::Kind::kCompute, std::move(in), words, may_overwrite);
  }
  int View(int in) { return Add(Variant::Kind::kView, {in}, words(in), 0); }
  int Concat(std::vector<int> in) {
    int64_t sum = 0;
    for (const int t : in) sum += words(t);
    return Add(Variant::Kind::kConcat, std::move(in), sum, 0);
  }
  void Output(int t) {
    program_.tensors[static_cast<size_t>(t)].is_output = true;
    program_.outputs.push_back(t);
  }
  Program& Place() {
    EXPECT_TRUE(PlaceTensors(program_).ok());
    program_.arena_bytes = AssignOffsets(program_.storages).value();
    return program_;
  }
  Program& program() { return program_; }

 private:
  int Add(Variant::Kind kind, std::vector<int> in, int64_t words, uint32_t may_overwrite) {
    const int out = AddTensor(words);
    Operation op;
    op.in = std::move(in);
    op.out = {out};
    op.variant.kind = kind;
    op.variant.may_overwrite = may_overwrite;
    program_.operations.push_back(op);
    return out;
  }

  std::shared_ptr<Graph> graph_;
  Program program_;
  int inputs_ = 0;
};

uint64_t Mix(uint64_t a, uint64_t b) {
  uint64_t x = a * 0x9e3779b97f4a7c15u + b + 0x632be59bd9b4e019u;
  x ^= x >> 29;
  return x * 0xbf58476d1ce4e5b9u;
}

// What an operation makes of its inputs, one word after the other (so that writing over an input of
// the same size is harmless, as it is for elementwise operators).
void Evaluate(const Operation& op, size_t index, const std::vector<const uint64_t*>& in,
              const std::vector<int64_t>& words, uint64_t* out, int64_t count) {
  if (op.variant.kind == Variant::Kind::kView) {
    for (int64_t i = 0; i < count; ++i) out[i] = in[0][i];
    return;
  }
  if (op.variant.kind == Variant::Kind::kConcat) {
    for (size_t k = 0; k < in.size(); ++k) {
      const bool placed = k < op.in_place.size() && op.in_place[k];
      for (int64_t i = 0; i < words[k] && !placed; ++i) out[i] = in[k][i];
      out += words[k];
    }
    return;
  }
  for (int64_t i = 0; i < count; ++i) {
    uint64_t h = index;
    for (size_t k = 0; k < in.size(); ++k) h = Mix(h, in[k][i % words[k]]);
    out[i] = h;
  }
}

// Runs the program in its arena, or with a buffer of its own for every tensor; the outputs.
std::vector<uint64_t> Simulate(const Program& p, bool shared) {
  std::vector<uint64_t> arena(p.arena_bytes / 8 + 8, 0);
  std::vector<std::vector<uint64_t>> own(p.tensors.size());
  std::vector<std::vector<uint64_t>> fed(p.tensors.size());
  const auto at = [&](int t) -> uint64_t* {
    const PlannedTensor& tensor = p.tensors[static_cast<size_t>(t)];
    const Storage& storage = p.storages[static_cast<size_t>(tensor.storage)];
    if (tensor.kind == PlannedTensor::Kind::kInput) {
      // A view of an input is an input as well: by the input's number.
      auto& buffer = fed[static_cast<size_t>(tensor.input)];
      if (buffer.empty()) {
        for (int64_t i = 0; i < tensor.shape[0]; ++i) {
          buffer.push_back(Mix(static_cast<uint64_t>(tensor.input), static_cast<uint64_t>(i)));
        }
      }
      return buffer.data();
    }
    if (shared) return arena.data() + (storage.offset + tensor.offset) / 8;
    auto& buffer = own[static_cast<size_t>(t)];
    buffer.resize(static_cast<size_t>(tensor.shape[0]));
    return buffer.data();
  };
  for (size_t i = 0; i < p.operations.size(); ++i) {
    Operation op = p.operations[i];
    if (!shared) {
      op.in_place.assign(op.in.size(), 0);
      op.eliminated = false;
    }
    if (op.eliminated) continue;
    std::vector<const uint64_t*> in;
    std::vector<int64_t> words;
    for (const int t : op.in) {
      in.push_back(at(t));
      words.push_back(p.tensors[static_cast<size_t>(t)].shape[0]);
    }
    const int out = op.out[0];
    if (p.tensors[static_cast<size_t>(out)].kind == PlannedTensor::Kind::kInput) continue;
    Evaluate(op, i, in, words, at(out), p.tensors[static_cast<size_t>(out)].shape[0]);
  }
  std::vector<uint64_t> result;
  for (const int t : p.outputs) {
    const uint64_t* from = at(t);
    result.insert(result.end(), from, from + p.tensors[static_cast<size_t>(t)].shape[0]);
  }
  return result;
}

TEST(Arena, StoragesAliveTogetherDoNotOverlap) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<Storage> storages(static_cast<size_t>(random() % 40));
    uint64_t sum = 0;
    for (Storage& s : storages) {
      s.bytes = random() % 5000;
      s.first = static_cast<int>(random() % 50);
      s.last = s.first + static_cast<int>(random() % 12);
      sum += (s.bytes + 64) / 64 * 64;
    }
    const uint64_t total = AssignOffsets(storages).value();
    EXPECT_LE(total, sum + 64);
    for (size_t a = 0; a < storages.size(); ++a) {
      EXPECT_EQ(storages[a].offset % 64, 0u);
      EXPECT_LE(storages[a].offset + storages[a].bytes, total);
      for (size_t b = 0; b < a; ++b) {
        const Storage &x = storages[a], &y = storages[b];
        if (x.last < y.first || y.last < x.first) continue;
        EXPECT_TRUE(x.offset + x.bytes <= y.offset || y.offset + y.bytes <= x.offset);
      }
    }
  }
}

TEST(Arena, ReusesWhatIsFreeAndFillsGaps) {
  // A chain: two buffers are alive at a time however long it is.
  std::vector<Storage> chain(20);
  for (int i = 0; i < 20; ++i) {
    chain[static_cast<size_t>(i)].bytes = 640;
    chain[static_cast<size_t>(i)].first = i;
    chain[static_cast<size_t>(i)].last = i + 1;
  }
  EXPECT_EQ(AssignOffsets(chain).value(), 1280u);
  std::vector<Storage> absurd(2);
  absurd[0].bytes = UINT64_MAX - 10;
  EXPECT_EQ(AssignOffsets(absurd).status().code(), StatusCode::kLimit);
}

TEST(Placement, PartsOfAConcatenationLieInItsSlices) {
  Builder b;
  const int x = b.AddTensor(4, PlannedTensor::Kind::kInput);
  const int p = b.Compute({x}, 8), q = b.Compute({p}, 16), r = b.Compute({q}, 24);
  const int whole = b.Concat({p, q, r});
  b.Output(b.Compute({whole}, 8));
  const Program& program = b.Place();
  EXPECT_EQ(program.operations[3].in_place, (std::vector<char>{1, 1, 1}));
  const auto& t = program.tensors;
  EXPECT_EQ(t[static_cast<size_t>(p)].storage, t[static_cast<size_t>(whole)].storage);
  EXPECT_EQ(t[static_cast<size_t>(q)].offset, 64u);
  EXPECT_EQ(t[static_cast<size_t>(r)].offset, 192u);
  EXPECT_EQ(FindOverlap(program), "");
  EXPECT_EQ(Simulate(program, true), Simulate(program, false));
}

TEST(Placement, WhatCannotLieInASliceIsCopied) {
  Builder b;
  const int x = b.AddTensor(8, PlannedTensor::Kind::kInput);
  const int p = b.Compute({x}, 8);
  const int first = b.Concat({p, x, p});  // an input, and a part that is there already
  const int second = b.Concat({p, first});
  b.Output(second);
  const Program& program = b.Place();
  // Backwards: the second concatenation takes p first.
  EXPECT_EQ(program.operations[2].in_place, (std::vector<char>{1, 1}));
  EXPECT_EQ(program.operations[1].in_place, (std::vector<char>{0, 0, 0}));
  EXPECT_EQ(FindOverlap(program), "");
  EXPECT_EQ(Simulate(program, true), Simulate(program, false));
}

TEST(Placement, OverwritesOnlyWhatDies) {
  Builder b;
  const int x = b.AddTensor(8, PlannedTensor::Kind::kInput);
  const int p = b.Compute({x}, 8);
  const int dying = b.Compute({p}, 8, 1);     // may take over p, which is read later: no
  const int last = b.Compute({dying}, 8, 1);  // may take over the one above: yes
  b.Output(b.Compute({last, p}, 8));
  const int fed = b.Compute({x}, 8, 1);  // the caller's own memory: never
  b.Output(fed);
  const Program& program = b.Place();
  EXPECT_EQ(program.operations[1].overwrites, -1);
  EXPECT_EQ(program.operations[2].overwrites, 0);
  EXPECT_EQ(program.operations[4].overwrites, -1);
  EXPECT_EQ(FindOverlap(program), "");
}

// Ten thousands of operations on one place, some behind views: where each step took the whole
// chain's time, this took hours.
TEST(Placement, AChainInOnePlaceIsPlacedStepByStep) {
  Builder b;
  int t = b.Compute({b.AddTensor(8, PlannedTensor::Kind::kInput)}, 8);
  for (int i = 0; i < 30000; ++i) t = b.Compute({i % 3 == 0 ? b.View(t) : t}, 8, 1);
  b.Output(b.Compute({t}, 8));
  const Program& program = b.Place();
  EXPECT_EQ(program.storages.size(), 3u);  // the input, the chain and the output
  EXPECT_EQ(program.arena_bytes, 2u * 64);
  EXPECT_EQ(Simulate(program, true), Simulate(program, false));
}

TEST(Placement, ViewsCostNothing) {
  Builder b;
  const int x = b.AddTensor(8, PlannedTensor::Kind::kInput);
  const int seen = b.View(x);
  const int p = b.Compute({seen}, 8);
  const int v = b.View(p);
  b.Output(b.Compute({v, p}, 8));
  b.Output(b.View(v));
  const Program& program = b.Place();
  EXPECT_TRUE(program.operations[0].eliminated);
  EXPECT_TRUE(program.operations[2].eliminated);
  EXPECT_TRUE(program.operations[4].eliminated);
  EXPECT_EQ(FindOverlap(program), "");
  EXPECT_EQ(Simulate(program, true), Simulate(program, false));
}

TEST(Placement, TheCheckerSeesAnOverlap) {
  Builder b;
  const int x = b.AddTensor(8, PlannedTensor::Kind::kInput);
  const int p = b.Compute({x}, 8), q = b.Compute({x}, 8);
  b.Output(b.Compute({p, q}, 8));
  Program& program = b.Place();
  EXPECT_EQ(FindOverlap(program), "");
  program.storages[static_cast<size_t>(program.tensors[static_cast<size_t>(q)].storage)].offset =
      program.storages[static_cast<size_t>(program.tensors[static_cast<size_t>(p)].storage)].offset;
  EXPECT_NE(FindOverlap(program), "");
}

TEST(Placement, RandomProgramsComputeTheSameInSharedMemory) {
  std::mt19937 random(99);
  int in_place = 0, overwritten = 0, eliminated = 0;
  for (int round = 0; round < 400; ++round) {
    Builder b;
    std::vector<int> tensors{b.AddTensor(8, PlannedTensor::Kind::kInput),
                             b.AddTensor(16, PlannedTensor::Kind::kInput)};
    const auto any = [&] {
      // Mostly recent ones, as in real networks.
      const size_t back = random() % 3 == 0 ? random() % tensors.size() : random() % 3;
      return tensors[tensors.size() - 1 - std::min(back, tensors.size() - 1)];
    };
    const int count = 3 + static_cast<int>(random() % 25);
    for (int i = 0; i < count; ++i) {
      const int a = any(), c = any();
      switch (random() % 6) {
        case 0:
          tensors.push_back(b.Compute({a}, 8 * (1 + static_cast<int64_t>(random() % 3))));
          break;
        case 1:
          tensors.push_back(b.View(a));
          break;
        case 2:
          if (b.words(a) + b.words(c) < 2000) tensors.push_back(b.Concat({a, c}));
          break;
        case 3:
          tensors.push_back(b.Compute({a, c}, b.words(a), 1));
          break;
        case 4:
          tensors.push_back(b.Compute({a}, b.words(a), 1));
          break;
        default:
          tensors.push_back(b.Compute({a, c}, b.words(a), b.words(a) == b.words(c) ? 3u : 1u));
      }
    }
    b.Output(tensors.back());
    if (random() % 2) {
      const int other = any();
      if (!b.program().tensors[static_cast<size_t>(other)].is_output) b.Output(other);
    }
    const Program& program = b.Place();
    ASSERT_EQ(FindOverlap(program), "") << "round " << round;
    ASSERT_EQ(Simulate(program, true), Simulate(program, false)) << "round " << round;
    for (const Operation& op : program.operations) {
      in_place += static_cast<int>(std::count(op.in_place.begin(), op.in_place.end(), 1));
      overwritten += op.overwrites >= 0;
      eliminated += op.eliminated;
    }
  }
  // The cases that the test is about did occur.
  EXPECT_GT(in_place, 500);
  EXPECT_GT(overwritten, 500);
  EXPECT_GT(eliminated, 500);
}

}  // namespace
}  // namespace peel::engine

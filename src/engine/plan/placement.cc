#include "src/engine/plan/placement.h"

#include <algorithm>

namespace peel::engine {
namespace {

using Kind = PlannedTensor::Kind;

// Tensors form a forest: a child lies inside its parent at an offset. What is asked of a whole tree
// is kept at its root, and the way up is shortened whenever it is gone (Tarjan 1975), so that
// chains of thousands of tensors in one place take no longer than others.
class Placer {
 public:
  explicit Placer(Program& program) : p_(program), nodes_(program.tensors.size()) {
    for (size_t i = 0; i < p_.operations.size(); ++i) {
      const Operation& op = p_.operations[i];
      for (const int t : op.out) {
        if (t >= 0) at(t).writer = at(t).last_write = static_cast<int>(i);
      }
      for (const int t : op.in) {
        if (t < 0) continue;
        at(t).readers.push_back(static_cast<int>(i));
        at(t).last_read = static_cast<int>(i);
      }
    }
    for (size_t t = 0; t < nodes_.size(); ++t) {
      PlannedTensor& tensor = p_.tensors[t];
      tensor.batch_stride = NaturalStride(tensor);
      nodes_[t].holds_output = tensor.is_output;
    }
  }

  void Run() {
    // Backwards, so that where an output lies is settled before its producer is looked at.
    for (size_t i = p_.operations.size(); i-- > 0;) {
      Operation& op = p_.operations[i];
      if (op.variant.kind == Variant::Kind::kView) PlaceView(op);
      if (op.variant.kind == Variant::Kind::kConcat) PlaceParts(op);
    }
    for (size_t i = 0; i < p_.operations.size(); ++i) Overwrite(static_cast<int>(i));
    MakeStorages();
  }

 private:
  struct Place {
    int parent = -1;
    bool has_children = false;
    int writer = -1;
    std::vector<int> readers;
    // The parent or one above it, and where in that this lies.
    int above = -1;
    uint64_t offset = 0;
    // Of a root, over all that lies in it.
    int last_write = -1, last_read = -1;
    bool holds_output = false;
  };

  Place& at(int t) { return nodes_[static_cast<size_t>(t)]; }
  PlannedTensor& tensor(int t) { return p_.tensors[static_cast<size_t>(t)]; }
  bool IsArena(int t) { return tensor(t).kind == Kind::kArena; }

  static int64_t Batch(const PlannedTensor& t) {
    return t.shape.size() > 1 ? std::max<int64_t>(t.shape[0], 1) : 1;
  }
  static int64_t NaturalStride(const PlannedTensor& t) {
    const auto size = static_cast<int64_t>(DataTypeSize(t.type));
    return size == 0 ? 0 : static_cast<int64_t>(t.bytes) / size / Batch(t);
  }
  bool Contiguous(int t) {
    return Batch(tensor(t)) == 1 || tensor(t).batch_stride == NaturalStride(tensor(t));
  }

  int Root(int t) {
    int root = t;
    uint64_t offset = 0;
    for (; at(root).above >= 0; root = at(root).above) offset += at(root).offset;
    while (at(t).above >= 0 && at(t).above != root) {
      Place& place = at(t);
      const uint64_t rest = offset - place.offset;
      t = place.above;
      place.above = root;
      place.offset = offset;
      offset = rest;
    }
    return root;
  }
  uint64_t OffsetInRoot(int t) {
    Root(t);
    return at(t).above >= 0 ? at(t).offset : 0;
  }
  // `child` has no parent yet, and `parent` does not lie in it.
  void PutInto(int parent, int child, uint64_t offset) {
    at(child).parent = at(child).above = parent;
    at(child).offset = offset;
    at(parent).has_children = true;
    Place& root = at(Root(parent));
    root.last_write = std::max(root.last_write, at(child).last_write);
    root.last_read = std::max(root.last_read, at(child).last_read);
    root.holds_output |= at(child).holds_output;
  }

  void PlaceView(Operation& op) {
    const int in = op.in[0], out = op.out[0];
    if (!Contiguous(in) || !Contiguous(out)) return;
    if (!IsArena(in)) {
      // A view of what the caller feeds, or of a constant: unless the output already has a place.
      if (at(out).parent >= 0 || at(out).has_children || tensor(in).kind != Kind::kInput) return;
      tensor(out).kind = Kind::kInput;
      tensor(out).input = tensor(in).input;
      op.eliminated = true;
      return;
    }
    if (at(in).parent < 0 && Root(out) != in) {
      PutInto(out, in, 0);
    } else if (at(out).parent < 0 && Root(in) != out) {
      PutInto(in, out, 0);
    } else {
      return;
    }
    op.eliminated = true;
  }

  void PlaceParts(Operation& op) {
    const int out = op.out[0];
    const PlannedTensor& whole = tensor(out);
    op.in_place.assign(op.in.size(), 0);
    const int64_t batch = Batch(whole);
    uint64_t offset = 0;
    for (size_t i = 0; i < op.in.size(); ++i) {
      const int part = op.in[i];
      // Bytes of one item of the batch; where it is 1, also right for parts along another axis.
      const uint64_t bytes = tensor(part).bytes / static_cast<uint64_t>(batch);
      bool free = IsArena(part) && at(part).parent < 0 && Root(out) != part &&
                  tensor(part).layout == whole.layout && tensor(part).bytes > 0;
      if (free && batch > 1) free = MayStride(part, op) && !whole.is_output;
      if (free) {
        PutInto(out, part, offset);
        if (batch > 1) tensor(part).batch_stride = whole.batch_stride;
        op.in_place[i] = 1;
      }
      offset += bytes;
    }
  }

  // Whether everything that touches a part of a batch can step over the other parts.
  bool MayStride(int part, const Operation& concat) {
    if (tensor(part).is_output || at(part).has_children) return false;
    const auto can = [&](int i) {
      const Operation& op = p_.operations[static_cast<size_t>(i)];
      return &op == &concat || op.variant.strided;
    };
    return at(part).writer >= 0 && can(at(part).writer) &&
           std::all_of(at(part).readers.begin(), at(part).readers.end(), can);
  }

  // The output takes over an input that nothing needs any more.
  void Overwrite(int index) {
    Operation& op = p_.operations[static_cast<size_t>(index)];
    if (op.variant.may_overwrite == 0 || op.out.empty() || op.out[0] < 0) return;
    const int out = op.out[0];
    for (size_t i = 0; i < op.in.size() && i < 32; ++i) {
      const int in = op.in[i];
      if ((op.variant.may_overwrite >> i & 1) == 0 || in < 0 || !IsArena(in) || !IsArena(out)) {
        continue;
      }
      const int root = Root(in);
      if (OffsetInRoot(in) != 0 || tensor(in).bytes != tensor(root).bytes ||
          tensor(in).bytes != tensor(out).bytes || Root(out) == root || !Contiguous(in) ||
          !Contiguous(out) || !DiesAt(root, index)) {
        continue;
      }
      // Through another shape, at other positions than it writes; or as an operand that may not be
      // overwritten, like a convolution's input that is its residual too.
      bool other_reads = false;
      for (size_t k = 0; k < op.in.size(); ++k) {
        const int other = op.in[k];
        if (k == i || other < 0 || Root(other) != root) continue;
        const bool may = k < 32 && (op.variant.may_overwrite >> k & 1) != 0;
        if (other != in || !may) other_reads = true;
      }
      if (other_reads) continue;
      PutInto(out, root, 0);
      op.overwrites = static_cast<int>(i);
      return;
    }
  }

  // Whether no tensor that lies in this root is touched after the operation.
  bool DiesAt(int root, int index) {
    const Place& all = at(root);
    return !all.holds_output && all.last_write < index && all.last_read <= index;
  }

  void MakeStorages() {
    std::vector<int> storage_of(nodes_.size(), -1);
    const int end = static_cast<int>(p_.operations.size());
    for (size_t i = 0; i < nodes_.size(); ++i) {
      const int t = static_cast<int>(i);
      const int root = IsArena(t) ? Root(t) : t;
      int& storage = storage_of[static_cast<size_t>(root)];
      if (storage < 0) {
        storage = static_cast<int>(p_.storages.size());
        Storage s;
        s.kind = tensor(root).kind;
        s.bytes = tensor(root).bytes;
        s.first = end;
        s.last = -1;
        s.tensor = root;
        p_.storages.push_back(s);
      }
      Storage& s = p_.storages[static_cast<size_t>(storage)];
      tensor(t).storage = storage;
      tensor(t).offset = IsArena(t) ? OffsetInRoot(t) : 0;
      if (at(t).writer >= 0) {
        s.first = std::min(s.first, at(t).writer);
        s.last = std::max(s.last, at(t).writer);
      }
      for (const int reader : at(t).readers) s.last = std::max(s.last, reader);
      if (tensor(t).is_output) s.last = end;
    }
  }

  Program& p_;
  std::vector<Place> nodes_;
};

struct Life {
  int from, to;
  uint64_t begin, end;
};

// When each tensor is needed, and its bytes of the arena.
std::vector<Life> LivesOf(const Program& program) {
  const int end = static_cast<int>(program.operations.size());
  std::vector<Life> lives(program.tensors.size(), {end, -1, 0, 0});
  for (int i = 0; i < end; ++i) {
    const Operation& op = program.operations[static_cast<size_t>(i)];
    for (const int t : op.in) {
      if (t >= 0) lives[static_cast<size_t>(t)].to = std::max(lives[static_cast<size_t>(t)].to, i);
    }
    for (const int t : op.out) {
      if (t < 0) continue;
      Life& life = lives[static_cast<size_t>(t)];
      life.from = std::min(life.from, i);
      life.to = std::max(life.to, i);
    }
  }
  for (const int t : program.outputs) lives[static_cast<size_t>(t)].to = end;
  for (size_t t = 0; t < lives.size(); ++t) {
    const PlannedTensor& tensor = program.tensors[t];
    if (tensor.kind != PlannedTensor::Kind::kArena) continue;
    const Storage& storage = program.storages[static_cast<size_t>(tensor.storage)];
    lives[t].begin = storage.offset + tensor.offset;
    lives[t].end = lives[t].begin + tensor.bytes;
  }
  return lives;
}

// Pairs that are the same bytes on purpose and lie where they should: a view and what it looks at,
// a part and its whole. Of each tensor the others.
std::vector<std::vector<int>> SharedBytes(const Program& program, const std::vector<Life>& lives) {
  std::vector<std::vector<int>> inside(program.tensors.size());
  for (const Operation& op : program.operations) {
    uint64_t offset = 0;
    for (size_t k = 0; k < op.in.size(); ++k) {
      const int in = op.in[k];
      if (in < 0) continue;
      const auto i = static_cast<size_t>(in), o = static_cast<size_t>(op.out[0]);
      const bool part = k < op.in_place.size() && op.in_place[k];
      const bool view = op.eliminated && k == 0;
      if ((part || view) && lives[i].begin == lives[o].begin + offset) {
        inside[i].push_back(op.out[0]);
        inside[o].push_back(in);
      }
      const PlannedTensor& whole = program.tensors[o];
      const int64_t batch = whole.shape.size() > 1 ? std::max<int64_t>(whole.shape[0], 1) : 1;
      offset += program.tensors[i].bytes / static_cast<uint64_t>(batch);
    }
  }
  return inside;
}

// Whether a and b share bytes through any number of views and concatenations.
bool Related(const std::vector<std::vector<int>>& inside, int a, int b) {
  std::vector<int> open{a};
  std::vector<char> seen(inside.size(), 0);
  while (!open.empty()) {
    const int t = open.back();
    open.pop_back();
    if (t == b) return true;
    if (seen[static_cast<size_t>(t)]++) continue;
    for (const int next : inside[static_cast<size_t>(t)]) open.push_back(next);
  }
  return false;
}

}  // namespace

Status PlaceTensors(Program& program) {
  Placer(program).Run();
  return OkStatus();
}

std::string FindOverlap(const Program& program) {
  const std::vector<Life> lives = LivesOf(program);
  const std::vector<std::vector<int>> inside = SharedBytes(program, lives);
  const auto name = [&](size_t t) {
    return "'" + program.graph->value(program.tensors[t].value).name + "'";
  };
  for (size_t a = 0; a < lives.size(); ++a) {
    if (program.tensors[a].kind != PlannedTensor::Kind::kArena) continue;
    for (size_t b = a + 1; b < lives.size(); ++b) {
      if (program.tensors[b].kind != PlannedTensor::Kind::kArena) continue;
      if (lives[a].end <= lives[b].begin || lives[b].end <= lives[a].begin) continue;
      const size_t early = lives[a].from <= lives[b].from ? a : b, late = a + b - early;
      if (lives[early].to < lives[late].from) continue;
      if (Related(inside, static_cast<int>(a), static_cast<int>(b))) continue;
      // Alive together for one operation only, which overwrites the dying one on purpose.
      if (lives[early].to == lives[late].from) {
        const Operation& op = program.operations[static_cast<size_t>(lives[late].from)];
        if (op.overwrites >= 0 && op.out[0] == static_cast<int>(late) &&
            Related(inside, op.in[static_cast<size_t>(op.overwrites)], static_cast<int>(early))) {
          continue;
        }
      }
      return name(early) + " and " + name(late) + " share memory while both are needed";
    }
  }
  return "";
}

}  // namespace peel::engine

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace peel {

using TestBytes = std::vector<uint8_t>;

inline TestBytes FromHex(std::string_view hex) {
  TestBytes bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

inline void PutBig(TestBytes& out, uint64_t value, int bytes) {
  for (int i = bytes; i-- > 0;) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
}
inline void Put(TestBytes& out, const TestBytes& bytes) {
  for (const uint8_t byte : bytes) out.push_back(byte);
}
inline void Put(TestBytes& out, std::string_view text) {
  for (const char c : text) out.push_back(static_cast<uint8_t>(c));
}

inline TestBytes TestBox(std::string_view type, const TestBytes& payload) {
  TestBytes box;
  PutBig(box, payload.size() + 8, 4);
  Put(box, type);
  Put(box, payload);
  return box;
}

// A HEIF file put together box by box, as wrong as a test wants it. Every item's data lie in one
// mdat box in the order of the items.
class HeifBuilder {
 public:
  struct Item {
    uint32_t id;
    std::string type;
    TestBytes data;
    std::vector<int> properties;  // from Property
    bool hidden = false;
    bool whole_file = false;  // its data are said to be the first megabyte of the file
  };

  int Property(std::string_view type, const TestBytes& payload) {
    Put(ipco_, TestBox(type, payload));
    return ++properties_;
  }
  int Size(uint32_t width, uint32_t height) {
    TestBytes ispe(4);
    PutBig(ispe, width, 4);
    PutBig(ispe, height, 4);
    return Property("ispe", ispe);
  }
  // x265's header for a plain orange picture of 64 x 64 or 128 x 64, and its data.
  int Hevc(int width = 64) {
    return Property("hvcC", FromHex(width == 64 ? kHeader64 : kHeader128));
  }
  static TestBytes HevcData(int width = 64) { return FromHex(width == 64 ? kData64 : kData128); }

  void Add(Item item) { items_.push_back(std::move(item)); }
  void Refer(std::string_view type, uint32_t from, const std::vector<uint32_t>& to) {
    TestBytes payload;
    PutBig(payload, from, 2);
    PutBig(payload, to.size(), 2);
    for (const uint32_t id : to) PutBig(payload, id, 2);
    Put(iref_, TestBox(type, payload));
  }
  // Item `id` lies elsewhere than it does.
  void Misplace(uint32_t id, uint64_t offset, uint64_t length) {
    misplaced_ = id;
    wrong_offset_ = offset;
    wrong_length_ = length;
  }

  TestBytes Build(uint32_t primary) const {
    const TestBytes ftyp = TestBox("ftyp", FromHex("6865696300000000"
                                                   "6d69663168656963"));
    const size_t meta_size = Meta(primary, 0).size();
    const size_t data_at = ftyp.size() + meta_size + 8;
    TestBytes file = ftyp;
    Put(file, Meta(primary, data_at));
    TestBytes data;
    for (const Item& item : items_) Put(data, item.data);
    Put(file, TestBox("mdat", data));
    return file;
  }

 private:
  static constexpr std::string_view kHeader64 =
      "0103700000000000000000001ef000fcfdf8f800000f03200001001840010c01ffff0370000003009000000300"
      "0003001eba0240210001002b42010103700000030090000003000003001ea020810596e939292e6e04040c0800"
      "0003000800000300084022000100064401c0718112";
  static constexpr std::string_view kData64 = "000000132801ac4e6eecffa6baff52ea7f7393fc119f80";
  static constexpr std::string_view kHeader128 =
      "0103700000000000000000001ef000fcfdf8f800000f03200001001840010c01ffff0370000003009000000300"
      "0003001eba0240210001002b42010103700000030090000003000003001ea010204165ba4e4a4b9b8101030200"
      "0003000200000300021022000100064401c0718112";
  static constexpr std::string_view kData128 =
      "000000162801ac4e6eecffa6baff52ea7f7393fc11213aa67c38";

  TestBytes Meta(uint32_t primary, size_t data_at) const {
    TestBytes meta(4);
    TestBytes hdlr(8);
    PutBig(hdlr, 0x70696374, 4);  // pict
    hdlr.resize(25);
    Put(meta, TestBox("hdlr", hdlr));
    TestBytes pitm(4);
    PutBig(pitm, primary, 2);
    Put(meta, TestBox("pitm", pitm));
    TestBytes iloc = {1, 0, 0, 0, 0x88, 0x00};  // version 1: offsets and lengths of 8 bytes
    TestBytes iinf(4), ipma(4);
    PutBig(iloc, items_.size(), 2);
    PutBig(iinf, items_.size(), 2);
    PutBig(ipma, items_.size(), 4);
    for (const Item& item : items_) {
      PutBig(iloc, item.id, 2);
      PutBig(iloc, 0, 4);  // in the file; this one
      PutBig(iloc, 1, 2);
      const bool wrong = item.id == misplaced_;
      PutBig(iloc, item.whole_file ? 0 : wrong ? wrong_offset_ : data_at, 8);
      PutBig(iloc, item.whole_file ? 1 << 20 : wrong ? wrong_length_ : item.data.size(), 8);
      data_at += item.data.size();
      TestBytes infe = {2, 0, 0, static_cast<uint8_t>(item.hidden ? 1 : 0)};
      PutBig(infe, item.id, 2);
      PutBig(infe, 0, 2);
      Put(infe, item.type);
      infe.push_back(0);
      Put(iinf, TestBox("infe", infe));
      PutBig(ipma, item.id, 2);
      PutBig(ipma, item.properties.size(), 1);
      for (const int property : item.properties) ipma.push_back(static_cast<uint8_t>(property));
    }
    Put(meta, TestBox("iloc", iloc));
    Put(meta, TestBox("iinf", iinf));
    TestBytes iprp = TestBox("ipco", ipco_);
    Put(iprp, TestBox("ipma", ipma));
    Put(meta, TestBox("iprp", iprp));
    if (!iref_.empty()) {
      TestBytes iref(4);
      Put(iref, iref_);
      Put(meta, TestBox("iref", iref));
    }
    return TestBox("meta", meta);
  }

  TestBytes ipco_, iref_;
  int properties_ = 0;
  std::vector<Item> items_;
  uint32_t misplaced_ = UINT32_MAX;
  uint64_t wrong_offset_ = 0, wrong_length_ = 0;
};

// What an 'iovl' item holds: a white canvas of this size, and where its pictures lie.
inline TestBytes OverlayData(uint32_t width, uint32_t height,
                             const std::vector<std::pair<int, int>>& places) {
  TestBytes data = {0, 1};
  for (int i = 0; i < 4; ++i) PutBig(data, 0xFFFF, 2);
  PutBig(data, width, 4);
  PutBig(data, height, 4);
  for (const auto& [x, y] : places) {
    PutBig(data, static_cast<uint32_t>(x), 4);
    PutBig(data, static_cast<uint32_t>(y), 4);
  }
  return data;
}

inline TestBytes GridData(int columns, int rows, uint32_t width, uint32_t height) {
  TestBytes data = {0, 1, static_cast<uint8_t>(rows - 1), static_cast<uint8_t>(columns - 1)};
  PutBig(data, width, 4);
  PutBig(data, height, 4);
  return data;
}

}  // namespace peel

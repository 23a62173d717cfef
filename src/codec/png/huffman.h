#pragma once

#include <cstdint>
#include <span>

namespace peel {

// Lengths of a canonical prefix code for symbols of these frequencies, none longer than max_length
// (at most 15); 0 for a symbol that does not occur. A single symbol gets length 1.
// At most 288 symbols; the frequencies sum to less than 2^32.
void MakeHuffmanLengths(std::span<const uint32_t> frequencies, int max_length,
                        std::span<uint8_t> lengths);

// The codes for the lengths, bits reversed as deflate writes them, first bit lowest.
void MakeHuffmanCodes(std::span<const uint8_t> lengths, std::span<uint16_t> codes);

}  // namespace peel

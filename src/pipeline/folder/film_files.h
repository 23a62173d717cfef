#pragma once

#include <string>
#include <string_view>

namespace peel {

// Whether a name ends like a film's: mp4, mov, m4v, mkv, webm, avi … No animated pictures.
bool HasFilmExtension(std::string_view file_name);

// Whether it is a file that a film may be in: a film's extension, or the first bytes of MP4 and
// MOV, Matroska and WebM, AVI, FLV, Ogg, MPEG or ASF. Never a picture's bytes, whatever its name.
bool IsFilmFile(const std::string& path);

}  // namespace peel

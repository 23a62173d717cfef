# The files of web/ as a source file with their bytes, the same bytes gzipped, content types and hashes:
# what src/server/page serves. Included, it defines peel_embed_web; run by `cmake -P`, it writes the file.
# Nothing of the machine goes in: the output depends on names and bytes alone.
set(PEEL_WEB_TYPES
    "html=text/html; charset=utf-8" "css=text/css; charset=utf-8" "js=text/javascript; charset=utf-8"
    "svg=image/svg+xml" "webp=image/webp")
string(REPLACE "; " "\\; " PEEL_WEB_TYPES "${PEEL_WEB_TYPES}")

function(peel_embed_web target)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/web/*)
  set(output ${PROJECT_BINARY_DIR}/web/page_files.cc)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DWEB=${PROJECT_SOURCE_DIR}/web -DOUTPUT=${output}
            -P ${PROJECT_SOURCE_DIR}/cmake/EmbedWeb.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/EmbedWeb.cmake VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()

if(NOT CMAKE_SCRIPT_MODE_FILE)
  return()
endif()

function(hex_to_array hex name out)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  # Lines, which compilers and editors can stand.
  string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)"
         "\\1\n" bytes "${bytes}")
  set(${out} "constexpr uint8_t ${name}[] = {\n${bytes}};\n" PARENT_SCOPE)
endfunction()

get_filename_component(folder ${OUTPUT} DIRECTORY)
file(MAKE_DIRECTORY ${folder})
file(GLOB names RELATIVE ${WEB} ${WEB}/*)
if(NOT names)
  message(FATAL_ERROR "${WEB}: no files")
endif()
list(SORT names)
set(arrays "")
set(table "")
set(index 0)
foreach(name IN LISTS names)
  string(REGEX MATCH "[^.]+$" suffix ${name})
  set(type "")
  foreach(entry IN LISTS PEEL_WEB_TYPES)
    if(entry MATCHES "^${suffix}=(.*)$")
      set(type "${CMAKE_MATCH_1}")
    endif()
  endforeach()
  if(type STREQUAL "")
    message(FATAL_ERROR "web/${name}: what Content-Type does .${suffix} have? Add it to cmake/EmbedWeb.cmake")
  endif()
  set(file ${WEB}/${name})
  if(NOT suffix STREQUAL "webp")
    # Indentation, empty lines and comments are for who reads web/: they are not sent. A comment behind code
    # has two spaces before it and no quotes, which might be a text's.
    file(READ ${file} text)
    string(REGEX REPLACE "\n +" "\n" text "${text}")
    if(suffix STREQUAL "js")
      string(REGEX REPLACE "\n//[^\n]*" "" text "\n${text}")
      string(REGEX REPLACE "  //[^\n'\"`]*\n" "\n" text "${text}")
    elseif(suffix STREQUAL "css")
      string(REGEX REPLACE "/\\*[^*]*\\*/" "" text "${text}")
      string(REGEX REPLACE " {\n" "{" text "${text}")
      string(REGEX REPLACE ";\n" ";" text "${text}")
      string(REGEX REPLACE ";}" "}" text "${text}")
      string(REGEX REPLACE "([a-z]): " "\\1:" text "${text}")
      string(REGEX REPLACE ", " "," text "${text}")
    endif()
    string(REGEX REPLACE "\n\n+" "\n" text "${text}")
    string(REGEX REPLACE "^\n+" "" text "${text}")
    set(file ${folder}/sent)
    file(WRITE ${file} "${text}")
  endif()
  file(READ ${file} hex HEX)
  file(SHA256 ${file} hash)
  string(SUBSTRING ${hash} 0 20 hash)
  hex_to_array("${hex}" kBytes${index} array)
  string(APPEND arrays "// ${name}\n${array}")
  set(gzip "{}")
  if(NOT suffix STREQUAL "webp")
    file(ARCHIVE_CREATE OUTPUT ${folder}/packed.gz PATHS ${file} FORMAT raw COMPRESSION GZip
         COMPRESSION_LEVEL 9)
    file(READ ${folder}/packed.gz hex HEX)
    file(REMOVE ${folder}/packed.gz ${file})
    # Bytes 4 to 7 of a gzip file are a time, byte 9 the system that made it (RFC 1952): 255 is unknown.
    string(SUBSTRING "${hex}" 0 8 head)
    string(SUBSTRING "${hex}" 16 2 flags)
    string(SUBSTRING "${hex}" 20 -1 rest)
    hex_to_array("${head}00000000${flags}ff${rest}" kPacked${index} array)
    string(APPEND arrays "${array}")
    set(gzip "kPacked${index}")
  endif()
  set(path "/${name}")
  if(name STREQUAL "index.html")
    set(path "/")
  endif()
  string(APPEND table "    {\"${path}\", kBytes${index}, ${gzip}, \"${type}\", \"\\\"${hash}\\\"\"},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${OUTPUT} "// Made of web/ by cmake/EmbedWeb.cmake.
#include <cstdint>

#include \"src/server/page/page.h\"

namespace peel::server {
namespace {

${arrays}
constexpr PageFile kFiles[] = {
${table}};

}  // namespace

std::span<const PageFile> PageFiles() { return kFiles; }

}  // namespace peel::server
")

# The picture libraries that src/codec/lazy opens at their first use. They are needed for building (their
# headers and sonames), but nothing is linked to them, so that pkg-config and what they themselves are
# linked to do not matter.
#   peel_lazy_codec(NAME HEADER LIBRARY PACKAGE [NEEDS word] [OPTIONAL])
# defines PEEL_HAVE_<NAME> and PEEL_<NAME>_SONAME on the target peel_codec_headers, and adds NAME to
# PEEL_LAZY_CODECS. NEEDS is a word that the header has in versions that are new enough. Optional ones are
# left out where they are missing or PEEL_WITH_<NAME> is off.
add_library(peel_codec_headers INTERFACE)
set(PEEL_LAZY_CODECS "")

function(peel_lazy_codec name header library package)
  cmake_parse_arguments(LAZY "OPTIONAL" "NEEDS" "" ${ARGN})
  string(TOUPPER ${name} upper)
  if(LAZY_OPTIONAL)
    option(PEEL_WITH_${upper} "Read ${name} files through ${package}" ON)
    if(NOT PEEL_WITH_${upper})
      return()
    endif()
  endif()
  find_path(PEEL_${upper}_HEADERS ${header})
  find_library(PEEL_${upper}_LIBRARY ${library})
  if(PEEL_${upper}_HEADERS AND LAZY_NEEDS)
    file(STRINGS ${PEEL_${upper}_HEADERS}/${header} found REGEX ${LAZY_NEEDS})
    if(NOT found)
      message(FATAL_ERROR "${PEEL_${upper}_HEADERS}/${header} is too old: it has no ${LAZY_NEEDS}")
    endif()
  endif()
  if(NOT PEEL_${upper}_HEADERS OR NOT PEEL_${upper}_LIBRARY)
    if(NOT LAZY_OPTIONAL)
      message(FATAL_ERROR "${header} or lib${library}.so is missing; install ${package}")
    endif()
    message(STATUS "${package} is not there: Peel is built without ${name}")
    return()
  endif()
  execute_process(COMMAND ${CMAKE_READELF} -d ${PEEL_${upper}_LIBRARY}
                  OUTPUT_VARIABLE dynamic RESULT_VARIABLE failed)
  string(REGEX MATCH "SONAME[^[]*\\[([^]]+)\\]" found "${dynamic}")
  if(failed OR NOT found)
    message(FATAL_ERROR "${PEEL_${upper}_LIBRARY} is no shared library with a soname")
  endif()
  target_include_directories(peel_codec_headers SYSTEM INTERFACE ${PEEL_${upper}_HEADERS})
  target_compile_definitions(peel_codec_headers INTERFACE PEEL_HAVE_${upper}=1
                             PEEL_${upper}_SONAME="${CMAKE_MATCH_1}")
  set(PEEL_LAZY_CODECS ${PEEL_LAZY_CODECS} ${name} PARENT_SCOPE)
endfunction()

peel_lazy_codec(tiff tiffio.h tiff libtiff-dev NEEDS TIFFOpenOptionsSetMaxSingleMemAlloc)
peel_lazy_codec(avif avif/avif.h avif libavif-dev NEEDS imageDimensionLimit)
peel_lazy_codec(heif libheif/heif.h heif libheif-dev NEEDS heif_context_set_max_decoding_threads)
peel_lazy_codec(gif gif_lib.h gif libgif-dev)
peel_lazy_codec(jxl jxl/decode.h jxl libjxl-dev OPTIONAL)
peel_lazy_codec(raw libraw/libraw.h raw libraw-dev OPTIONAL)
# Not a codec: converts between colour profiles.
peel_lazy_codec(lcms lcms2.h lcms2 liblcms2-dev)

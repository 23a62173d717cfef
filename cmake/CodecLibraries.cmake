# The picture libraries that src/codec/lazy opens at their first use. They are needed for building (their
# headers and sonames), but nothing is linked to them. `peel_lazy_codec(NAME MODULE PACKAGE [OPTIONAL])` sets
# PEEL_HAVE_<NAME> and adds to the target peel_codec_headers.
add_library(peel_codec_headers INTERFACE)
set(PEEL_LAZY_CODECS "")

function(peel_lazy_codec name module package)
  cmake_parse_arguments(LAZY "OPTIONAL" "" "" ${ARGN})
  string(TOUPPER ${name} upper)
  option(PEEL_WITH_${upper} "Read ${name} files through ${package}" ON)
  if(NOT PEEL_WITH_${upper})
    return()
  endif()
  if(LAZY_OPTIONAL)
    pkg_check_modules(${name} QUIET ${module})
    if(NOT ${name}_FOUND)
      message(STATUS "${package} is not there: Peel is built without ${name}")
      return()
    endif()
  else()
    pkg_check_modules(${name} REQUIRED ${module})
  endif()
  list(GET ${name}_LIBRARIES 0 library)
  find_library(PEEL_${upper}_LIBRARY ${library} HINTS ${${name}_LIBRARY_DIRS} REQUIRED)
  execute_process(COMMAND ${CMAKE_READELF} -d ${PEEL_${upper}_LIBRARY}
                  OUTPUT_VARIABLE dynamic RESULT_VARIABLE failed)
  string(REGEX MATCH "SONAME[^[]*\\[([^]]+)\\]" found "${dynamic}")
  if(failed OR NOT found)
    message(FATAL_ERROR "${PEEL_${upper}_LIBRARY} is no shared library with a soname")
  endif()
  target_include_directories(peel_codec_headers SYSTEM INTERFACE ${${name}_INCLUDE_DIRS})
  target_compile_definitions(peel_codec_headers INTERFACE PEEL_HAVE_${upper}=1
                             PEEL_${upper}_SONAME="${CMAKE_MATCH_1}")
  set(PEEL_LAZY_CODECS ${PEEL_LAZY_CODECS} ${name} PARENT_SCOPE)
endfunction()

peel_lazy_codec(tiff "libtiff-4>=4.5" libtiff-dev)

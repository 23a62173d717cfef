# libpeel, shared (peel::peel) and static (peel::peel_static), from the objects of every component. The
# names are the same for who adds this folder to a project and for who finds what is installed.
file(STRINGS include/peel/peel.h version_lines REGEX "define PEEL_VERSION_[A-Z]+ [0-9]+$")
string(REGEX REPLACE "[^0-9]+" "." header_version "${version_lines}")
if(NOT header_version STREQUAL ".${PROJECT_VERSION}")
  message(FATAL_ERROR "include/peel/peel.h has another version than the project: ${header_version}")
endif()
get_property(peel_objects GLOBAL PROPERTY PEEL_OBJECTS)

# What the shared library links privately and a user of the static one has to link as well.
set(peel_system_modules libhwy libjpeg libdeflate libwebp libwebpmux libwebpdemux zlib)
string(JOIN " " peel_requires_private ${peel_system_modules})
set(peel_system_targets PkgConfig::hwy PkgConfig::jpeg PkgConfig::deflate
    PkgConfig::webp ZLIB::ZLIB Threads::Threads ${CMAKE_DL_LIBS})

set(peel_library_scope "")
if(NOT PEEL_INSTALL)
  set(peel_library_scope EXCLUDE_FROM_ALL)
endif()
add_library(peel_shared SHARED ${peel_library_scope} ${peel_objects})
target_link_libraries(peel_shared PRIVATE ${peel_system_targets})
set_target_properties(peel_shared PROPERTIES OUTPUT_NAME peel EXPORT_NAME peel LINKER_LANGUAGE CXX
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
set(peel_symbols ${PROJECT_SOURCE_DIR}/cmake/peel.map)
target_link_options(peel_shared PRIVATE LINKER:--version-script=${peel_symbols})
set_target_properties(peel_shared PROPERTIES LINK_DEPENDS ${peel_symbols})
if(NOT PEEL_SANITIZE)
  target_link_options(peel_shared PRIVATE LINKER:--no-undefined)
endif()

add_library(peel_static STATIC ${peel_library_scope} ${peel_objects})
set_target_properties(peel_static PROPERTIES OUTPUT_NAME peel LINKER_LANGUAGE CXX)
target_link_libraries(peel_static INTERFACE Threads::Threads ${CMAKE_DL_LIBS}
  $<INSTALL_INTERFACE:PkgConfig::peel_static_needs> "$<BUILD_INTERFACE:${peel_system_targets}>")

foreach(library peel_shared peel_static)
  target_include_directories(${library} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()
add_library(peel::peel ALIAS peel_shared)
add_library(peel::peel_static ALIAS peel_static)

if(PEEL_INSTALL)
  include(cmake/InstallLibrary.cmake)
endif()

# What CPack makes of the install components. The presets build what goes in: `package` for the Debian
# packages (make deb), `tarball` for the archive that brings its libraries along (make tarball).
set(CPACK_PACKAGE_NAME peel)
set(CPACK_PACKAGE_VENDOR "The Peel authors")
# The form asks for an address; this one can belong to nobody.
set(CPACK_PACKAGE_CONTACT "The Peel authors <authors@peel.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_OUTPUT_FILE_PREFIX ${PROJECT_SOURCE_DIR}/dist)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

if(PEEL_BUNDLE)
  set(CPACK_GENERATOR TGZ)
  set(CPACK_COMPONENTS_ALL Program Bundle)
  set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
  set(CPACK_COMPONENT_INCLUDE_TOPLEVEL_DIRECTORY ON)
  set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
  string(TOLOWER ${CMAKE_SYSTEM_NAME} system)
  set(CPACK_PACKAGE_FILE_NAME peel-${PROJECT_VERSION}-${system}-${CMAKE_SYSTEM_PROCESSOR})
  set(CPACK_ARCHIVE_FILE_NAME ${CPACK_PACKAGE_FILE_NAME})
  include(CPack)
  return()
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL Program Runtime Development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

# The libraries that are opened at their first use: shlibdeps cannot see them.
set(recommended "")
foreach(codec IN LISTS PEEL_LAZY_CODECS)
  string(TOUPPER ${codec} upper)
  file(REAL_PATH ${PEEL_${upper}_LIBRARY} file)
  execute_process(COMMAND dpkg-query -S ${file} OUTPUT_VARIABLE owner ERROR_QUIET)
  if(owner MATCHES "^([^:,]+)")
    list(APPEND recommended ${CMAKE_MATCH_1})
  endif()
endforeach()
list(JOIN recommended ", " recommended)

# The synopsis is the project's, above.
set(more "Runs neural networks on the processor with an engine of its own, and
brings a model along. JPEG, PNG and WebP are built in. TIFF, AVIF, HEIC,
GIF, JPEG XL and camera raw files are read through the recommended
packages.")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME peel)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS "${recommended}")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS "curl, ffmpeg")
set(CPACK_DEBIAN_PROGRAM_DESCRIPTION "${more}")

set(soname libpeel${PROJECT_VERSION_MAJOR})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME ${soname})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_RECOMMENDS "${recommended}")
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION "This is the shared library.\n${more}")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libpeel-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
# What the static library is made of, which pkg-config and CMake ask for.
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${soname} (= ${PROJECT_VERSION}-1), libhwy-dev,\
 libjpeg-dev, libdeflate-dev, libwebp-dev, zlib1g-dev")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "The C and C++ headers, the static library, a CMake package and a
pkg-config file.")

set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/DebianDocs.cmake)
set(CPACK_PEEL_SOURCE_DIR ${PROJECT_SOURCE_DIR})
set(CPACK_PEEL_SONAME ${soname})
include(CPack)

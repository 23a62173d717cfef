# libpeel, shared and static, from the objects of every component, with its install rules: headers,
# libraries, CMake package (find_package(peel): peel::peel, peel::peel_static) and pkg-config file.
include(CMakePackageConfigHelpers)
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

add_library(peel_shared SHARED ${peel_objects})
target_link_libraries(peel_shared PRIVATE ${peel_system_targets})
set_target_properties(peel_shared PROPERTIES OUTPUT_NAME peel EXPORT_NAME peel LINKER_LANGUAGE CXX
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
set(peel_symbols ${CMAKE_SOURCE_DIR}/cmake/peel.map)
target_link_options(peel_shared PRIVATE LINKER:--version-script=${peel_symbols})
set_target_properties(peel_shared PROPERTIES LINK_DEPENDS ${peel_symbols})
if(NOT PEEL_SANITIZE)
  target_link_options(peel_shared PRIVATE LINKER:--no-undefined)
endif()

add_library(peel_static STATIC ${peel_objects})
set_target_properties(peel_static PROPERTIES OUTPUT_NAME peel LINKER_LANGUAGE CXX)
target_link_libraries(peel_static INTERFACE Threads::Threads ${CMAKE_DL_LIBS}
  $<INSTALL_INTERFACE:PkgConfig::peel_static_needs> "$<BUILD_INTERFACE:${peel_system_targets}>")

foreach(library peel_shared peel_static)
  target_include_directories(${library} INTERFACE
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()
target_compile_features(peel_shared INTERFACE c_std_99)
target_compile_features(peel_static INTERFACE c_std_99)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/peel)
install(TARGETS peel_shared EXPORT peelTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS peel_static EXPORT peelStaticTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT peelTargets NAMESPACE peel:: DESTINATION ${package_dir})
install(EXPORT peelStaticTargets NAMESPACE peel:: DESTINATION ${package_dir})
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/peelConfig.cmake.in
  ${CMAKE_BINARY_DIR}/peelConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/peelConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/peelConfig.cmake ${CMAKE_BINARY_DIR}/peelConfigVersion.cmake
  DESTINATION ${package_dir})
install(FILES include/peel/peel.h include/peel/peel.hpp
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/peel)

configure_file(cmake/peel.pc.in ${CMAKE_BINARY_DIR}/peel.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/peel.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES LICENSE NOTICE THIRD_PARTY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

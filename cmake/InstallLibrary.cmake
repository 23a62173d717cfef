# Installs libpeel. Components: Runtime, what a program that is linked to it needs; Development, what it
# takes to build one: headers, static library, CMake package (find_package(peel)) and pkg-config file.
# The program is the component Program.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/peel)
install(TARGETS peel_shared EXPORT peelTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT Runtime NAMELINK_COMPONENT Development)
install(TARGETS peel_static EXPORT peelStaticTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT Development)
install(EXPORT peelTargets NAMESPACE peel:: DESTINATION ${package_dir} COMPONENT Development)
install(EXPORT peelStaticTargets NAMESPACE peel:: DESTINATION ${package_dir} COMPONENT Development)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/peelConfig.cmake.in
  ${PROJECT_BINARY_DIR}/peelConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/peelConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/peelConfig.cmake ${PROJECT_BINARY_DIR}/peelConfigVersion.cmake
  DESTINATION ${package_dir} COMPONENT Development)
install(FILES include/peel/peel.h include/peel/peel.hpp
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/peel COMPONENT Development)

# The file finds its prefix from where it lies: the tree may be installed with another --prefix, or moved.
set(peel_pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH peel_pc_prefix /prefix/${peel_pc_dir} /prefix)
string(REGEX REPLACE "/$" "" peel_pc_prefix "${peel_pc_prefix}")
configure_file(cmake/peel.pc.in ${PROJECT_BINARY_DIR}/peel.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/peel.pc DESTINATION ${peel_pc_dir} COMPONENT Development)
install(FILES LICENSE NOTICE THIRD_PARTY.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT Development)

# Every library the product or its tests use, found once. tools/install_deps.sh installs them. The targets
# are global: who links peel::peel_static in another project sees them through it.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(hwy REQUIRED IMPORTED_TARGET GLOBAL libhwy)
# Left out of every dispatched file, one value for the whole tree: SSSE3 (bit 12), which SSE4 supersedes
# on all that is still in use; what newer Highways put above AVX3 (bits 3 to 7), whose extensions the
# kernels ask for themselves; SVE (bits 18, 19 and 23 to 27), whose vectors have no fixed length.
add_compile_definitions(HWY_DISABLED_TARGETS=0xF8C10F8LL)
pkg_check_modules(jpeg REQUIRED IMPORTED_TARGET GLOBAL libjpeg)
pkg_check_modules(deflate REQUIRED IMPORTED_TARGET GLOBAL libdeflate)
pkg_check_modules(webp REQUIRED IMPORTED_TARGET GLOBAL libwebp libwebpmux libwebpdemux)
find_package(nlohmann_json REQUIRED)
if(PEEL_PROGRAM)
  find_package(fmt REQUIRED)
  find_package(CLI11 REQUIRED)
  find_package(yaml-cpp REQUIRED)
  find_package(SQLite3 REQUIRED)  # the photo library's database
  pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET GLOBAL libutf8proc)  # words in any script
  # The service: Asio and Beast, which are headers alone, TLS, and the walls around its workers.
  find_package(Boost 1.81 REQUIRED)
  find_package(OpenSSL REQUIRED)
  pkg_check_modules(seccomp REQUIRED IMPORTED_TARGET GLOBAL libseccomp)
  add_library(peel_asio INTERFACE)
  target_link_libraries(peel_asio INTERFACE Boost::headers OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
  target_compile_definitions(peel_asio INTERFACE BOOST_ASIO_NO_DEPRECATED)
  # Its mark before each function is what clang 14 cannot copy to the parts of a coroutine.
  if(PEEL_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(peel_asio INTERFACE -fno-sanitize=function)
  endif()
endif()
if(PEEL_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
if(PEEL_BENCH)
  find_package(benchmark REQUIRED)
endif()
unset(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL)

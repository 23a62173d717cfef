# peel_add_library(FOLDER [PROGRAM_ONLY] [DEPS target...]): src/FOLDER becomes the static library peel_FOLDER (slashes as
# underscores). Sources lie in the folder or in sub-folders that are no components themselves:
#   x.cc       the library          x_test.cc   one GoogleTest program for the component
#   x_bench.cc one Google Benchmark program for the component (PEEL_BENCH)
# The objects are also collected in PEEL_OBJECTS, from which libpeel is made; those of PROGRAM_ONLY are not.
add_library(peel_warnings INTERFACE)
# GCC's plain -Wshadow takes a scoped enumerator for a shadow of a global constant.
if(PEEL_WARNINGS)
  target_compile_options(peel_warnings INTERFACE -Wall -Wextra -Wno-psabi
                         $<IF:$<CXX_COMPILER_ID:GNU>,-Wshadow=local,-Wshadow>)
else()
  target_compile_options(peel_warnings INTERFACE -Wno-psabi)
endif()
if(PEEL_SANITIZE)
  add_compile_options(-fsanitize=${PEEL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g1)
  add_link_options(-fsanitize=${PEEL_SANITIZE})
endif()
if(PEEL_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
set_property(GLOBAL PROPERTY PEEL_OBJECTS "")

# Of the folders of operating systems (src/base/os/) those that are not for this one.
set(PEEL_OTHER_SYSTEMS linux posix windows)
if(CMAKE_SYSTEM_NAME STREQUAL "Windows")
  list(REMOVE_ITEM PEEL_OTHER_SYSTEMS windows)
else()
  list(REMOVE_ITEM PEEL_OTHER_SYSTEMS linux posix)
endif()

set(PEEL_COMPONENTS base image codec rectify engine/graph engine/onnx engine/kernels engine/plan
    engine/quantize engine matte pipeline video/media video/matte video library/metadata library/places library/quality
    library/duplicates library/labels library/store library/report library/cleanup library/search library server/http server/fetch server/guard server/telemetry
    server/page server/work server/api server capi)

function(peel_add_library folder)
  cmake_parse_arguments(LIBRARY "PROGRAM_ONLY" "" "DEPS" ${ARGN})
  string(REPLACE "/" "_" name ${folder})
  set(target peel_${name})
  set(dir ${PROJECT_SOURCE_DIR}/src/${folder})
  file(GLOB_RECURSE all CONFIGURE_DEPENDS ${dir}/*.cc)
  foreach(other IN LISTS PEEL_COMPONENTS)
    if(other MATCHES "^${folder}/")
      list(FILTER all EXCLUDE REGEX "^${PROJECT_SOURCE_DIR}/src/${other}/")
    endif()
  endforeach()
  foreach(system IN LISTS PEEL_OTHER_SYSTEMS)
    list(FILTER all EXCLUDE REGEX "/src/base/os/${system}/")
  endforeach()
  set(tests ${all})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(benches ${all})
  list(FILTER benches INCLUDE REGEX "_bench\\.cc$")
  set(sources ${all})
  list(FILTER sources EXCLUDE REGEX "_(test|bench)\\.cc$")

  if(NOT sources)  # no code yet: only its dependencies pass through
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${LIBRARY_DEPS})
  else()
    add_library(${target}_objects OBJECT ${sources})
    target_include_directories(${target}_objects PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(${target}_objects PUBLIC ${LIBRARY_DEPS} PRIVATE peel_warnings)
    # For the program, the tests and the Python module: built where one of them is.
    add_library(${target} STATIC EXCLUDE_FROM_ALL $<TARGET_OBJECTS:${target}_objects>)
    target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(${target} PUBLIC ${LIBRARY_DEPS})
    if(NOT LIBRARY_PROGRAM_ONLY)
      set_property(GLOBAL APPEND PROPERTY PEEL_OBJECTS $<TARGET_OBJECTS:${target}_objects>)
    endif()
  endif()
  if(PEEL_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${target} peel_warnings GTest::gtest_main GTest::gmock)
    # Relative, so that ccache knows the objects of another checkout: tests run in the repository's root.
    target_compile_definitions(${name}_test PRIVATE PEEL_SOURCE_DIR="." PEEL_SHARED_DIR="../shared")
    # One CTest entry a GoogleTest case.
    set(timeout 300)
    if(PEEL_SANITIZE)
      set(timeout 1500)  # code is ten times slower then, and more
    endif()
    gtest_discover_tests(${name}_test TEST_PREFIX ${name}: DISCOVERY_TIMEOUT 60
                         WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
                         PROPERTIES TIMEOUT ${timeout})
  endif()
  if(PEEL_BENCH AND benches)
    add_executable(${name}_bench ${benches})
    target_link_libraries(${name}_bench PRIVATE ${target} peel_warnings benchmark::benchmark_main)
  endif()
endfunction()

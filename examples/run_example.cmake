# Configures, builds and runs one example against an installed tree.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
  message("${out}")
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "exit code ${code}: ${ARGN}")
  endif()
endfunction()

file(REMOVE_RECURSE ${BINARY})
run(${CMAKE_COMMAND} -S ${SOURCE} -B ${BINARY} -G ${GENERATOR} -DCMAKE_BUILD_TYPE=Release
    -DCMAKE_PREFIX_PATH=${STAGE})
run(${CMAKE_COMMAND} --build ${BINARY})
run(${CMAKE_COMMAND} -E chdir ${BINARY} ${CMAKE_CTEST_COMMAND} --output-on-failure)
# Nothing but the C interface is exported.
execute_process(COMMAND nm -D --defined-only ${STAGE}/${LIBDIR}/libpeel.so OUTPUT_VARIABLE symbols)
string(REGEX MATCHALL " [A-Za-z] [^\n]+" symbols "${symbols}")
list(FILTER symbols EXCLUDE REGEX " [A-Za-z] peel_")
if(symbols)
  message(FATAL_ERROR "libpeel.so exports more than its C interface: ${symbols}")
endif()
# pkg-config finds the same library.
set(ENV{PKG_CONFIG_PATH} ${STAGE}/${LIBDIR}/pkgconfig)
run(pkg-config --exists --print-errors peel)

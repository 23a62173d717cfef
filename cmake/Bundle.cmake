# For the archive that runs where nothing is installed: the program looks for its libraries in ../lib, and
# the component Bundle puts them there, with the licence of each. Left to the system are the C and C++
# run-time libraries (an older libstdc++ beside the program would keep it from loading newer libraries of
# the system, such as ONNX Runtime), and libtiff and libheif with libjbig and libx265, which are under the GPL.
set_target_properties(peel_program PROPERTIES INSTALL_RPATH "$ORIGIN/../lib")
# RPATH, not RUNPATH: the libraries' own libraries are to be found there as well.
target_link_options(peel_program PRIVATE LINKER:--disable-new-dtags)

set(bundled "")
foreach(codec IN LISTS PEEL_LAZY_CODECS)
  if(NOT codec STREQUAL "tiff" AND NOT codec STREQUAL "heif")
    string(TOUPPER ${codec} upper)
    list(APPEND bundled ${PEEL_${upper}_LIBRARY})
  endif()
endforeach()
install(CODE "
set(bundle_program \"$<TARGET_FILE:peel_program>\")
set(bundle_libraries \"${bundled}\")
set(bundle_source \"${PROJECT_SOURCE_DIR}\")
include(\"${PROJECT_SOURCE_DIR}/cmake/InstallBundle.cmake\")" COMPONENT Bundle)

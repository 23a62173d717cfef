# Run by CPack before it packs: what every Debian package has under share/doc, and compressed man pages.
# The changelog's date is that of the last commit (or SOURCE_DATE_EPOCH), so that a package can be made again.
function(write_compressed from to)
  execute_process(COMMAND gzip -9nc ${from} OUTPUT_FILE ${to} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(epoch $ENV{SOURCE_DATE_EPOCH})
if(NOT epoch)
  execute_process(COMMAND git -C ${CPACK_PEEL_SOURCE_DIR} log -1 --format=%ct OUTPUT_VARIABLE epoch
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT epoch)
  file(TIMESTAMP ${CPACK_PEEL_SOURCE_DIR}/CHANGELOG.md epoch %s)
endif()
execute_process(COMMAND date -u -R -d @${epoch} OUTPUT_VARIABLE date OUTPUT_STRIP_TRAILING_WHITESPACE)

set(names_Program peel)
set(names_Runtime ${CPACK_PEEL_SONAME})
set(names_Development libpeel-dev)
foreach(component IN ITEMS Program Runtime Development)
  set(name ${names_${component}})
  set(root ${CPACK_TEMPORARY_DIRECTORY}/${component}/usr)
  set(doc ${root}/share/doc/${name})
  file(REMOVE_RECURSE ${root}/share/doc)
  file(MAKE_DIRECTORY ${doc})
  set(packaging ${CPACK_PEEL_SOURCE_DIR}/packaging)
  file(COPY ${packaging}/copyright ${CPACK_PEEL_SOURCE_DIR}/NOTICE DESTINATION ${doc}
       FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  write_compressed(${CPACK_PEEL_SOURCE_DIR}/CHANGELOG.md ${doc}/changelog.gz)
  file(WRITE ${doc}/changelog "peel (${CPACK_PACKAGE_VERSION}-1) unstable; urgency=medium\n\n"
       "  * Version ${CPACK_PACKAGE_VERSION}; changelog.gz says what is new.\n\n"
       " -- ${CPACK_PACKAGE_CONTACT}  ${date}\n")
  write_compressed(${doc}/changelog ${doc}/changelog.Debian.gz)
  file(REMOVE ${doc}/changelog)
  file(GLOB pages ${root}/share/man/man1/*.1)
  foreach(page IN LISTS pages)
    write_compressed(${page} ${page}.gz)
    file(REMOVE ${page})
  endforeach()
  # zsh as Debian has it looks for completions of packages here.
  if(EXISTS ${root}/share/zsh/site-functions)
    file(RENAME ${root}/share/zsh/site-functions ${root}/share/zsh/vendor-completions)
  endif()
endforeach()

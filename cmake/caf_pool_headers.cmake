# Installs what lies directly in caf_pool/, and what that includes in turn: a
# header that no user's file can reach stays at home. Runs at the installation.
#
#   _root    folder of the headers' names
#   _target  folder of the installed ones
#   _absent  backends that this build leaves out

cmake_minimum_required(VERSION 3.25)

file(GLOB _open RELATIVE "${_root}" "${_root}/caf_pool/*.hpp")
foreach(_backend IN LISTS _absent)
  list(REMOVE_ITEM _open "caf_pool/${_backend}.hpp")
endforeach()

set(_known)
while(_open)
  list(POP_FRONT _open _header)
  if(NOT _header IN_LIST _known)
    list(APPEND _known "${_header}")
    file(STRINGS "${_root}/${_header}" _lines
         REGEX "^ *# *include \"caf_pool/[^\"]+\"")
    list(TRANSFORM _lines REPLACE "^[^\"]*\"([^\"]+)\".*$" "\\1")
    list(APPEND _open ${_lines})
  endif()
endwhile()

foreach(_header IN LISTS _known)
  get_filename_component(_folder "${_target}/${_header}" DIRECTORY)
  file(INSTALL "${_root}/${_header}" DESTINATION "${_folder}")
endforeach()

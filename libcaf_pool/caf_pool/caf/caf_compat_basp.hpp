#pragma once

// How CAF's own broker for remote actors is asked to serve a socket, in 0.17
// and 1.x.

#include <caf/all.hpp>

namespace caf_pool {

#ifdef CAF_VERSION_MAJOR
inline constexpr auto basp_name = "BASP";
inline constexpr auto publish_word = caf::publish_atom_v;
inline constexpr auto close_word = caf::close_atom_v;
#else
inline constexpr auto basp_name = caf::atom("BASP");
inline constexpr auto publish_word = caf::publish_atom::value;
inline constexpr auto close_word = caf::close_atom::value;
#endif

} // namespace caf_pool

#include "caf_pool/backend/postgres/pg_words.hpp"

#include "caf_pool/backend/postgres/pg_traits.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

// What is said of a text does not depend on what stands behind it, and every
// call ends.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace caf_pool;
  std::string_view text{reinterpret_cast<const char*>(data), size};
  auto first = pg_first_word(text);
  if (first.size() > size)
    std::abort();
  if (!first.empty() && !pg_has_word(text, first))
    std::abort();
  auto traits = pg_traits_of(text);
  if (traits.names_nothing && traits.may_write)
    std::abort();
  return 0;
}

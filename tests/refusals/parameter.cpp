// Compiled once per type that a parameter cannot have, by check.sh.

#include "caf_pool/core/sql_statement.hpp"

#include <filesystem>
#include <limits>
#include <map>

using namespace caf_pool;

namespace {

enum class color { red };
enum plain_color { green };

struct point {
  int x;
  int y;
};

// Those that can: the value is the argument, whatever that is.
[[maybe_unused]] sql_statement everything_that_works() {
  const auto text = std::string{"text"};
  char letters[]{'a', '\0'};
  return {"SELECT 1",
          {nullptr,
           std::nullopt,
           true,
           static_cast<signed char>(-1),
           static_cast<unsigned char>(1),
           short{1},
           static_cast<unsigned short>(1),
           1,
           1u,
           1l,
           1ul,
           1ll,
           std::numeric_limits<unsigned long long>::max(),
           std::size_t{1},
           1.5f,
           1.5,
           "text",
           letters,
           text,
           std::string_view{text},
           blob{std::byte{1}},
           sql_value{1.5},
           std::optional<int>{1},
           std::optional<unsigned long>{1},
           std::optional<bool>{},
           std::optional<double>{},
           std::optional<std::string>{"text"},
           std::optional<std::string_view>{},
           std::optional<const char*>{},
           std::optional<blob>{}}};
}

#ifdef REFUSED
[[maybe_unused]] sql_statement what_does_not() {
  static int number = 1;
  static_cast<void>(number);
  return {"SELECT $1", {REFUSED}};
}
#endif

} // namespace

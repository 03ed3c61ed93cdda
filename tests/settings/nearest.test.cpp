#include "caf_pool/settings/nearest.hpp"

#include "support/catch_compat.hpp"

#include <array>

using namespace caf_pool;

namespace {

constexpr std::array<std::string_view, 6> keys{
  "path", "synchronous", "foreign_keys", "max_size", "min_size", "wal",
};

} // namespace

TEST_CASE("an edit distance counts edits, swaps included", "[nearest]") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("path", "path") == 0);
  CHECK(edit_distance("path", "pth") == 1);
  CHECK(edit_distance("path", "pathh") == 1);
  CHECK(edit_distance("path", "bath") == 1);
  CHECK(edit_distance("path", "apth") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("Max-Size", "max_size") == 0);
}

TEST_CASE("the nearest word is what a typist meant", "[nearest]") {
  CHECK(nearest("pth", keys) == "path");
  CHECK(nearest("sinchronus", keys) == "synchronous");
  CHECK(nearest("foreignkeys", keys) == "foreign_keys");
  CHECK(nearest("FOREIGN-KEYS", keys) == "foreign_keys");
  CHECK(nearest("wall", keys) == "wal");
  CHECK(nearest("lwa", keys).empty());
}

TEST_CASE("the nearest of several near words wins, then the first",
          "[nearest]") {
  CHECK(nearest("mxx_size", keys) == "max_size");
  CHECK(nearest("mun_size", keys) == "min_size");
  CHECK(nearest("mbx_size", keys) == "max_size");
  CHECK(nearest("mix_size", keys) == "max_size");
}

TEST_CASE("nothing is near to an unrelated, empty or huge word", "[nearest]") {
  CHECK(nearest("password", keys).empty());
  CHECK(nearest("", keys).empty());
  CHECK(nearest("x", keys).empty());
  CHECK(nearest("path", {}).empty());
  CHECK(nearest(std::string(100'000, 'p'), keys).empty());
}

TEST_CASE("a hint names the nearest word or else all", "[nearest]") {
  constexpr std::array<std::string_view, 2> few{"mode", "path"};
  CHECK(hint_for("pth", few) == ", did you mean \"path\"?");
  CHECK(hint_for("nonsense", few) == "; known are mode, path");
  CHECK(hint_for("nonsense", {}) == "; none is known");
}

#include "caf_pool/backend/pg_traits.hpp"

#include "caf_pool/backend/pg_words.hpp"

#include <algorithm>
#include <initializer_list>

namespace caf_pool {

namespace {

bool one_of(std::string_view x, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), x) != words.end();
}

} // namespace

pg_traits pg_traits_of(std::string_view text) {
  auto first = pg_first_word(text);
  pg_traits result;
  // COMMIT PREPARED and ROLLBACK PREPARED end somebody's transaction, too.
  result.commits = one_of(first, {"commit", "end"})
                   || (first == "prepare" && pg_has_word(text, "transaction"))
                   || (first == "rollback" && pg_has_word(text, "prepared"));
  result.begins = one_of(first, {"begin", "start"});
  result.copies = first == "copy";
  result.preparable = one_of(first, {"select", "values", "table", "with",
                                     "insert", "update", "delete", "merge"});
  auto control = one_of(
    first, {"begin", "start", "savepoint", "release", "rollback", "abort", ""});
  result.may_write
    = !control && (!pg_seems_to_read(text) || pg_runs_relation(text));
  result.may_write |= result.commits;
  result.names_nothing = pg_names_nothing(text);
  result.typed = pg_casts_parameters(text);
  return result;
}

} // namespace caf_pool

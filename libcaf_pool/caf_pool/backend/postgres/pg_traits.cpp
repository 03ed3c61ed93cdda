#include "caf_pool/backend/postgres/pg_traits.hpp"

#include "caf_pool/backend/postgres/pg_words.hpp"
#include "caf_pool/core/one_of.hpp"

namespace caf_pool {

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
  result.names_nothing = pg_names_nothing(text);
  auto control = one_of(first, {"begin", "start", "savepoint", "release",
                                "rollback", "abort", "show", ""});
  // Whoever defines an operator, or a function of a name that everybody knows,
  // may write in it.
  result.may_write = result.commits || !(control || result.names_nothing);
  result.typed = pg_casts_parameters(text);
  return result;
}

} // namespace caf_pool

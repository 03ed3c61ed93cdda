#pragma once

#include <string_view>

namespace caf_pool {

/// Tells whether a statement asks that what a transaction did so far lasts:
/// COMMIT, END, PREPARE TRANSACTION, in all their forms.
bool pg_asks_to_commit(std::string_view text);

/// Tells whether a statement that stands alone is one transaction: all of it
/// takes effect, or nothing. Procedures, blocks of code and maintenance may
/// commit on their way, so whatever is not known counts as such.
bool pg_is_one_transaction(std::string_view text);

} // namespace caf_pool
